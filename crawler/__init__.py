"""Goes out and gets articles: spiders choose requests, page objects read responses."""
