"""The command ``finews crawl``."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings
from scrapy.utils.log import install_scrapy_root_handler
from scrapy.utils.misc import load_object
from scrapy.utils.project import get_project_settings

from archive.commands.arguments import FOLDER
from archive.errors import FinewsError
from archive.translation import gettext as _
from crawler.archive_port import LocalArchive, archive_class
from crawler.exit_status import ExitStatus, Verdict
from crawler.running.call import (
    WrongCall,
    check_arguments,
    check_project,
    spider_class_of,
    status_of,
)
from crawler.running.garbage import collect_garbage_less_often
from crawler.running.notices import notify_of_crawls
from crawler.running.plan import Source, due_sources, sources_of
from crawler.running.project import argument_option, project_settings, setting_option
from crawler.running.report import INTERRUPTED, print_result, print_verdict, verdict_on_all
from crawler.running.several import CrawlResult, SeveralCrawls
from crawler.settings_check import check_settings
from crawler.sources import Sources
from crawler.spider_loader import DeclaredSpiderLoader

#: Size in bytes at which the log in the archive begins anew.
_MAX_LOG_BYTES = 5_000_000


@click.command()
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Crawl all sources, due or not.")
@argument_option
@click.option("--archive", type=FOLDER, help="Folder of the archive.")
@click.option(
    "--log",
    metavar="FILE",
    help="File of the log, - for standard error; without it, crawl.log in the archive.",
)
@setting_option
def crawl(
    names: tuple[str, ...],
    everything: bool,
    arguments: dict[str, str],
    archive: Path | None,
    log: str | None,
    settings: dict[str, str],
) -> None:
    """Crawl each SOURCE, or all sources that are due.

    A source is due when the interval in its declaration has passed since its last crawl. Sources
    are crawled at the same time, but those of one host family one after another. Where a source
    gives no news, its fallback is crawled, too.

    The last lines are the verdicts: one on each source, and one on all. The exit status is the
    worst of them; docs/reference/exit-statuses.md has the order.
    """
    if names and everything:
        raise click.UsageError("Name sources or --all, not both.")
    if arguments and len(names) != 1:
        raise click.UsageError("Arguments (-a) are for one source; name that one.")
    if archive is not None:
        settings["FINEWS_ARCHIVE"] = str(archive)
    if log is not None:
        settings["LOG_FILE"] = "" if log == "-" else log
    used = get_project_settings()
    try:
        check_project(used)
        used = project_settings(settings)
        check_settings(used)
        status = _crawl(names, everything, arguments, used)
    except FinewsError as error:
        status = status_of(error, used)
        verdict = Verdict(status, str(error))
        print_verdict(verdict)
        notify_of_crawls(used, {}, refused=verdict)
    sys.exit(status)


def _crawl(
    names: tuple[str, ...], everything: bool, arguments: dict[str, str], settings: Settings
) -> ExitStatus:
    """Crawl, print the verdicts, and return the exit status.

    :raises FinewsError: when the crawls cannot begin.
    """
    facts = Sources.load(Path(settings["FINEWS_SOURCES"]))
    kind = archive_class(settings)
    if not issubclass(kind, LocalArchive):
        raise WrongCall("finews crawl needs an archive on this machine; see docs/cluster.md.")
    settings.set("LOG_INSTALL_ROOT_HANDLER", False, "cmdline")  # its file may be in the archive
    process = AsyncCrawlerProcess(settings)
    loader = process.spider_loader
    if not isinstance(loader, DeclaredSpiderLoader):
        raise WrongCall(
            f"finews crawl needs a DeclaredSpiderLoader as SPIDER_LOADER_CLASS, not "
            f"{settings['SPIDER_LOADER_CLASS']}."
        )
    sources = sources_of(loader, facts)
    broken = {name: loader.broken[name] for name in loader.broken.keys() - sources.keys()}
    for name in names:
        if name not in broken:
            check_arguments(spider_class_of(loader, name), arguments, facts)
    with closing(kind.of(settings)) as archive:
        log = _begin_log(settings)
        chosen = [sources[name] for name in names or sources if name in sources]
        now: datetime = load_object(settings["FINEWS_CLOCK"])()
        last = archive.last_crawls(but=ExitStatus.INTERRUPTED)
        due = chosen if names or everything else due_sources(chosen, last, now)
        crawls = SeveralCrawls(process, sources, dict.fromkeys(names, arguments))
        if due:
            collect_garbage_less_often()
            crawls.run(source.name for source in due)
    results = {source.name: CrawlResult(INTERRUPTED) for source in due} | crawls.results
    for name in sorted(broken.keys() & names if names else broken):
        results[name] = CrawlResult(Verdict(ExitStatus.WRONG_ARGUMENTS, str(broken[name])))
    if not results:
        verdict = Verdict(ExitStatus.DONE, _none_is_due(chosen, last, now))
    else:
        verdict = verdict_on_all({name: result.verdict for name, result in results.items()})
    for name, result in results.items():
        print_result(name, result.verdict, result.counts)
    print(f"finews: {kind.whereabouts(settings)}")
    if log:
        place = _("The log is %(log)s", log=log)
        print(f"finews: {place}", flush=True)
    if len(results) != 1:  # the verdict on one source is printed already
        print_verdict(verdict)
    notify_of_crawls(settings, {name: result.verdict for name, result in results.items()})
    return verdict.status


def _begin_log(settings: Settings) -> str:
    """Send the log to its file; return the path, which is empty for standard error.

    A log in the archive begins anew when the last one is large; one older log remains.
    """
    if settings["LOG_FILE"] is None:
        path = Path(settings["FINEWS_ARCHIVE"]) / "crawl.log"
        if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
            path.replace(path.with_name("crawl.log.1"))
        settings.set("LOG_FILE", str(path), "cmdline")
    install_scrapy_root_handler(settings)
    return str(settings["LOG_FILE"])


def _none_is_due(sources: Sequence[Source], last: Mapping[str, datetime], now: datetime) -> str:
    """Return a sentence with the source that is due next."""
    if not sources:
        return _("No source is due.")
    following = min(sources, key=lambda source: source.due_at(last))
    minutes = max(round((following.due_at(last) - now).total_seconds() / 60), 1)
    return _(
        "No source is due; %(name)s is the next, in %(minutes)s min.",
        name=following.name,
        minutes=minutes,
    )
