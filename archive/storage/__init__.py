"""Files and databases that are there whole or not at all, their places, and the lock."""
