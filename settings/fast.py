"""The settings of a crawl of one's own site, where nobody has to be spared."""

from settings.base import *  # noqa: F403

DOWNLOAD_DELAY = 0
AUTOTHROTTLE_ENABLED = False
CONCURRENT_REQUESTS_PER_DOMAIN = 16
