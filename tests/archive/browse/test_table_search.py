"""A plain Datasette, without the dress, as ``datasette catalog.db`` starts it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from archive.archive import Archive


def answer_of(database: Path, table: str, **parameters: str) -> Any:
    """What Datasette's command answers for a page of a table."""
    address = f"/{database.stem}/{table}.json?{urlencode(parameters | {'_size': 'max'})}"
    command = [sys.executable, "-m", "datasette", str(database), "--get", address]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


def codes(answer: Any) -> set[str]:
    place = answer["columns"].index("info_code")
    return {row[place] for row in answer["rows"]}


@pytest.mark.parametrize("query", ["央", "央行", "央行 后市", '"央行降准"', "A股三"])
def test_its_search_box_finds_what_ours_does(news: Path, query: str) -> None:
    with Archive(news) as archive:
        expected = {str(hit.info_code) for hit in archive.search(query, limit=100)}
    assert expected
    assert codes(answer_of(news / "catalog.db", "posts", _search=query)) == expected


def test_it_shows_a_search_box_and_what_was_asked(news: Path) -> None:
    command = [sys.executable, "-m", "datasette", str(news / "catalog.db"), "--get"]
    page = subprocess.run(
        [*command, "/catalog/posts?_search=%E5%A4%AE%E8%A1%8C"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert 'type="search" name="_search" value="央行"' in page


def test_posts_of_another_database_are_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database, database:
        database.execute("CREATE TABLE posts (info_code TEXT, title TEXT)")
        database.execute("INSERT INTO posts VALUES ('x', '央行')")
        database.execute("CREATE VIRTUAL TABLE posts_fts USING fts5(title, content=[posts])")
        database.execute("INSERT INTO posts_fts (posts_fts) VALUES ('rebuild')")
    assert codes(answer_of(other, "posts", _search="央行")) == {"x"}
    assert codes(answer_of(other, "posts", _search="nothing")) == set()
