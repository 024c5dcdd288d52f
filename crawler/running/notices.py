"""Send the notices of watches behind crawls."""

from collections.abc import Mapping
from pathlib import Path

from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object

from archive.watches import CRAWL, REFUSED, Failure, notify
from crawler.archive_port import LocalArchive, archive_class
from crawler.exit_status import ExitStatus, Verdict


def notify_of_crawls(
    settings: BaseSettings, verdicts: Mapping[str, Verdict], refused: Verdict | None = None
) -> None:
    """Send what the crawls of some sources brought, and which of them failed.

    In a cluster, the machine with the archive sends it.

    :param verdicts: by the names of the sources.
    :param refused: why no crawl could begin.
    """
    watches = settings.get("FINEWS_WATCHES")
    if not watches or not issubclass(archive_class(settings), LocalArchive):
        return
    outcomes = {CRAWL + name: _failure(verdict, name) for name, verdict in verdicts.items()}
    outcomes[REFUSED] = _failure(refused, "finews crawl") if refused else None
    clock = load_object(settings["FINEWS_CLOCK"])
    notify(Path(settings["FINEWS_ARCHIVE"]), Path(watches), outcomes, clock)


def _failure(verdict: Verdict, name: str) -> Failure | None:
    if verdict.status is ExitStatus.DONE:
        return None
    return Failure(verdict.status.name, f"{name}: {verdict.sentence}")
