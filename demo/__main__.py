"""`python -m demo`: the real crawler, let loose on the made-up site with both of its spiders.

`python -m demo serve` only serves it, for a crawl from another terminal.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from demo.articles import SHANGHAI
from demo.exchange import LoggedRequest
from demo.faults import Fault, parse_fault
from demo.mirror import MIRROR_HOST
from demo.replica import Replica
from demo.site import MadeUpSite, made_up_site

ROOT = Path(__file__).resolve().parent.parent

_NO_DELAYS = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_START_DELAY=0")
_POST_PATH = re.compile(r"/\d{4}/\d{2}/\d{2}/[^/]+\.html$")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is the crawl's."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        site = made_up_site(articles=options.articles, seed=options.seed)
        faults = [_fault(text, site) for text in options.fault]
    except ValueError as error:
        parser.exit(2, f"demo: {error}\n")
    try:
        with Replica(site.sites, faults=faults, port=options.port) as replica:
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
    """Both spiders; the exit status of the first that fails."""
    kept = {name: value for name, value in os.environ.items() if not _is_proxy(name)}
    environment = {"FINEWS_ARCHIVE": str(ROOT / "news-demo"), **kept, **replica.environment}
    statuses = []
    for crawl in _crawls(site):
        command = (sys.executable, *crawl)
        statuses.append(_ended(subprocess.Popen(command, cwd=ROOT, env=environment)))  # noqa: S603
        print(flush=True)
    fetches = _article_fetches(replica.requests)
    archive = environment["FINEWS_ARCHIVE"]
    print(f"In this run the made-up site saw {fetches} article fetches.", flush=True)
    print("Run it again: what is in the archive is not fetched twice.")
    print(f"To look at the archive: make browse ARCHIVE={shlex.quote(archive)}")
    return next(filter(None, statuses), 0)


def _crawls(site: MadeUpSite) -> Iterator[Sequence[str]]:
    """What Python is to run: first the mirror, then Eastmoney's lists, which know more."""
    age = datetime.now(SHANGHAI) - site.articles[0].published
    for crawl in (("finews",), ("eastmoney", "-s", f"FINEWS_FIRST_DAYS={age.days + 1}")):
        yield ("-m", "scrapy", "crawl", *crawl, *_NO_DELAYS)


def _is_proxy(name: str) -> bool:
    return name.lower().endswith("_proxy")


def _ended(child: subprocess.Popen[bytes]) -> int:
    """Wait for the crawl; its exit status, as a shell would tell it."""
    while True:
        try:
            status = child.wait()
        except KeyboardInterrupt:
            continue  # the crawl has had the same Ctrl-C and is ending by itself
        return status if status >= 0 else 128 - status


def _article_fetches(requests: Iterable[LoggedRequest]) -> int:
    """How many requests were for an article: pages of it, and calls of the APIs that have it."""
    return sum(
        entry.request.path.endswith("/GetNewsText.do")
        or entry.request.path.startswith(("/a/", "/kuaixun/v2/api/article/"))
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
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
