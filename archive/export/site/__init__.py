"""The archive for readers elsewhere: a Jekyll site and Atom feeds, as files in a folder."""
