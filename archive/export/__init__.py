"""Export an archive: as records, a Jekyll site, Atom feeds, or a WACZ file."""
