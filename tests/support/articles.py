"""An article, its post, and what an archive holds after it is stored."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode

CODE = InfoCode("NW202112292230175548")

ARTICLE = Article(
    info_code=CODE,
    title="标题",
    published=datetime(2021, 12, 29, 17, 34, 39, tzinfo=SHANGHAI),
    body='<p>央行<a data-code="1,600160">巨化股份</a></p><img src="http://x/1.jpg">',
    body_source=BodySource.SHARE_API,
    link=f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={CODE}",
    category="jingjiguanchawang",
    tag="经济观察网新闻",
    media="经济观察网",
    addresses=("http://api/", "http://page/"),
)

MIRRORED = replace(ARTICLE, body="<p>mirror</p>", body_source=BodySource.MIRROR)

POST = "_posts/2021/12/2021-12-29-NW202112292230175548.md"

FIRST_VERSION = "revisions/2021/12/2021-12-29-NW202112292230175548.1.md"


class Clock:
    """A clock that advances by an hour at each call."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now


def rows(folder: Path, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        catalog.row_factory = sqlite3.Row
        return [dict(row) for row in catalog.execute(sql)]


def files(folder: Path) -> dict[str, bytes]:
    """Return path → bytes of all files except the catalog, the lock and the captures."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.parent not in {folder, folder / "warc"}
    }


class Killed(BaseException):
    """Stands for SIGKILL between two steps."""


def kill(*_: object, **__: object) -> None:
    raise Killed
