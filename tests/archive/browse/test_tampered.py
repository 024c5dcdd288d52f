"""Rows that somebody has changed: a page without what they hide, and no file of another place."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from archive.browse.plugin import open_site
from archive.search.index import register
from tests.archive.browse.conftest import REVISED


def visit_changed(news: Path, tmp_path: Path, sql: str, value: object, page: str) -> httpx.Response:
    folder = tmp_path / "news"
    shutil.copytree(news, folder)
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog, catalog:
        register(catalog, {})
        assert catalog.execute(sql, [value, REVISED]).rowcount
    with closing(open_site(folder)) as site:
        return asyncio.run(site.client.get(page))


@pytest.mark.parametrize("path", ["", "/etc/passwd", "catalog.db", "_posts/\0.md", "../x.md", b"x"])
@pytest.mark.parametrize("page", ["", "/changes", "/versions/3"])
def test_a_path_where_no_post_can_be(
    news: Path, tmp_path: Path, path: str | bytes, page: str
) -> None:
    sql = "UPDATE posts SET path = ? WHERE info_code = ?"
    answer = visit_changed(news, tmp_path, sql, path, f"/catalog/posts/{REVISED}{page}")
    assert answer.status_code == (404 if page.startswith("/versions") else 200)
    assert "root:" not in answer.text
    assert "SQLite format" not in answer.text


@pytest.mark.parametrize("captures", ["[{}]", "[", "{}", '[{"url": 1}]'])
def test_captures_that_are_none(news: Path, tmp_path: Path, captures: str) -> None:
    sql = "UPDATE posts SET captures = ? WHERE info_code = ?"
    answer = visit_changed(news, tmp_path, sql, captures, f"/catalog/posts/{REVISED}")
    assert answer.status_code == 200
