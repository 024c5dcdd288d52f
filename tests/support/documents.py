"""Read the commands in the docs, and copy the project to run them."""

import re
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from archive.article import SHANGHAI
from demo.article_api import ARTICLE_API_HOST
from demo.article_page import PAGE_HOST
from demo.articles import MIN_ARTICLES
from demo.eastmoney import LISTAPI_HOST, WEBLIST_HOST
from demo.publishers import made_up_publishers
from demo.replica import Answer, Request, Site, folder_site, share_api_site
from demo.site import made_up_site
from tests.conftest import MIRROR, ROOT, SAMPLES, SHARE_HOSTS

DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
#: The documents in Chinese, each with the English one that it follows.
ENGLISH = {
    ROOT / "README.zh.md": ROOT / "README.md",
    **{
        path: ROOT / "docs" / path.relative_to(ROOT / "docs" / "zh")
        for path in (ROOT / "docs" / "zh").rglob("*.md")
    },
}
#: Documents with commands that set up a machine.
OPERATING, CLUSTER = SETTING_UP = ROOT / "docs" / "operating.md", ROOT / "docs" / "cluster.md"
#: Files whose first comment has the commands that start containers.
CONTAINERS = tuple(
    ROOT / "deploy" / name for name in ("Containerfile", "compose.yaml", "compose-cluster.yaml")
)
#: Files with commands in their comments.
WITH_COMMENTS = sorted(
    path
    for pattern in ("deploy/*", "settings/*.*", "mkdocs.yml", "Makefile", ".ci/run")
    for path in ROOT.glob(pattern)
)
BLOCK = re.compile(r"^( *)```console\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
#: The programs of the commands that set up a machine.
FOR_ROOT = (
    r"(?:useradd|git|python3|chown|chmod|crontab|systemctl|journalctl|docker|apt-get|rabbitmqctl"
    r"|runuser|cd|cp|mv|mkdir|sed|tail|curl|rsync|logrotate|finews|\.venv/bin/\w+)"
)
#: Files in the project's folder that are no part of it.
_NOT_OURS = (
    ".git",
    ".venv",
    ".hypothesis",
    "__pycache__",
    "*cache",
    "*.egg-info",
    "build",
    "dist",
    "logs",
    "news",
    "news-*",
)
#: Articles of a made-up publisher, which crawls request one a second.
_PUBLISHED = 8
#: Eastmoney's host of article pages.
_PAGE = ROOT / "tests" / "golden" / "answers" / "ArticlePage-NW20261122234700000004.html"


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def commands(document: Path) -> list[str]:
    """Return the commands of a document's `console` blocks."""
    blocks = BLOCK.findall(document.read_text(encoding="utf-8"))
    lines = [line.strip() for _, block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), "a block shows commands, not what they say"
    return [line.removeprefix("$ ") for line in lines]


def sections(document: Path) -> dict[str, str]:
    """Return the text below each heading."""
    found = document.read_text(encoding="utf-8").split("\n## ")[1:]
    return {heading: text for heading, _, text in (section.partition("\n") for section in found)}


def at_the_head(file: Path) -> list[str]:
    """Return the commands in the comment at the beginning of a file."""
    (head,) = re.findall(r"\A(?:#.*\n)+", file.read_text(encoding="utf-8"))
    return [str(line) for line in re.findall(r"^# {5}(.+)$", head, re.MULTILINE)]


def for_root(text: str) -> list[str]:
    """Return the indented commands of a document, which set up a machine."""
    return [str(line) for line in re.findall(rf"^ {{4}}({FOR_ROOT} .*)$", text, re.MULTILINE)]


def sample_internet() -> dict[str, Site]:
    """Return the sites for all requests of the crawler, by host."""
    answers = {path.stem: path.read_bytes() for path in (SAMPLES / "share_api").iterdir()}
    share = share_api_site(answers)
    eastmoney = made_up_site(articles=MIN_ARTICLES, built=datetime.now(SHANGHAI)).sites
    publishers = made_up_publishers(articles=_PUBLISHED, built=datetime.now(SHANGHAI)).sites
    return {
        **publishers,
        **{host: eastmoney[host] for host in (ARTICLE_API_HOST, WEBLIST_HOST)},
        LISTAPI_HOST: lambda request: eastmoney[LISTAPI_HOST](_with_a_made_up_security(request)),
        PAGE_HOST: lambda request: Answer(body=_PAGE.read_bytes()),
        MIRROR: folder_site(SAMPLES / "site"),
        **dict.fromkeys(SHARE_HOSTS, share),
    }


def _with_a_made_up_security(request: Request) -> Request:
    """Replace the real security in a command by a made-up one, which made-up articles name."""
    return replace(request, query=request.query.replace("1.600519", "1.699901"))


def copy_of_the_project(copy: Path) -> None:
    """Copy the project, with settings for crawls without delays."""
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*_NOT_OURS))
    for path, there, here in (
        ("crawler/spiders/eastmoney.py", '"DOWNLOAD_DELAY": 2.0', '"DOWNLOAD_DELAY": 0'),
        ("settings/base.py", "DOWNLOAD_DELAY = 1.0", "DOWNLOAD_DELAY = 0"),
        ("settings/base.py", "AUTOTHROTTLE_ENABLED = True", "AUTOTHROTTLE_ENABLED = False"),
    ):
        text = (copy / path).read_text(encoding="utf-8")
        assert there in text
        (copy / path).write_text(text.replace(there, here), encoding="utf-8")
