"""What a new article does to the archive: its version, its commit, its journal."""
