"""The feeds: valid by RFC 4287, and with the whole history by RFC 5005."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin

import feedparser
import pytest
from lxml import etree

from archive.archive import Archive
from archive.export.site.jekyll import choose_posts, publish_feed
from archive.search.query import EVERYTHING, Query
from tests.archive.export.site.conftest import ORIGINAL
from tests.conftest import SAMPLES
from tests.support.feeds import NAMES
from tests.support.hostile_articles import hostile_articles

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))


def export_feed(archive: Path, folder: Path) -> None:
    published = choose_posts(archive, EVERYTHING, title="金融消息", address=ORIGINAL, version="1")
    publish_feed(published, folder)


@pytest.mark.parametrize(
    ("query", "days", "name"),
    [
        (EVERYTHING, None, "feed []"),
        (Query(q="央行", media="财联社"), None, "feed [('media', '财联社'), ('query', '央行')]"),
        (
            Query(since="2026-11-23", until="2026-12"),
            7,
            "feed [('days', '7'), ('until', '2026-12')]",
        ),
    ],
)
def test_a_feed_keeps_its_name(
    sample_archive: Path, query: Query, days: int | None, name: str
) -> None:
    published = choose_posts(
        sample_archive, query, title="金融消息", address=ORIGINAL, version="1", days=days
    )
    assert published.name == name


def documents(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.xml"))


def link(feed: etree._ElementTree, relation: str) -> str | None:
    found = feed.xpath(f"/a:feed/a:link[@rel='{relation}']/@href", namespaces=NAMES)
    assert len(found) <= 1
    return str(found[0]) if found else None


def history(folder: Path) -> Iterator[etree._ElementTree]:
    """The feed and its archived pages, found as a reader finds them: by their links."""
    address: str | None = urljoin(ORIGINAL, "feed.xml")
    while address is not None:
        feed = etree.parse(folder / address.removeprefix(ORIGINAL))
        assert link(feed, "self") == address
        yield feed
        address = link(feed, "prev-archive")


@pytest.fixture(scope="module")
def hostile_feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Feeds of everything that a post can hold, over several days."""
    folder = tmp_path_factory.mktemp("feed")
    now = datetime(2021, 12, 29, 4, tzinfo=UTC)
    with Archive(folder / "news", clock=lambda: now) as archive:
        for article in hostile_articles():
            now += timedelta(minutes=1)
            archive.add(article)
    export_feed(folder / "news", folder / "feed")
    return folder / "feed"


@pytest.fixture(params=["samples", "hostile"])
def feeds(request: pytest.FixtureRequest, sample_source: Path, hostile_feed: Path) -> Path:
    return sample_source if request.param == "samples" else hostile_feed


def feed_documents(folder: Path) -> list[Path]:
    return [folder / "feed.xml", *sorted((folder / "feed").glob("*.xml"))]


def test_every_document_is_what_the_rfc_demands(feeds: Path) -> None:
    assert len(feed_documents(feeds)) >= 3
    for path in feed_documents(feeds):
        feed = etree.parse(path)
        assert SCHEMA.validate(feed), f"{path}: {SCHEMA.error_log}"
        ids = feed.xpath("//a:entry/a:id/text()", namespaces=NAMES)
        assert len(set(ids)) == len(ids)
        relations = feed.xpath("/a:feed/a:link/@rel", namespaces=NAMES)
        assert len(set(relations)) == len(relations)
        for entry in feed.xpath("//a:entry", namespaces=NAMES):
            assert len(entry.xpath("a:link[@rel='alternate']", namespaces=NAMES)) == 1
            assert entry.findtext("a:content", "", NAMES).endswith(">返回首页</a></p>")


def test_the_schema_would_refuse(feeds: Path) -> None:
    for xpath in ("//a:feed/a:id", "//a:entry[1]/a:updated", "//a:entry[1]/a:author/a:name"):
        feed = etree.parse(feeds / "feed.xml")
        (element,) = feed.xpath(xpath, namespaces=NAMES)
        element.getparent().remove(element)
        assert not SCHEMA.validate(feed), xpath


def test_a_reader_of_feeds_takes_them(feeds: Path) -> None:
    for path in feed_documents(feeds):
        read = feedparser.parse(path.read_bytes())
        assert not read.bozo, read.get("bozo_exception")
        assert read.version == "atom10"
        for entry in read.entries:
            assert entry.link.startswith(ORIGINAL)
            assert entry.published_parsed
            assert entry.content[0].type == "text/html"


def test_the_archived_pages_are_the_whole_history(sample_source: Path) -> None:
    feed, *pages = history(sample_source)
    assert feed.find("fh:archive", NAMES) is None
    assert len(pages) == 2
    days = []
    entries: set[str] = set()
    for page in pages:
        assert page.find("fh:archive", NAMES) is not None
        assert link(page, "current") == urljoin(ORIGINAL, "feed.xml")
        assert page.findtext("a:id", namespaces=NAMES) == feed.findtext("a:id", namespaces=NAMES)
        published = page.xpath("//a:entry/a:published/text()", namespaces=NAMES)
        assert published == sorted(published, reverse=True)
        (day,) = {str(time)[:10] for time in published}
        days.append(day)
        entries |= set(page.xpath("//a:entry/a:id/text()", namespaces=NAMES))
    assert days == sorted(days, reverse=True)
    assert len(entries) == len(
        {path.stem.removeprefix("NW")[-18:] for path in (SAMPLES / "posts").iterdir()}
    )
    assert link(pages[-1], "next-archive") == link(pages[0], "self")
    assert link(pages[0], "next-archive") is None


def test_the_feed_has_what_came_last(tmp_path: Path) -> None:
    now = datetime(2021, 12, 30, tzinfo=UTC)
    articles = list(hostile_articles())
    with Archive(tmp_path / "news", clock=lambda: now) as archive:
        archive.add_many(articles[:-1])
        now += timedelta(hours=1)
        archive.add(articles[-1])
    export_feed(tmp_path / "news", tmp_path / "feed")
    feed = etree.parse(tmp_path / "feed" / "feed.xml")
    entries = feed.xpath("//a:entry", namespaces=NAMES)
    assert len(entries) == 30
    assert articles[-1].info_code in entries[0].find("a:link", NAMES).get("href")
    assert entries[0].findtext("a:updated", namespaces=NAMES) == "2021-12-30T01:00:00Z"
    assert feed.findtext("a:updated", namespaces=NAMES) == "2021-12-30T01:00:00Z"


def test_an_empty_archive_has_an_empty_feed(tmp_path: Path) -> None:
    with Archive(tmp_path / "news"):
        pass
    export_feed(tmp_path / "news", tmp_path / "feed")
    assert [path.name for path in documents(tmp_path / "feed")] == ["feed.xml"]
    assert SCHEMA.validate(etree.parse(tmp_path / "feed" / "feed.xml"))
