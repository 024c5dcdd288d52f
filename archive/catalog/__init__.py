"""The catalog: one SQLite file that lists every post. It is a projection of the files."""
