"""What the tests share: the sample site, replicas of sites, and crawls as users start them."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from demo.replica import Replica, Site, folder_site, share_api_site
from tests.support import fork_server

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "settings" / "sources.toml"
SAMPLES = Path(__file__).parent / "samples"
MIRROR = "finews.withounder.com"
SHARE_HOSTS = ("finews.zning.xyz", "choicewzp1.eastmoney.com", "app.jg.eastmoney.com")
# The same examples in every run, so that a failure is of what was changed; `make nightly` looks for
# others. How long an example takes says more of who else uses the machine than of the code.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.register_profile("random", deadline=None, max_examples=200)
hypothesis.settings.load_profile("same")

# A script's background process, as of `nohup make test &`, is started with SIGINT and SIGHUP
# ignored, and so would be all that tests start and interrupt. What is handled here has its default
# there.
signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)

_PATH = os.environ["PATH"]
_LONGEST = {"deploy", "faults", "test_demo.py", "test_docs.py"}
FINEWS = (sys.executable, "-m", "archive.cli")
NO_DELAYS = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_START_DELAY=0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those first that take longest: as the last they would leave the other cores idle."""
    items.sort(key=lambda item: _LONGEST.isdisjoint(item.path.parts))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start twice as many processes as there are cores: half of the time, tests wait."""
    return (os.cpu_count() or 1) * 2


@pytest.fixture(autouse=True, scope="module")
def _requested_programs() -> Iterator[None]:
    """Hide the programs again that tests of this module have requested."""
    yield
    os.environ["PATH"] = _PATH


@pytest.fixture(autouse=True)
def _settings_module() -> None:
    """Forget the settings that another test has read: Scrapy exports their name to all children."""
    os.environ.pop("SCRAPY_SETTINGS_MODULE", None)


@pytest.fixture(scope="session")
def sample_posts() -> dict[str, bytes]:
    """File name → bytes of the posts that a right crawl of the sample site ends with."""
    return {path.name: path.read_bytes() for path in (SAMPLES / "posts").iterdir()}


@pytest.fixture(scope="session")
def sample_answers() -> dict[str, bytes]:
    """InfoCode → answer of the share API."""
    return {path.stem: path.read_bytes() for path in (SAMPLES / "share_api").iterdir()}


@pytest.fixture
def sample_sites(sample_answers: dict[str, bytes]) -> Mapping[str, Site]:
    """The sample site under its real names."""
    share = share_api_site(sample_answers)
    return {MIRROR: folder_site(SAMPLES / "site"), **dict.fromkeys(SHARE_HOSTS, share)}


@pytest.fixture
def replica(sample_sites: Mapping[str, Site]) -> Iterator[Replica]:
    """The sample site, served."""
    with Replica(sample_sites) as replica:
        yield replica


@dataclass(frozen=True)
class Ended:
    """A crawl that has ended."""

    status: int
    output: str
    log: str


Crawl = Callable[..., Ended]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Where crawls of this test archive."""
    return tmp_path / "news"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the project's sources file, which a test may change."""
    return Path(shutil.copy(SOURCES, tmp_path))


def crawl_with(replica: Replica, archive: Path, sources: Path = SOURCES) -> Crawl:
    """What runs `scrapy crawl` against a replica, in a process of its own."""

    def run(
        *arguments: str,
        spider: str = "finews",
        site: str | None = f"http://{MIRROR}/",
        **environment: str,
    ) -> Ended:
        start = ("-a", f"site={site}") if site and spider == "finews" else ()
        start = ("-s", f"FINEWS_SOURCES={sources}", *start)
        ended = fork_server.run(
            (sys.executable, "-m", "scrapy", "crawl", spider, *start, *NO_DELAYS, *arguments),
            env={
                **os.environ,
                **replica.environment,
                "FINEWS_ARCHIVE": str(archive),
                **environment,
            },
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def crawl(replica: Replica, archive: Path, sources: Path) -> Crawl:
    """Run `scrapy crawl` against the replica, in a process of its own."""
    return crawl_with(replica, archive, sources)


def posts_in(archive: Path) -> dict[str, bytes]:
    """File name → bytes of the posts of an archive."""
    return {path.name: path.read_bytes() for path in (archive / "_posts").rglob("*.md")}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-golden` writes the expected outputs anew, to be read in the diff."""
    parser.addoption("--write-golden", action="store_true")
