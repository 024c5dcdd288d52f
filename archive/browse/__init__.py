"""The face of an archive: Datasette, dressed for reading Chinese news."""
