"""The settings of a polite crawl. ``-s NAME=VALUE`` overrides each for one crawl."""

import os
from pathlib import Path

from scrapy.utils.conf import closest_scrapy_cfg

BOT_NAME = "finews"
SPIDER_MODULES = ["crawler.spiders"]
# Loads the spiders of these modules, and makes one for each declared source.
SPIDER_LOADER_CLASS = "crawler.spider_loader.DeclaredSpiderLoader"
COMMANDS_MODULE = "crawler.commands"

# The class that stores what a crawl fetches: here in the archive folder below, on this machine.
FINEWS_ARCHIVE_CLASS = "crawler.archive_port.ArchiveInProcess"

# The folder of the archive, and the file with the facts about the sources. The default folder is
# news/ next to scrapy.cfg, in whichever folder of the project a crawl is started.
FINEWS_ARCHIVE = os.environ.get("FINEWS_ARCHIVE") or str(
    Path(closest_scrapy_cfg() or "scrapy.cfg").parent / "news"
)
FINEWS_SOURCES = str(Path(__file__).with_name("sources.toml"))

# The folders with declarations of other sources, one NAME.toml each: those of finews, and your own
# in sources/ next to scrapy.cfg. A file in a later folder replaces one of the same name.
FINEWS_DECLARATIONS = [
    str(Path(__file__).with_name("sources")),
    str(Path(closest_scrapy_cfg() or "scrapy.cfg").parent / "sources"),
]

# The file of watches: what to send to whom after each crawl, see docs/how-to/watch.md. Without
# the file, nothing is sent.
FINEWS_WATCHES = os.environ.get("FINEWS_WATCHES") or str(
    Path(closest_scrapy_cfg() or "scrapy.cfg").parent / "watches.toml"
)

# A CSV file with names of securities (columns code, name, since, until), by which texts without
# mark-up name them, in addition to the names that the archive has learnt from mark-up.
FINEWS_LEXICON = ""

# The function that returns the current time, as a datetime with a time zone.
FINEWS_CLOCK = "archive.clock.utc_now"

# Store every request and response as WARC, under warc/ in the archive.
FINEWS_WARC = True

# Archive the pictures of articles, under media/ in the archive: the most in a crawl, those of the
# newest articles first, and the largest size in bytes. The last setting allows redirects, but only
# to other picture hosts.
FINEWS_MEDIA = os.environ.get("FINEWS_MEDIA") or False
FINEWS_PICTURES = 100
FINEWS_PICTURE_MAXSIZE = 10 * 1024 * 1024
MEDIA_ALLOW_REDIRECTS = True

# How many days the first crawl of Eastmoney's lists goes back; `-a since=` goes further.
FINEWS_FIRST_DAYS = 1

# Limits for a list that does not end: the most pages, the most seconds, and the most pages in a row
# that name nothing new. A crawl that reaches one reports it.
FINEWS_LIST_PAGES = 1000
FINEWS_LIST_SECONDS = 7200
FINEWS_LIST_PAGES_IN_VAIN = 10

# Revisits of archived articles. The next one is due when the time since the last one is this share
# of the article's age; with a half, an article gets six to ten revisits in its first three days.
# Then the days after which revisits end, and the most revisits in a crawl.
FINEWS_INTERVAL_SHARE = 0.5
FINEWS_REVISIT_DAYS = 3
FINEWS_REVISITS = 50
# Where more articles are due than a crawl may revisit: choose those of which earlier revisits let
# expect most edits, by source, media, time of day and whether it is breaking news.
FINEWS_REVISITS_LEARNT = True

# A failed article is tried again at growing intervals, as revisits are. It is given up after this
# many tries.
FINEWS_ATTEMPTS = 10

# The pause, in seconds, for a host that refuses this machine (403, 412, 429, a captcha, connections
# cut in a row) or does not answer. Each further pause is twice as long, up to the second number.
FINEWS_BREAKER_SECONDS = 600
FINEWS_BREAKER_MAX_SECONDS = 6 * 3600
# The longest Retry-After, in seconds, for which a crawl waits.
FINEWS_RETRY_AFTER_MAX_SECONDS = 60

# How many failures in a row mean that a host does not answer; twice as many when it has answered
# before in the same crawl.
FINEWS_SILENT_AFTER_FAILURES = 5

# A list is requested with a condition (If-None-Match, If-Modified-Since), and once in this many
# hours without one: some servers answer 304 ("not modified") to every condition.
FINEWS_UNCONDITIONAL_HOURS = 24

# A batch of articles is written when it has this many, or when its first one has waited this many
# seconds.
FINEWS_BATCH_ARTICLES = 50
FINEWS_BATCH_SECONDS = 0.2

# When another process has locked the archive for more hours than this, a crawl ends with exit
# status 10 instead of 8.
FINEWS_LOCKED_HOURS = 6

# A crawl ends with exit status 6 when more than this share of the requested articles failed, and at
# least this many. Of the articles that `share` names, one failure is enough.
FINEWS_MAX_FAILED_SHARE = 0.1
FINEWS_MIN_FAILURES = 3

# The order in which an article is processed.
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
    "crawler.extensions.archive_session.ArchiveSession": 0,
    "crawler.extensions.circuit_breaker.CircuitBreaker": 0,
    "crawler.extensions.crawl_delay.CrawlDelay": 10,  # after AutoThrottle
    "crawler.extensions.pictures.PictureFetches": 100,
    "crawler.extensions.progress.CrawlProgress": 500,
    "scrapy.extensions.logstats.LogStats": None,  # Progress reports the same, in articles
    # They open ports, and the first takes long to import.
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.telnet.TelnetConsole": None,
}
REQUEST_FINGERPRINTER_CLASS = "crawler.request_meta.ArticleFingerprinter"

# Politeness. Eastmoney bans addresses after a few fast requests.
ROBOTSTXT_OBEY = True
ROBOTSTXT_PARSER = "crawler.robots.GuestRobotParser"  # Scrapy's parser, corrected
# The longest Crawl-delay of a robots.txt, in seconds, that is obeyed; a longer one is logged.
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
# Not 429: a host that answers "too many requests" gets no more requests.
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524, 408]
HTTPERROR_ALLOWED_CODES = [304]

# Safety: limits for what a server can make the crawler do.
# A page that consists of tags only takes 60 times its size of memory while it is parsed.
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {
    "http": "crawler.download_handler.GuestDownloadHandler",
    "https": "crawler.download_handler.GuestDownloadHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),
}

# Switched off, because no source needs it.
COOKIES_ENABLED = False
METAREFRESH_ENABLED = False
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.robots.RobotsMiddleware": 100,  # Scrapy's, corrected
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "crawler.middlewares.offsite.OffsiteMiddleware": 40,  # Scrapy's, corrected
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "crawler.middlewares.redirect.RedirectMiddleware": 600,  # Scrapy's, corrected
    "crawler.middlewares.one_slot.OneSlotMiddleware": 50,
    "crawler.middlewares.conditional.ConditionalMiddleware": 450,
    "crawler.middlewares.circuit_breaker.CircuitBreakerMiddleware": 60,  # before robots.txt
    # Between the middleware that decompresses bodies and the one that retries.
    "crawler.middlewares.circuit_breaker.RefusalMiddleware": 580,
    "crawler.middlewares.traffic.TrafficMiddleware": 990,
    # Closer to the network than decompression, so that captures contain the bytes that were sent.
    "crawler.middlewares.capture.CaptureMiddleware": 995,
}

# Scrapy starts this many tasks for every response. With 100, its default, a fast crawl fetches 0.82
# of the pages a second (measured in November 2026).
CONCURRENT_ITEMS = 8

# A warning for authors of spiders. For it Scrapy reads the source of a callback with most of its
# responses, which costs 0.03 of a crawl's CPU time.
WARN_ON_GENERATOR_RETURN_VALUE = False

FEED_EXPORT_ENCODING = "utf-8"
LOG_LEVEL = "INFO"
LOG_VERSIONS: list[str] = []
# Show the progress of a crawl on a terminal in one line, which is updated, instead of log lines.
FINEWS_PROGRESS_LINE = True
