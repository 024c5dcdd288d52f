"""The settings of a crawl of one's own site, where nobody has to be spared."""

from settings.base import *  # noqa: F403

# Waiting, which is all that a crawl otherwise does: a delay of 10 ms leaves 0.20 of the pages a
# second, AutoThrottle 0.63 (`python -m bench.fast_settings`).
DOWNLOAD_DELAY = 0
AUTOTHROTTLE_ENABLED = False

# As many as Scrapy has under way in all. A site that answers at once is crawled as fast with 1, 4,
# 8 and 32: 1.00, 1.00, 1.00 and 0.98 of the pages a second. It stays so with n under way as long as
# an answer takes less than n / 373 of a second: 43 ms with 16.
CONCURRENT_REQUESTS_PER_DOMAIN = 16

# The archive is written by a process beside the crawl, on the second core: all in one process gives
# 0.65 of the pages a second, for 1.24 of the processor's time.
FINEWS_ARCHIVE_CLASS = "crawler.keeper.ArchiveInSubprocess"
