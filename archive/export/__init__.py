"""The archive for readers elsewhere: records, a Jekyll site, feeds, a WACZ."""
