"""What a run commits to git, and which refs it moves."""
