"""The settings of a crawl of one's own site, where nobody has to be spared.

Measured with `bench.bare_spider` on two cores, 1,400 pages, the least time of the processor in
four rounds; with the settings of `settings.base` it is 1. What is not here made no difference:
uvloop 0.99, CONCURRENT_ITEMS of 2 1.00 (and of 100 1.35, which `settings.base` has done away
with), without robots.txt 1.02, without the spider middlewares that nothing needs 1.01, without
four of the downloader's 0.94. Batches of 400 articles instead of 50 take 0.93 of
the catalog's time.
"""

from settings.base import *  # noqa: F403

# Waiting, which is all that a crawl otherwise does: one page a second.
DOWNLOAD_DELAY = 0
AUTOTHROTTLE_ENABLED = False
# As many as Scrapy has under way in all.
CONCURRENT_REQUESTS_PER_DOMAIN = 16
# Compressing, hashing and indexing on the second core.
FINEWS_KEEPER = "crawler.keeper.ArchiveBeside"
