"""The settings of a worker of a cluster: `settings.base`, without an archive of its own."""

import os
from pathlib import Path

from scrapy.utils.conf import closest_scrapy_cfg

from settings.base import *  # noqa: F403

# Articles are sent to the one machine that writes the archive, through the broker FINEWS_BROKER.
FINEWS_ARCHIVE_CLASS = "cluster.remote_archive.RemoteArchive"

# The file with the ids of all archived articles, for all crawls of this machine. Crawls fill it.
FINEWS_KNOWN = os.environ.get("FINEWS_KNOWN") or str(
    Path(closest_scrapy_cfg() or "scrapy.cfg").parent / "known.db"
)

# How many seconds a crawl waits for the writer, which answers when it has written all earlier
# batches.
FINEWS_WRITER_TIMEOUT_SECONDS = 300

# Each message costs a commit at the broker and a commit on the writer's disk, so batches are
# larger.
FINEWS_BATCH_SECONDS = 2.0

# After this many seconds a crawl ends by itself and stores what is in flight. Its job waits for its
# next turn behind those of its host family that have waited meanwhile. So no source blocks a worker
# or a family for the others, and the broker does not treat the job as lost.
CLOSESPIDER_TIMEOUT = 1200
