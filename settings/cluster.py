"""A worker of a cluster: crawls as `settings.base` does, and has no archive of its own."""

import os
from pathlib import Path

from scrapy.utils.conf import closest_scrapy_cfg

from settings.base import *  # noqa: F403

# Articles go to the one machine that writes the archive, through the broker FINEWS_BROKER.
FINEWS_ARCHIVE_CLASS = "cluster.elsewhere.RemoteArchive"

# What the archive has, as codes, for all crawls of this machine. It fills by itself.
FINEWS_KNOWN = os.environ.get("FINEWS_KNOWN") or str(
    Path(closest_scrapy_cfg() or "scrapy.cfg").parent / "known.db"
)

# How long a crawl waits for the writer, which answers when it has written all that came before.
FINEWS_WRITER_TIMEOUT_SECONDS = 300

# A message costs the broker and the writer's disk a commit each: let them be larger.
FINEWS_BATCH_SECONDS = 2.0

# After so long a crawl ends by itself, stores what is in flight, and its job goes back to the end
# of the queue: no source keeps a worker from the others, and no broker takes the job for lost.
CLOSESPIDER_TIMEOUT = 1200
