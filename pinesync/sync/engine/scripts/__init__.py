"""What happens to a script as a whole: renamed, deleted, or moved in the workspace."""
