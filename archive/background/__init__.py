"""An archive that a process of its own writes, beside the crawl."""
