"""Use cases about whole scripts: move, rename, delete, start from a template."""
