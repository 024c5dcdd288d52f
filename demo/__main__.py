"""Crawl the made-up web with the real crawler: `python -m demo`.

Both spiders crawl the made-up site, and two declared sources follow. `finews sources add` writes
the declaration of one of them.

`python -m demo serve` only serves the site, for a crawl from another terminal.
"""

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from demo.adverts import with_adverts
from demo.article_page import PAGE_HOST
from demo.articles import SHANGHAI
from demo.exchange import LoggedRequest, Site
from demo.faults import Fault, parse_fault
from demo.mirror import MIRROR_HOST
from demo.publishers import CAIXUN_HOST, CAIXUN_LIST, DECLARATIONS, made_up_publishers
from demo.replica import Replica
from demo.site import LaterSite, MadeUpSite, later, made_up_site

ROOT = Path(__file__).resolve().parent.parent

_NO_DELAYS = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_START_DELAY=0")
_SCRAPY_CRAWL = ("-m", "scrapy", "crawl")
# The settings fetch every archived article again, however old and however lately fetched.
_REVISIT_ALL = (
    *(*_SCRAPY_CRAWL, "finews", *_NO_DELAYS),
    *("-s", "FINEWS_REVISIT_DAYS=36500"),
    *("-s", "FINEWS_INTERVAL_SHARE=0"),
    *("-s", "FINEWS_REVISITS=1000"),
)
_FINEWS = ("-m", "archive.cli")
#: The most articles of each of the made-up publishers.
_MOST_PUBLISHED = 40
_POST_PATH = re.compile(r"/\d{4}/\d{2}/\d{2}/[^/]+\.html$")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status of the crawl."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        site = made_up_site(articles=options.articles, seed=options.seed)
        faults = [_fault(text, site) for text in options.fault]
    except ValueError as error:
        parser.exit(2, f"demo: {error}\n")
    try:
        with Replica(_web(site), faults=faults, port=options.port) as replica:
            return _serve(replica) if options.action == "serve" else _crawl(replica, site)
    except OSError as error:
        parser.exit(1, f"demo: cannot serve on port {options.port}: {error.strerror}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("action", nargs="?", choices=("crawl", "serve"), default="crawl")
    parser.add_argument("--port", type=int, default=0, help="port on loopback (default: any free)")
    parser.add_argument("--articles", type=int, default=150, metavar="N")
    parser.add_argument("--seed", type=int, default=3060, metavar="N")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="HOST[/PATH]=WAY[:VALUE][*TIMES]",
        help="fail on demand, such as finews.zning.xyz=status:503 (may be repeated)",
    )
    return parser


def _fault(text: str, site: MadeUpSite) -> Fault:
    fault = parse_fault(text)
    if fault.host != "*" and fault.host not in site.sites:
        known = ", ".join(site.sites)
        raise ValueError(f"the fault {text!r} is for a host that is not here: {known}")
    return fault


def _crawl(replica: Replica, site: MadeUpSite) -> int:
    """Run both spiders and crawl the declared sources, then the first again on the changed site.

    Return the exit status of the first crawl that fails. The site changes only after crawls that
    fetched articles, so that a second demo on one archive fetches nothing.
    """
    kept = {name: value for name, value in os.environ.items() if not _is_proxy(name)}
    environment = {"FINEWS_ARCHIVE": str(ROOT / "news-demo"), **kept, **replica.environment}
    archive = environment["FINEWS_ARCHIVE"]
    added = Path(f"{archive}-sources")
    statuses = [_run(crawl, environment) for crawl in _crawls(site, added)]
    fetches = _article_fetches(replica.requests)
    print(f"The made-up site received {fetches} requests for articles.", flush=True)
    if fetches and not any(statuses):
        statuses.append(_crawl_changed(replica, later(site), environment))
    print("Another run of the demo does not fetch archived articles again.")
    print(f"To browse the archive: make browse ARCHIVE={shlex.quote(archive)}")
    return next(filter(None, statuses), 0)


def _crawl_changed(replica: Replica, changed: LaterSite, environment: Mapping[str, str]) -> int:
    """Serve the changed site and fetch every article again; return the crawl's exit status."""
    replica.sites |= _web(changed.site)
    print("The made-up site now corrects one article and withdraws another.\n", flush=True)
    status = _run(_REVISIT_ALL, environment)
    if status == 0:
        archive = environment["FINEWS_ARCHIVE"]
        corrected, withdrawn = changed.corrected, changed.withdrawn
        name = f"{corrected.published:%Y/%m}/{corrected.file_name.removesuffix('.md')}"
        old, new = f"{archive}/revisions/{name}.1.md", f"{archive}/_posts/{name}.md"
        print(f"Corrected: {corrected.info_code} {corrected.title}")
        print(f"  {shlex.join(('diff', old, new))}")
        print(f"Withdrawn: {withdrawn.info_code} {withdrawn.title}")
        rows = ("rows", f"{archive}/catalog.db", "posts", "-c", "info_code", "-c", "gone")
        print(f"  {shlex.join(('.venv/bin/sqlite-utils', *rows, '--where', 'gone IS NOT NULL'))}")
    return status


def _run(crawl: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a crawl to its end; return its exit status."""
    command = (sys.executable, *crawl)
    status = _ended(subprocess.Popen(command, cwd=ROOT, env=environment))  # noqa: S603
    print(flush=True)
    return status


def _crawls(site: MadeUpSite, added: Path) -> Iterator[Sequence[str]]:
    """Yield the arguments of Python for each crawl.

    They are of the mirror and Eastmoney's longer lists, then of two declared sources, one of which
    is added first, but only once.

    :param added: the folder of the declaration that is added.
    """
    for crawl in (("finews",), ("eastmoney", *_days_of(site))):
        yield (*_SCRAPY_CRAWL, *crawl, *_NO_DELAYS)
    if not (added / "caixun.toml").exists():
        yield (*_FINEWS, "sources", "add", CAIXUN_LIST, "--to", str(added), *_NO_DELAYS)
    folders = f"FINEWS_DECLARATIONS={DECLARATIONS},{added}"
    crawl = (*_FINEWS, "crawl", "caixun", "kuaibao", "-s", folders, "-s", "LOG_LEVEL=WARNING")
    yield (*crawl, *_days_of(site), *_NO_DELAYS)


def _days_of(site: MadeUpSite) -> Sequence[str]:
    """Return the setting with which a first crawl goes back to the oldest article."""
    age = datetime.now(SHANGHAI) - site.articles[0].published
    return ("-s", f"FINEWS_FIRST_DAYS={age.days + 1}")


def _web(site: MadeUpSite) -> Mapping[str, Site]:
    count = min(len(site.articles), _MOST_PUBLISHED)
    publishers = made_up_publishers(articles=count, built=site.built)
    return {
        **publishers.sites,
        **site.sites,
        PAGE_HOST: with_adverts(site.sites[PAGE_HOST]),
    }


def _is_proxy(name: str) -> bool:
    return name.lower().endswith("_proxy")


def _end_by_signals() -> None:
    """Stop the server and the crawl on SIGTERM, SIGHUP and SIGINT.

    SIGINT is set too, because background jobs of a script ignore it by default. Under `nohup`
    SIGHUP stays ignored.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _end)


def _end(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


def _ended(child: subprocess.Popen[bytes]) -> int:
    """Wait for the crawl; return its exit status, 128 plus the number of a signal that ended it."""
    while True:
        try:
            status = child.wait()
        except KeyboardInterrupt:
            continue  # the crawl has received the same Ctrl-C, and ends
        except SystemExit:
            child.terminate()
            child.wait()
            raise
        return status if status >= 0 else 128 - status


def _article_fetches(requests: Iterable[LoggedRequest]) -> int:
    """Return the number of requests for articles: for their pages and from the APIs."""
    return sum(
        entry.request.path.endswith("/GetNewsText.do")
        or entry.request.path.startswith(("/a/", "/kuaixun/v2/api/article/"))
        or (entry.request.host == CAIXUN_HOST and "/cx-" in entry.request.path)
        or (entry.request.host == MIRROR_HOST and _POST_PATH.search(entry.request.path) is not None)
        for entry in requests
    )


def _serve(replica: Replica) -> int:
    print(f"The made-up site is served by the proxy {replica.proxy_url} (Ctrl-C ends it).")
    print("To crawl it:")
    variables = [f"{name}={shlex.quote(value)}" for name, value in replica.environment.items()]
    print(f"  {' '.join(variables)} scrapy crawl finews", flush=True)
    try:
        threading.Event().wait()
    except (KeyboardInterrupt, SystemExit):
        print()
    return 0


if __name__ == "__main__":
    _end_by_signals()
    sys.exit(main())
