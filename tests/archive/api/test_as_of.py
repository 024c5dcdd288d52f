"""An answer as of a time is the answer of the archive of that time: nothing leaks from later."""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from archive.api.endpoints import ENDPOINTS
from archive.api.opened import OpenedArchive
from archive.archive import Archive
from archive.article_id import ArticleId
from archive.errors import FinewsError
from archive.integrity.rebuild import rebuild_as_of
from archive.search import register
from archive.storage import connect_read_only, open_catalog
from tests.archive.browse.conftest import STOCK, article

START = datetime(2021, 12, 29, 10, tzinfo=UTC)
CODES = [f"NW2021122990000000{number:02d}" for number in range(6)]
RENAMED = STOCK.replace("巨化股份", "巨化新材")
BANK = {"title": "银行公告", "body": f"<p>{STOCK}公告。</p>", "media": "财联社"}
#: What happens in each hour: an article is stored, or found again; found gone (None); or a list
#: names securities of it.
HISTORY: Sequence[tuple[str, dict[str, Any] | list[str] | None]] = (
    (CODES[0], {"title": "央行降准", "body": "<p>降准0.5个百分点。</p>"}),
    (CODES[1], BANK),
    (CODES[0], {"title": "央行降准", "body": "<p>降准0.25个百分点。</p>"}),
    (CODES[1], None),
    (CODES[2], {"title": "降准之后", "body": "<p>巨化股份上涨。</p>"}),
    (CODES[1], BANK),
    (CODES[2], {"title": "降准之后", "body": f"<p>{STOCK}上涨。</p>"}),
    (CODES[3], {"title": "银行业", "body": "<p>降准0.25个百分点。</p>", "media": "新媒体"}),
    (CODES[0], None),
    (CODES[4], {"title": "改名", "body": f"<p>{RENAMED}公告。</p>"}),
    (CODES[3], ["1.600519"]),
)
QUESTIONS: Sequence[tuple[str, dict[str, Any]]] = (
    ("search", {"total": True}),
    ("search", {"q": "降准", "sort": "relevance"}),
    ("search", {"q": "降准", "sort": "fresh"}),
    ("search", {"q": "0.25", "limit": 1}),
    ("search", {"q": "versions:all 降准"}),
    ("search", {"security": "1.600160", "total": True}),
    *(("article", {"id": code}) for code in CODES[:4]),
    *(("article", {"id": code, "body": "html"}) for code in CODES[:4]),
    *(("versions", {"id": code}) for code in CODES[:4]),
    ("changes", {"limit": 100}),
    ("changes", {"security": "1.600160"}),
    ("securities", {"q": "巨化股份"}),
    ("securities", {"q": "600160"}),
    ("securities", {"q": "巨化新材"}),
    ("search", {"q": "security:巨化新材"}),
    ("search", {"q": "jhxc"}),
    ("security", {"code": "1.600160", "by": "day"}),
    ("media", {}),
    ("day", {"day": "2021-12-29"}),
    ("sources", {}),
    ("quotes", {"text": "降准0.25个百分点"}),
    ("quotes", {"text": "降准0.5个百分点"}),
)
FUNCTIONS = {endpoint.name: endpoint for endpoint in ENDPOINTS}


def archive_after(folder: Path, hours: int, minutes: Sequence[int] = (60,)) -> Path:
    """An archive in which the first events have happened.

    :param minutes: after each event, in turn.
    """
    now = START
    with Archive(folder, clock=lambda: now) as archive:
        for (code, facts), pause in zip(HISTORY[:hours], cycle(minutes), strict=False):
            if facts is None:
                archive.mark_gone(ArticleId(code))
            elif isinstance(facts, list):
                archive.mark_listed(ArticleId(code), facts)
            else:
                archive.add(article(code, **facts))
            now += timedelta(minutes=pause)
    return folder


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The archive after each number of hours."""
    root = tmp_path_factory.mktemp("archives")
    return [archive_after(root / str(hours), hours) for hours in range(1, len(HISTORY) + 1)]


def answers(
    folder: Path, as_of: datetime, catalog: sqlite3.Connection | None = None
) -> Iterator[str]:
    """Yield the answers of an archive, or of another catalog of it."""
    with nullcontext(catalog) if catalog else closing(open_catalog(folder)) as connection:
        for name, given in QUESTIONS:
            endpoint = FUNCTIONS[name]
            parameters = endpoint.parameters.model_validate({**given, "as_of": as_of})
            try:
                answer = endpoint.function(OpenedArchive(folder, connection), parameters)
            except FinewsError as error:
                yield f"{name} {given}: {error}"
            else:
                shown = json.dumps(answer.model_dump(mode="json"), ensure_ascii=False, indent=1)
                yield f"{name} {given}: {shown}"


def test_a_clock_that_went_back_leaks_nothing(tmp_path: Path) -> None:
    folder = archive_after(tmp_path / "news", len(HISTORY), [7, -90, 50, 0, 61])
    with closing(open_catalog(folder)) as catalog:
        times = {time for (time,) in catalog.execute("SELECT known_from FROM post_history")}
    for time in sorted(times):
        place = tmp_path / f"{time}.db"
        rebuild_as_of(folder, place, time)
        with closing(connect_read_only(place)) as then:
            register(then)
            of_then = [*answers(folder, datetime.fromisoformat(time), then)]
        of_now = [*answers(folder, datetime.fromisoformat(time))]
        assert [*map(without_cursors, of_now)] == [*map(without_cursors, of_then)]


def without_cursors(answer: str) -> str:
    """Return an answer without its cursors, which have no gaps in a catalog of then."""
    return re.sub(r'"(cursor|next)": .*', "", answer)


@pytest.mark.parametrize("hours", range(1, len(HISTORY) + 1))
def test_the_last_archive_answers_as_the_one_of_then(archives: list[Path], hours: int) -> None:
    then = START + timedelta(hours=hours - 1, minutes=30)
    assert list(answers(archives[-1], then)) == list(answers(archives[hours - 1], then))
