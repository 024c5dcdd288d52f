"""The settings of a good guest. ``-s NAME=VALUE`` overrides each for one crawl."""

import os
from pathlib import Path

from scrapy.utils.conf import closest_scrapy_cfg

BOT_NAME = "finews"
SPIDER_MODULES = ["crawler.spiders"]
COMMANDS_MODULE = "crawler.commands"

# What keeps what a crawl brings: the archive folder below, on this machine.
FINEWS_ARCHIVE_CLASS = "crawler.keeper.ArchiveInProcess"

# Where the archive is and what the crawler knows of the sources. The default lies beside
# scrapy.cfg, wherever in the project a crawl is started.
FINEWS_ARCHIVE = os.environ.get("FINEWS_ARCHIVE") or str(
    Path(closest_scrapy_cfg() or "scrapy.cfg").parent / "news"
)
FINEWS_SOURCES = str(Path(__file__).with_name("sources.toml"))

# Tells the time, aware.
FINEWS_CLOCK = "archive.archive.utc_now"

# Keep every request and response as WARC, under warc/ in the archive.
FINEWS_WARC = True

# Keep the articles' pictures, under media/ in the archive: at most so many in a crawl, the newest
# articles' first, and none of more bytes than this. The last says that they may be redirected,
# which is to other hosts of pictures only.
FINEWS_MEDIA = os.environ.get("FINEWS_MEDIA") or False
FINEWS_PICTURES = 100
FINEWS_PICTURE_MAXSIZE = 10 * 1024 * 1024
MEDIA_ALLOW_REDIRECTS = True

# The first crawl of Eastmoney's lists goes back so far; `-a since=` goes further.
FINEWS_FIRST_DAYS = 1

# A list that leads on and on is left after so many pages, after so long, and after so many pages in
# a row that name nothing new; the crawl then says so.
FINEWS_LIST_PAGES = 1000
FINEWS_LIST_SECONDS = 7200
FINEWS_LIST_PAGES_IN_VAIN = 10

# Looks at archived articles again: the next one when half of the article's age has gone by since
# the last, which makes six to ten in the first three days; at most so many in a crawl.
FINEWS_INTERVAL_SHARE = 0.5
FINEWS_REVISIT_DAYS = 3
FINEWS_REVISITS = 50

# An article that failed is tried again, ever more rarely, as looks are; after so many tries it is
# given up.
FINEWS_ATTEMPTS = 10

# A host that refuses this machine (403, 429, a captcha, connections cut in a row) or gives no
# answer is not asked for so long, then for twice as long each time, up to the second number.
FINEWS_BREAKER_SECONDS = 600
FINEWS_BREAKER_MAX_SECONDS = 6 * 3600
# A Retry-After of up to this is waited for within the crawl.
FINEWS_RETRY_AFTER_MAX_SECONDS = 60

# A host that fails so many times in a row gives no answer, or twice as many where it has answered
# before in the same crawl.
FINEWS_SILENT_AFTER_FAILURES = 5

# A list is asked for conditionally, and once in so many hours without: some servers answer 304
# ("not modified") to every condition.
FINEWS_UNCONDITIONAL_HOURS = 24

# A batch of articles is written when it is full or when its first one has waited this long.
FINEWS_BATCH_ARTICLES = 50
FINEWS_BATCH_SECONDS = 0.2

# A crawl that another process has kept from the archive for longer reports so, with exit status 10.
FINEWS_LOCKED_HOURS = 6

# A crawl that fails for more than this share of the articles that it asked for, and for so many at
# least, says so: exit status 6. For articles that `share` names, one is enough.
FINEWS_MAX_FAILED_SHARE = 0.1
FINEWS_MIN_FAILURES = 3

# The way of an article.
ITEM_PIPELINES = {
    "crawler.pipelines.pictures.PicturePipeline": 50,  # articles pass
    "crawler.pipelines.normalise.NormalisePipeline": 100,
    "crawler.pipelines.deduplicate.DeduplicatePipeline": 200,
    "crawler.pipelines.store.StorePipeline": 300,
}
SPIDER_MIDDLEWARES = {
    "crawler.middlewares.page_errors.PageErrorMiddleware": 60,
    "crawler.middlewares.archived.ArchivedMiddleware": 950,
}
EXTENSIONS = {
    "crawler.extensions.open_archive.OpenArchive": 0,
    "crawler.extensions.circuit_breaker.CircuitBreaker": 0,
    "crawler.extensions.crawl_delay.CrawlDelay": 10,  # after AutoThrottle
    "crawler.extensions.pictures.Pictures": 100,
    "crawler.extensions.progress.Progress": 500,
    "scrapy.extensions.logstats.LogStats": None,  # Progress says the same in articles
}
REQUEST_FINGERPRINTER_CLASS = "crawler.fingerprint.ArticleFingerprinter"

# Manners. Eastmoney bans addresses after a few fast calls.
ROBOTSTXT_OBEY = True
ROBOTSTXT_PARSER = "crawler.robots.GuestRobotParser"  # Scrapy's own, mended
# The longest Crawl-delay of a robots.txt that is obeyed; a longer one is logged.
FINEWS_CRAWL_DELAY_MAX_SECONDS = 30
USER_AGENT = "finews/0.1 (news archive; Scrapy)"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/json;q=0.9,application/atom+xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",
}
CONCURRENT_REQUESTS_PER_DOMAIN = 1
FINEWS_ONE_SLOT = False
DOWNLOAD_DELAY = 1.0
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
DOWNLOAD_TIMEOUT = 30
REDIRECT_MAX_TIMES = 5
# Not 429: who says "too many requests" is not asked twice more.
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524, 408]
HTTPERROR_ALLOWED_CODES = [304]

# Safety: limits on what a server can make us do, and nothing that listens.
# A page that is nothing but tags takes 60 times its size of memory while it is read.
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {
    "http": "crawler.download_handler.GuestDownloadHandler",
    "https": "crawler.download_handler.GuestDownloadHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),
}
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# What no source needs.
COOKIES_ENABLED = False
METAREFRESH_ENABLED = False
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.robots.RobotsMiddleware": 100,  # Scrapy's own, mended
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "crawler.middlewares.offsite.OffsiteMiddleware": 40,  # likewise
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "crawler.middlewares.redirect.RedirectMiddleware": 600,  # likewise
    "crawler.middlewares.one_slot.OneSlotMiddleware": 50,
    "crawler.middlewares.conditional.ConditionalMiddleware": 450,
    "crawler.middlewares.circuit_breaker.CircuitBreakerMiddleware": 60,  # before robots.txt
    # Between the one that decompresses bodies and the one that retries.
    "crawler.middlewares.circuit_breaker.RefusalMiddleware": 580,
    "crawler.middlewares.traffic.TrafficMiddleware": 990,
    # Behind the one that decompresses bodies, so that captures hold what was sent.
    "crawler.middlewares.capture.CaptureMiddleware": 995,
}

# Scrapy starts this many tasks for every response; 100, its default, gives a fast crawl 0.82 of the
# pages a second (`python -m bench.fast_settings`).
CONCURRENT_ITEMS = 8

# A warning for who writes spiders, for which Scrapy reads the source of a callback with most of its
# answers: 0.03 of a crawl's time of the processor.
WARN_ON_GENERATOR_RETURN_VALUE = False

FEED_EXPORT_ENCODING = "utf-8"
LOG_LEVEL = "INFO"
LOG_VERSIONS: list[str] = []
