"""How finews runs: Scrapy settings modules, and the facts about the sources."""
