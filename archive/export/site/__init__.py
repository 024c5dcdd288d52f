"""Export an archive as a Jekyll site or as Atom feeds, files in a folder."""
