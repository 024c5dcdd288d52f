"""`finews browse` reads the catalog that is there now."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from archive.archive import Archive
from archive.browse.cache import Cache
from archive.browse.site import Site
from archive.integrity.rebuild import rebuild
from tests.archive.browse.conftest import article

NEW = "NW202112309000000001"
Visit = Callable[..., httpx.Response]


def test_a_catalog_that_was_replaced_is_read_at_once(
    visit: Visit, site: Site, news: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.cache = Cache(news / "catalog.db", fresh_seconds=0.0)
    before = visit("/catalog/posts.json?_size=0").json()["filtered_table_rows_count"]
    assert visit("/").status_code == 200
    for file in news.glob("catalog.db*"):
        file.unlink()
    for path in ("/", "/news", "/news.atom", "/catalog/posts", "/catalog", "/media"):
        gone = visit(path)
        assert gone.status_code == 503, path
        assert "现在读不到存档的目录" in gone.text
    assert "Traceback" not in capsys.readouterr().err
    assert not (news / "catalog.db").exists()
    rebuild(news)
    with Archive(news) as archive:
        archive.add(article(NEW, title="在新的目录里"))
    assert visit("/catalog/posts.json?_size=0").json()["filtered_table_rows_count"] == before + 1
    for path in ("/", "/news", "/news.atom", f"/catalog/posts/{NEW}"):
        assert "在新的目录里" in visit(path).text, path
