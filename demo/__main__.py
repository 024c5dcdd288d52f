"""Crawl the made-up web with the real crawler: `finews demo`, or `python -m demo`.

Both spiders crawl the made-up site, and two declared sources follow. `finews sources add` writes
the declaration of one of them.

`finews demo serve` only serves the site, for a crawl from another terminal.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import click

from archive.translation import gettext as _
from archive.translation import language_of_environment, set_language
from demo.adverts import with_adverts
from demo.article_page import PAGE_HOST
from demo.articles import SHANGHAI
from demo.exchange import LoggedRequest, Site
from demo.faults import Fault, parse_fault
from demo.mirror import MIRROR_HOST
from demo.publishers import CAIXUN_HOST, CAIXUN_LIST, DECLARATIONS, made_up_publishers
from demo.replica import Replica
from demo.site import LaterSite, MadeUpSite, later, made_up_site

_FINEWS = (sys.executable, "-P", "-m", "archive.cli")
_NO_DELAYS = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_START_DELAY=0")
# The settings fetch every archived article again, however old and however lately fetched.
_REVISIT_ALL = (
    *("crawl", "finews", *_NO_DELAYS),
    *("-s", "FINEWS_REVISIT_DAYS=36500"),
    *("-s", "FINEWS_INTERVAL_SHARE=0"),
    *("-s", "FINEWS_REVISITS=1000"),
)
#: The most articles of each of the made-up publishers.
_MOST_PUBLISHED = 40
_POST_PATH = re.compile(r"/\d{4}/\d{2}/\d{2}/[^/]+\.html$")
#: Lines on a source in what `finews crawl` prints: its counts, then its verdict.
_OF_SOURCE = re.compile(r"^finews: ((\w+): .*)$", re.MULTILINE)


class _CannotServe(click.ClickException):
    """The made-up site cannot be served on the port."""


class _WrongArgument(click.ClickException):
    exit_code = 2


@click.command()
@click.argument("action", type=click.Choice(["crawl", "serve"]), default="crawl")
@click.option("--port", type=int, default=0, help="Port on loopback; any free one by default.")
@click.option("--articles", type=int, default=150, show_default=True, help="Number of articles.")
@click.option("--seed", type=int, default=3060, show_default=True, help="Another seed, other news.")
@click.option(
    "--fault",
    "wanted",
    multiple=True,
    metavar="HOST[/PATH]=WAY[:VALUE][*TIMES]",
    help="Fail on demand, such as finews.zning.xyz=status:503; may be repeated.",
)
def main(action: str, port: int, articles: int, seed: int, wanted: tuple[str, ...]) -> None:
    """Crawl a made-up web into the archive news-demo, or only serve it.

    The real crawler crawls a news site and two publishers, which this command serves on this
    machine. What their articles say is made up, also of real companies. Then one article is
    corrected and two are withdrawn, of which one returns; two more crawls record this. The
    environment variable FINEWS_ARCHIVE names another archive.
    """
    try:
        site = made_up_site(articles=articles, seed=seed, odd=False)
        faults = [_fault(text, site) for text in wanted]
    except ValueError as error:
        raise _WrongArgument(str(error)) from None
    with _ended_by_signals():
        try:
            with Replica(_web(site), faults=faults, port=port) as replica:
                status = _serve(replica) if action == "serve" else crawl(replica, site)
        except OSError as error:
            raise _CannotServe(f"Could not serve on port {port}: {error.strerror}.") from error
    sys.exit(status)


def _fault(text: str, site: MadeUpSite) -> Fault:
    fault = parse_fault(text)
    if fault.host != "*" and fault.host not in site.sites:
        known = ", ".join(site.sites)
        raise ValueError(f"the fault {text!r} is for a host that is not here: {known}")
    return fault


def crawl(replica: Replica, site: MadeUpSite, program: Sequence[str] = _FINEWS) -> int:
    """Run both spiders and crawl the declared sources, then the first again on the changed site.

    The site changes only after crawls that fetched articles, so that a second demo on one archive
    fetches nothing.

    :param program: the command `finews`.
    :returns: the exit status of the first crawl that failed; 0 when none did.
    """
    kept = {name: value for name, value in os.environ.items() if not _is_proxy(name)}
    environment = {
        "FINEWS_ARCHIVE": "news-demo",
        "FINEWS_MEDIA": "1",
        **kept,
        **replica.environment,
        "SCRAPY_SETTINGS_MODULE": "settings.base",  # in any folder
    }
    archive = environment["FINEWS_ARCHIVE"]
    added = Path(f"{archive}-sources")
    print(_("The real crawler crawls a made-up web, which is served on this machine:"), flush=True)
    run = partial(_run, program, environment)
    statuses = [run(command) for command in _crawls(site, added)]
    fetches = _article_fetches(replica.requests)
    changed = later(site) if fetches and not any(statuses) else None
    if changed:
        print(_("The made-up site now corrects one article and withdraws two:"), flush=True)
        replica.sites |= _web(changed.before_return)
        statuses.append(run(_REVISIT_ALL))
        print(_("One of the two returns:"), flush=True)
        replica.sites |= _web(changed.site)
        statuses.append(run(_REVISIT_ALL))
    print(_("The made-up site received %(fetches)s requests for articles.", fetches=fetches))
    print()
    _explain(archive, changed if not any(statuses) else None)
    return next(filter(None, statuses), 0)


def _explain(archive: str, changed: LaterSite | None) -> None:
    """Print what can be done with the archive.

    :param changed: the site after its last change, where that change was crawled just now.
    """
    folder, finews = shlex.quote(archive), _program()
    if changed:
        corrected, withdrawn = changed.corrected, changed.withdrawn
        name = f"{corrected.published:%Y/%m}/{corrected.file_name.removesuffix('.md')}"
        old, new = f"{archive}/revisions/{name}.1.md", f"{archive}/_posts/{name}.md"
        print(_("Corrected:"), corrected.info_code, corrected.title)
        print(f"  {shlex.join(('diff', old, new))}")
        print(_("Withdrawn:"), withdrawn.info_code, withdrawn.title)
        print(f"  {finews} search gone:{datetime.now(SHANGHAI):%Y-%m} {folder}")
        print(_("Returned:"), changed.returned.info_code, changed.returned.title)
        print(_("All that the archive learnt, in that order, with the words that changed:"))
        print(f"  {finews} export changes {folder}")
    print(
        _(
            "The archive is %(folder)s; another run of the demo fetches no archived article again.",
            folder=folder,
        )
    )
    print(_("Read it in a web browser:"))
    print(f"  {finews} browse {folder} --port 0")
    print(
        _("Search it, in simplified or traditional characters, by code or by initials in pinyin:")
    )
    for query in ("央行", "600519", "gzmt"):
        print(f"  {finews} search {query} {folder}")


def _program() -> str:
    """Return the command `finews` of this environment, as it can be typed here."""
    program = Path(sys.executable).with_name("finews")
    if program.is_relative_to(Path.cwd()):
        program = program.relative_to(Path.cwd())
    return shlex.quote(str(program))


def _run(program: Sequence[str], environment: Mapping[str, str], command: Sequence[str]) -> int:
    """Run a command of `finews` to its end; return its exit status.

    A crawl that is done shows its counts only, any other command nothing.
    """
    child = subprocess.Popen(  # noqa: S603 (a command of ours)
        (*program, *command),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    status, output = _ended(child)
    counts: dict[str, str] = {}
    for line, source in _OF_SOURCE.findall(output):
        counts.setdefault(source, line)
    shown = list(counts.values()) if status == 0 else output.splitlines()
    if command[0] == "sources" and status == 0:
        shown = [_("%(address)s is declared by `finews sources add`.", address=command[2])]
    for line in shown:
        print(f"  {line}", flush=True)
    return status


def _crawls(site: MadeUpSite, added: Path) -> Iterator[Sequence[str]]:
    """Yield the arguments of `finews` for each crawl.

    They are of the mirror and Eastmoney's longer lists, then of two declared sources, one of which
    is added first, but only once, and only with the package that reads articles of any page.

    :param added: the folder of the declaration that is added.
    """
    yield ("crawl", "finews", *_NO_DELAYS)
    yield ("crawl", "eastmoney", *_days_of(site), *_NO_DELAYS)
    if not find_spec("trafilatura"):
        left_out = _("caixun is left out: finews is installed without its extra `extraction`.")
        print(f"  {left_out}")
    elif not (added / "caixun.toml").exists():
        yield ("sources", "add", CAIXUN_LIST, "--to", str(added), *_NO_DELAYS)
    folders = f"FINEWS_DECLARATIONS={DECLARATIONS},{added}"
    names = ("caixun", "kuaibao") if (added / "caixun.toml").exists() else ("kuaibao",)
    yield ("crawl", *names, "-s", folders, *_days_of(site), *_NO_DELAYS)


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


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Stop the server and the crawl on SIGTERM, SIGHUP and SIGINT.

    SIGINT is set too, because background jobs of a script ignore it by default. Under `nohup`
    SIGHUP stays ignored.
    """
    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: _end}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        handlers[signal.SIGHUP] = _end
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


def _ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a command; return its exit status and its output.

    The status is 128 plus the number of a signal that ended it.
    """
    while True:
        try:
            output = child.communicate()[0]
        except KeyboardInterrupt:
            continue  # the command has received the same Ctrl-C, and ends
        except SystemExit:
            child.terminate()
            child.wait()
            raise
        status = child.returncode
        return (status if status >= 0 else 128 - status), output


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
    proxy = replica.proxy_url
    print(_("The made-up site is served by the proxy %(proxy)s (Ctrl-C ends it).", proxy=proxy))
    print(_("To crawl it:"))
    variables = [f"{name}={shlex.quote(value)}" for name, value in replica.environment.items()]
    print(f"  {' '.join(variables)} finews crawl finews", flush=True)
    try:
        threading.Event().wait()
    except (KeyboardInterrupt, SystemExit):
        print()
    return 0


if __name__ == "__main__":
    set_language(language_of_environment(os.environ))
    main(prog_name="python -m demo")
