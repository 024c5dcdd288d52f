"""Write the archive in a subprocess, so that the crawl does not wait for it."""
