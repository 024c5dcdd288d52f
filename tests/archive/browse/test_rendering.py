"""One large body stops neither its own page nor any other."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from parsel import Selector

from archive.archive import Archive
from archive.browse import rendering
from archive.browse.rendering import MAX_BYTES, MAX_BYTES_IN_FEED, Renderer
from tests.archive.browse.conftest import article, served

LARGE = "NW202112299000000001"
MEDIUM = "NW202112299000000002"
SMALL = "NW202112299000000003"
SECONDS = 5.0


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with an article of 7.5 MB, one for pages only, and one of the usual size."""
    folder = tmp_path_factory.mktemp("archive")
    with Archive(folder) as archive:
        archive.add(article(LARGE, body="<p>a</p>" * (7_500_000 // 8)))
        archive.add(article(MEDIUM, body=f"<p>{'中' * (MAX_BYTES_IN_FEED // 3)}</p>" + "<p>尾</p>"))
        archive.add(article(SMALL))
    return folder


def test_the_front_page_answers_while_readers_open_a_large_article(large: Path) -> None:
    with served(large) as address, ThreadPoolExecutor(4) as readers:

        def get(path: str) -> tuple[float, httpx.Response]:
            begun = time.monotonic()
            response = httpx.get(f"{address}{path}", timeout=60, trust_env=False)
            return time.monotonic() - begun, response

        get("")
        reading = [readers.submit(get, f"catalog/posts/{LARGE}") for _ in range(3)]
        taken, front = get("news")
        assert front.status_code == 200
        assert taken < SECONDS
        for reader in reading:
            taken, page = reader.result()
            assert taken < SECONDS
            assert page.status_code == 200
            assert len(page.content) < 1_000_000
            notice = Selector(page.text).css("p.alert")
            assert "正文太长" in notice.get("")
            link = notice.css("a::attr(href)").get("")
        _, whole = get(link.removeprefix("/"))
        assert len(whole.content) > 7_500_000
        taken, feed = get("news.atom")
        assert taken < SECONDS
        assert len(feed.content) < 1_000_000
        assert feed.text.count("正文太长") == 2
        taken, found = get("news?q=a")
        assert (found.status_code, taken < SECONDS) == (200, True)
        assert "正文太长" not in get(f"catalog/posts/{MEDIUM}")[1].text


def test_bodies_are_remembered_by_their_bytes_and_in_bounded_memory(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = []

    def render(body: str, *_: object) -> str:
        rendered.append(body)
        return body

    monkeypatch.setattr(rendering, "render_body", render)
    folder = large.parent / "posts"
    (folder / "_posts").mkdir(parents=True)
    renderer = Renderer(folder, max_cached=100)

    def body_of(name: str, text: str) -> str:
        (folder / "_posts" / name).write_text(f"---\n---\n{text}")
        shown = renderer.body(f"_posts/{name}", "", "/security/{}".format, {})
        assert shown is not None
        return shown.html

    assert body_of("a.md", "一") == body_of("a.md", "一")
    assert len(rendered) == 1
    assert body_of("a.md", "二") != body_of("a.md", "一")
    assert len(rendered) == 2
    for number in range(50):
        body_of("a.md", f"{number:040}")
    assert sum(map(len, renderer._bodies.values())) <= 100
    body_of("a.md", "一")
    assert len(rendered) == 53
    renderer.close()


def test_a_file_just_small_enough_is_shown_whole(tmp_path: Path) -> None:
    (tmp_path / "_posts").mkdir()
    renderer = Renderer(tmp_path)
    for more, cut in ((0, None), (1, MAX_BYTES + 1)):
        text = "---\n---\n".ljust(MAX_BYTES + more, "a")
        (tmp_path / "_posts" / "a.md").write_text(text)
        shown = renderer.body("_posts/a.md", "文字<b>", "/security/{}".format, {})
        assert shown is not None
        assert shown.bytes == cut
        assert (shown.html == "<p>文字&lt;b&gt;</p>") == bool(cut)
    assert renderer.body("catalog.db", "", "{}".format, {}) is None
    assert renderer.body("_posts/b.md", "", "{}".format, {}) is None
    renderer.close()
