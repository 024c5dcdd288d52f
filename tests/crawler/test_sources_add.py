"""`finews sources add`, `try`, `test` and `check`: a source is declared by what its site holds."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.archive import Archive
from archive.article_id import ArticleId
from archive.cli import main
from crawler.declarations.loading import load
from crawler.declarations.model import Declaration
from crawler.exit_status import ExitStatus
from crawler.source_commands import sources
from demo.exchange import Answer, Request, Site
from demo.faults import Failure, Fault, garbage, hang, reset, status
from demo.publishers import (
    CAIXUN_HOST,
    CAIXUN_LIST,
    DECLARATIONS,
    KUAIBAO_HOST,
    Publishers,
    made_up_publishers,
)
from demo.replica import Replica
from demo.static import StaticFile, static_site
from tests.conftest import FINEWS, NO_DELAYS, ROOT
from tests.support import fork_server
from tests.support.fork_server import Forked
from tests.support.source_answers import RECORDED

BUILT = datetime.now().astimezone()
CAPTCHA = (RECORDED / "captcha" / "slider_aliyun.html").read_bytes()


@pytest.fixture(scope="module")
def made_up() -> Publishers:
    return made_up_publishers(articles=45, built=BUILT)


@pytest.fixture
def replica(made_up: Publishers) -> Iterator[Replica]:
    with Replica(made_up.sites) as replica:
        yield replica


@pytest.fixture(scope="module")
def caixun(made_up: Publishers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The declaration that `add` writes."""
    folder = tmp_path_factory.mktemp("caixun")
    files = save_site(made_up, folder / "pages")
    assert in_process("add", CAIXUN_LIST, *files[:3], "--to", folder).exit_code == 0
    return folder / "caixun.toml"


def run(
    replica: Replica, folder: Path, command: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, whose own sources are in `sources`."""
    own = [str(ROOT / "settings" / "sources"), str(folder / "sources")]
    ended = fork_server.run(
        (
            *(*FINEWS, "sources", command, *NO_DELAYS, *arguments),
            *("-s", f"FINEWS_DECLARATIONS={','.join(own)}"),
        ),
        cwd=folder,
        env=os.environ | replica.environment,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended


def in_process(*arguments: object) -> Result:
    return CliRunner().invoke(sources, list(map(str, arguments)))


def import_of(source: object, archive: Path, *files: object) -> Result:
    arguments = ("import", "--source", source, "--archive", archive, *files)
    return CliRunner().invoke(main, list(map(str, arguments)))


def added(replica: Replica, folder: Path) -> Declaration:
    ended = run(replica, folder, "add", CAIXUN_LIST)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return load(folder / "sources" / "caixun.toml")


def test_a_source_is_added_tried_tested_and_checked(
    replica: Replica, made_up: Publishers, tmp_path: Path
) -> None:
    declaration = added(replica, tmp_path)
    asked = Counter(entry.request.path for entry in replica.requests)
    assert set(asked.values()) == {1}
    assert replica.requests[0].request.path == "/robots.txt"
    assert len(asked) == 7  # robots.txt, the list and five articles
    assert declaration.title == "财迅网"
    assert declaration.identity.addresses[0].pattern == r"/news/(cx-\d+-\d+)\.html"

    tried = run(replica, tmp_path, "try", "caixun")
    assert tried.returncode == 0, tried.stdout + tried.stderr
    for number, story in enumerate(made_up.caixun[:3], 1):
        assert f"{number}. {story.title}" in tried.stdout
        assert f"{story.published:%Y-%m-%d %H:%M}  财迅网" in tried.stdout
        assert story.paragraphs[0][:40] in tried.stdout
    assert re.search(r"Securities: (?:1\.600519|0\.300750|116\.00700)", tried.stdout)
    assert "Unsure" not in tried.stdout

    tested = run(replica, tmp_path, "test", "caixun")
    assert tested.stdout == "caixun: 6 of 6 answers as expected\n"

    checked = run(replica, tmp_path, "check", "caixun", "--save", "answers")
    assert checked.returncode == 0, checked.stdout
    assert "## caixun: 2 of 2 interfaces as expected" in checked.stdout
    assert "20 entries" in checked.stdout
    again = run(replica, tmp_path, "check", "caixun", "--from", "answers")
    assert "caixun: 2 of 2 interfaces as expected" in again.stdout
    assert "caixun: 6 of 6" in run(replica, tmp_path, "check", "caixun", "--from", "sources").stdout

    listed = json.loads(run(replica, tmp_path, "list", "--json").stdout)
    (row,) = (row for row in listed if row["name"] == "caixun")
    assert (row["title"], row["lists"], row["wrong"]) == ("财迅网", ["news"], None)


def test_the_texts_are_those_of_the_publisher(
    replica: Replica, made_up: Publishers, tmp_path: Path
) -> None:
    added(replica, tmp_path)
    folder = tmp_path / "sources" / "caixun"
    files = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"]
    entries = files["lists.news.html"]["entries"]
    assert [entry["id"] for entry in entries] == [story.own_id for story in made_up.caixun[:20]]
    assert [entry["published"][:16] for entry in entries] == [
        f"{story.published:%Y-%m-%dT%H:%M}" for story in made_up.caixun[:20]
    ]
    assert files["lists.news.html"]["next"] == {
        "address": f"https://{CAIXUN_HOST}/news/index_2.html"
    }
    for number, story in enumerate(made_up.caixun[:5], 1):
        article = files[f"article-{number}.html"]
        assert article["title"] == story.title
        assert article["published"] == f"{story.published:%Y-%m-%dT%H:%M:00+08:00}"
        assert article["media"] == "财迅网"
        assert article["body_text"].splitlines() == list(story.paragraphs)


def save_site(made_up: Publishers, folder: Path) -> list[str]:
    """Save the list of caixun and its articles as files, as a browser does."""
    site = made_up.sites[CAIXUN_HOST]
    folder.mkdir()
    names = []
    for name, path in [
        ("list.html", "/news/index.html"),
        *((f"{story.own_id}.html", story.path) for story in made_up.caixun[:20]),
    ]:
        answer = site(Request("GET", CAIXUN_HOST, path))
        (folder / name).write_bytes(answer.body)
        names.append(str(folder / name))
    return names


def test_a_source_is_added_by_saved_files(made_up: Publishers, tmp_path: Path) -> None:
    files = save_site(made_up, tmp_path / "pages")
    to = tmp_path / "mine"
    ended = in_process("add", CAIXUN_LIST, *files, "--to", to)
    assert ended.exit_code == 0, ended.output
    assert "Unsure" not in ended.output
    assert f"1. {made_up.caixun[0].title}" in ended.output
    declaration = load(to / "caixun.toml")
    assert declaration.lists["news"].address == CAIXUN_LIST
    tested = in_process("test", to / "caixun.toml")
    assert tested.output == "caixun: 6 of 6 answers as expected\n"
    page = f"https://{CAIXUN_HOST}{made_up.caixun[2].path}"
    read = in_process("read", to / "caixun.toml", files[3], "--address", page)
    assert json.loads(read.stdout)["title"] == made_up.caixun[2].title


def test_pages_without_addresses_are_found_by_name_and_title(
    made_up: Publishers, tmp_path: Path
) -> None:
    files = save_site(made_up, tmp_path / "pages")
    for number, file in enumerate(files[1:5]):
        path = Path(file)
        text = re.sub("<link rel=.canonical.*?>", "", path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        if number % 2:
            files[1 + number] = str(path.rename(path.with_name(f"saved page {number}.html")))
    ended = in_process("add", CAIXUN_LIST, *files[:5], "--to", tmp_path)
    assert ended.exit_code == 0, ended.output
    index = json.loads((tmp_path / "caixun" / "index.json").read_text(encoding="utf-8"))
    addresses = [about["address"] for about in index["files"].values()]
    paths = [story.path for story in made_up.caixun[:4]]
    assert addresses[1:] == [f"https://{CAIXUN_HOST}{path}" for path in paths]


def test_saved_files_are_archived(made_up: Publishers, tmp_path: Path) -> None:
    files = save_site(made_up, tmp_path / "pages")
    archive = tmp_path / "news"
    in_process("add", CAIXUN_LIST, *files[:3], "--to", tmp_path)
    path = tmp_path / "caixun.toml"
    ended = import_of(path, archive, *reversed(files))
    assert ended.output.startswith("20 added, 0 revised, 0 unchanged, 0 not imported"), ended.output
    ended = import_of(path, archive, tmp_path / "caixun", *files[-2:])
    assert ended.output.startswith("0 added, 0 revised, 4 unchanged, 0 not imported"), ended.output
    with Archive(archive) as stored:
        rows = {row.info_code: row for row in stored.posts()}
    for story in made_up.caixun[:20]:
        row = rows[ArticleId(f"caixun-{story.own_id}")]
        assert (row.title, row.media) == (story.title, "财迅网")
        assert row.published[:16] == f"{story.published:%Y-%m-%dT%H:%M}"
        assert row.link == f"https://{CAIXUN_HOST}{story.path}"
        assert row.text.splitlines() == list(story.paragraphs)


def test_two_saved_lists_and_pages_with_lists_beside_the_article(
    made_up: Publishers, tmp_path: Path
) -> None:
    """Every page has the ten newest titles beside its article, and none names its address."""
    files = save_site(made_up, tmp_path / "pages")
    second = tmp_path / "pages" / "older.html"
    second.write_bytes(
        made_up.sites[CAIXUN_HOST](Request("GET", CAIXUN_HOST, "/news/index_2.html")).body
    )
    newest = "".join(re.findall("<li><a href=./news/cx.*</li>", Path(files[0]).read_text())[:10])
    for file in map(Path, files[1:]):
        text = re.sub("<link rel=.canonical.*?>", "", file.read_text(encoding="utf-8"))
        beside = f'<ul class="news-list">{newest}</ul></body>'
        file.write_text(text.replace("</body>", beside), encoding="utf-8")
    ended = in_process("add", CAIXUN_LIST, files[0], second, *files[1:], "--to", tmp_path)
    assert ended.exit_code == 0, ended.output
    assert "Unsure" not in ended.output
    given = (*files[1:], second, files[0])
    ended = import_of(tmp_path / "caixun.toml", tmp_path / "news", *given)
    assert ended.output.startswith("20 added, 0 revised, 0 unchanged, 0 not imported"), ended.output


def test_where_extraction_is_unsure_selectors_are_written(
    made_up: Publishers, tmp_path: Path
) -> None:
    """No page has a heading or a title of its own, and each has the same first and last lines."""
    files = save_site(made_up, tmp_path / "pages")[:6]
    before, behind = "财迅网讯 更多内容请关注客户端", "扫码下载财迅客户端，第一时间掌握行情"
    for file in map(Path, files[1:]):
        text = re.sub("<title>.*?</title>", "<title>财迅网</title>", file.read_text("utf-8"))
        text = re.sub("<h1.*?>(.*?)</h1>", r'<div class="bt">\1</div>', text)
        text = re.sub("<meta property=.og:title.*?>", "", text)
        text = re.sub(
            '<div class="article">(.*?)</div>',
            rf'<div class="article"><p>{before}</p>\1<p>{behind}</p></div>',
            text,
            flags=re.DOTALL,
        )
        file.write_text(text, encoding="utf-8")
    ended = in_process("add", CAIXUN_LIST, *files, "--to", tmp_path)
    assert ended.exit_code == 0, ended.output
    declaration = load(tmp_path / "caixun.toml")
    assert declaration.lang == "zh"
    fields = declaration.articles["page"].fields
    assert [fields.title[0].path, fields.body[0].path] == ["div.bt", "div.article"]
    assert f"Most texts have the line '{behind}'; it is left out." in ended.output
    expected = json.loads((tmp_path / "caixun" / "expected.json").read_bytes())["files"]
    for number, story in enumerate(made_up.caixun[:5], 1):
        article = expected[f"article-{number}.html"]
        assert article["title"] == story.title
        assert article["published"] == f"{story.published:%Y-%m-%dT%H:%M:00+08:00}"
        assert article["media"] == "财迅网"
        assert article["body_text"].splitlines() == list(story.paragraphs)
    tried = in_process("try", tmp_path / "caixun.toml", *files[:3])
    assert tried.exit_code == 0, tried.output
    assert f"2. {made_up.caixun[1].title}" in tried.output


def test_a_page_that_no_list_names_has_the_address_of_its_name(
    made_up: Publishers, tmp_path: Path
) -> None:
    files = save_site(made_up, tmp_path / "pages")
    older = tmp_path / "pages" / "cx-2019-000001.html"
    text = re.sub("<link rel=.canonical.*?>", "", Path(files[1]).read_text("utf-8"))
    older.write_text(text.replace("<h1", "<h1 data-old").replace(made_up.caixun[0].title, "旧闻"))
    assert in_process("add", CAIXUN_LIST, *files[:3], "--to", tmp_path).exit_code == 0
    ended = import_of(tmp_path / "caixun.toml", tmp_path / "news", files[0], older)
    assert ended.output.startswith("1 added"), ended.output
    with Archive(tmp_path / "news") as stored:
        assert [row.info_code for row in stored.posts()] == ["caixun-cx-2019-000001"]


def test_answers_of_json_whose_list_has_ids_alone(made_up: Publishers, tmp_path: Path) -> None:
    stories, foot = made_up.caixun[:8], "免责声明：本文不构成投资建议。"
    listed = tmp_path / "list.json"
    items = [{"newsId": one.own_id, "headline": one.title, "publishTs": 1} for one in stories]
    files = []
    for item, one in zip(items, stories, strict=True):
        item["publishTs"] = int(one.published.timestamp() * 1_000)
        body = "".join(f"<p>{line}</p>" for line in (*one.paragraphs, foot))
        page = {"code": 0, "data": {**item, "mediaName": "财迅网", "contentHtml": body}}
        files.append(tmp_path / f"{one.own_id}.json")
        files[-1].write_text(json.dumps(page), encoding="utf-8")
    listed.write_text(json.dumps({"data": {"items": items}}), encoding="utf-8")
    to = ("--to", tmp_path, "--name", "cx")
    address = "https://api.caixun.example/list?page=1"
    alone = in_process("add", address, listed, *to)
    assert "Add the address of one article to the command" in alone.output
    example = f"{files[0]}=https://api.caixun.example/article?id={stories[0].own_id}"
    ended = in_process("add", address, listed, example, *files[1:4], *to, "--force")
    assert ended.exit_code == 0, ended.output
    assert f"Most texts have the line '{foot}'; it is left out." in ended.output
    given = (listed, *files)
    ended = import_of(tmp_path / "cx.toml", tmp_path / "news", *given)
    assert ended.output.startswith("8 added, 0 revised, 0 unchanged, 0 not imported"), ended.output
    with Archive(tmp_path / "news") as stored:
        rows = {row.info_code: row for row in stored.posts()}
    for story in stories:
        row = rows[ArticleId(f"cx-{story.own_id}")]
        assert (row.title, row.media) == (story.title, "财迅网")
        assert row.text.splitlines()[:-1] == list(story.paragraphs)


def test_whole_flashes_in_a_saved_list_are_archived(made_up: Publishers, tmp_path: Path) -> None:
    saved = tmp_path / "flash.json"
    request = Request("GET", KUAIBAO_HOST, "/v1/flash")
    saved.write_bytes(made_up.sites[KUAIBAO_HOST](request).body)
    ended = import_of(DECLARATIONS / "kuaibao.toml", tmp_path / "news", saved)
    assert ended.output.startswith("10 added, 0 revised, 0 unchanged, 0 not imported"), ended.output


def test_the_old_name_imports_with_one_sentence(made_up: Publishers, tmp_path: Path) -> None:
    files = save_site(made_up, tmp_path / "pages")
    in_process("add", CAIXUN_LIST, *files[:3], "--to", tmp_path)
    setting = ("-s", f"FINEWS_ARCHIVE={tmp_path / 'news'}")
    ended = in_process("import", tmp_path / "caixun.toml", *files[:4], *setting)
    assert ended.stderr.startswith("finews: finews sources import ")
    assert ended.stderr.count("\n") == 1
    assert ended.stdout.startswith("3 added, 0 revised, 0 unchanged, 0 not imported")
    assert (tmp_path / "news" / "catalog.db").exists()


def test_what_is_not_imported_is_named(made_up: Publishers, tmp_path: Path) -> None:
    files = save_site(made_up, tmp_path / "pages")
    in_process("add", CAIXUN_LIST, *files[:3], "--to", tmp_path)
    stray = tmp_path / "stray.html"
    stray.write_text("<html><body><h1>别处的消息</h1></body></html>", encoding="utf-8")
    named = f"{stray}=https://{CAIXUN_HOST}/news/cx-2026-000001.html"
    given = (files[0], stray, named, files[1])
    ended = import_of(tmp_path / "caixun.toml", tmp_path / "news", *given)
    assert ended.exit_code == ExitStatus.LAYOUT_CHANGED
    assert f"write {stray}=ADDRESS." in ended.output
    assert "cx-2026-000001.html was not read by caixun" in ended.output
    assert "1 added, 0 revised, 0 unchanged, 2 not imported" in ended.output


def test_a_crawl_shows_in_the_list(replica: Replica, tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    shutil.copy(DECLARATIONS / "kuaibao.toml", tmp_path / "sources")
    (tmp_path / "sources" / "broken.toml").write_text("title = 1\n", encoding="utf-8")
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = settings.base\n")
    crawled = fork_server.run(
        (*FINEWS, "crawl", "kuaibao", *NO_DELAYS),
        cwd=tmp_path,
        env=os.environ | replica.environment,
    )
    assert crawled.returncode == 0, crawled.stderr
    archive = ("-s", f"FINEWS_ARCHIVE={tmp_path / 'news'}")
    listed = json.loads(run(replica, tmp_path, "list", "--json", *archive).stdout)
    rows = {row["name"]: row for row in listed}
    assert rows["kuaibao"]["health"] == "good"
    assert rows["kuaibao"]["last_success"]
    assert rows["kuaibao"]["articles_a_day"] > 1
    assert rows["ths"]["health"] is None
    assert "broken.toml: " in rows["broken"]["wrong"]
    table = run(replica, tmp_path, "list", *archive).stdout
    assert re.search(
        r"^kuaibao +good +\d\d-\d\d \d\d:\d\d +.* +yes +2026-11-30 +快报社", table, re.M
    )
    assert re.search(r"^broken +broken +.*broken.toml: ", table, re.M)


def test_a_page_from_nowhere_is_named(made_up: Publishers, tmp_path: Path) -> None:
    files = save_site(made_up, tmp_path / "pages")
    stray = tmp_path / "stray.html"
    stray.write_text("<html><body><h1>别处的消息</h1></body></html>", encoding="utf-8")
    ended = in_process("add", CAIXUN_LIST, files[0], stray, "--to", tmp_path)
    assert f"Where {stray} came from is not known; write {stray}=ADDRESS." in str(ended.exception)
    named = f"{stray}=https://{CAIXUN_HOST}/news/cx-2026-000001.html"
    ended = in_process("add", CAIXUN_LIST, files[0], files[1], named, "--to", tmp_path)
    assert ended.exit_code == 0, ended.output
    assert "cx-2026-000001.html was not read by caixun: extract: it has no article." in " ".join(
        ended.output.split()
    )


def test_an_answer_of_json_and_pages_that_show_its_addresses(
    made_up: Publishers, tmp_path: Path
) -> None:
    files = save_site(made_up, tmp_path / "pages")
    items = [
        {"id": story.own_id, "title": story.title, "time": f"{story.published:%Y-%m-%d %H:%M}"}
        for story in made_up.caixun[:10]
    ]
    api = tmp_path / "api.json"
    api.write_text(json.dumps({"data": items}, ensure_ascii=False), encoding="utf-8")
    address = f"https://api.{CAIXUN_HOST}/list?page=1"
    ended = in_process("add", address, api, *files[1:4], "--to", tmp_path, "--name", "cx")
    assert ended.exit_code == 0, ended.output
    assert "no address" not in ended.output
    table = tomllib.loads((tmp_path / "cx.toml").read_text(encoding="utf-8"))
    assert table["lists"]["news"]["address"] == address.replace("page=1", "page={page}")
    template = f"https://{CAIXUN_HOST}/news/{{}}.html"
    assert table["lists"]["news"]["fields"]["address"] == {"path": "id", "template": template}


def test_a_source_of_json_alone(made_up: Publishers, tmp_path: Path) -> None:
    """One page's address gives those of all others, whose files have the names of their ids."""
    stories = made_up.caixun[:5]
    items = [{"id": one.own_id, "title": one.title} for one in stories]
    api = tmp_path / "list.json"
    api.write_text(json.dumps({"data": items}, ensure_ascii=False), encoding="utf-8")
    files: list[object] = [api]
    for story in stories:
        file = tmp_path / f"{story.own_id}.json"
        body = "".join(f"<p>{one}</p>" for one in story.paragraphs)
        article = {"title": story.title, "content": body, "pub_time": f"{story.published:%F %T}"}
        answer = {"code": 0, "data": {"menu": {"title": "x"}, "article": article}}
        file.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
        files.append(file)
    files[1] = f"{files[1]}=https://api.{CAIXUN_HOST}/articles/{stories[0].own_id}"
    ended = in_process("add", f"https://api.{CAIXUN_HOST}/list", *files, "--to", tmp_path)
    assert ended.exit_code == 0, ended.output
    declaration = load(tmp_path / "caixun.toml")
    assert declaration.articles["api"].fields.body[0].path == "data.article.content"
    read = json.loads((tmp_path / "caixun" / "expected.json").read_text(encoding="utf-8"))["files"]
    for number, story in enumerate(stories, 1):
        article = read[f"article-{number}.json"]
        assert (article["id"], article["title"]) == (story.own_id, story.title)
        assert article["body_text"].splitlines() == list(story.paragraphs)
        assert article["published"] == f"{story.published:%Y-%m-%dT%H:%M:%S}+08:00"


def with_feed(made_up: Publishers) -> Site:
    """The home page of caixun names a feed and holds no list; robots.txt names a sitemap."""
    stories = made_up.caixun[:12]
    items = "".join(
        f"<item><title>{story.title}</title><link>https://{CAIXUN_HOST}{story.path}</link>"
        f"<pubDate>{story.published:%a, %d %b %Y %H:%M:%S} +0800</pubDate></item>"
        for story in stories
    )
    urls = "".join(f"<url><loc>https://{CAIXUN_HOST}{one.path}</loc></url>" for one in stories)
    robots = f"Sitemap: https://{CAIXUN_HOST}/map.xml\n"
    pages = {
        "/index.html": "<html><head><title>首页 - 财迅网</title>"
        "<link rel=alternate type='application/rss+xml' href='/rss.xml'></head>"
        "<body><p>欢迎</p></body></html>",
        "/rss.xml": f"<rss><channel><title>财迅网</title>{items}</channel></rss>",
        "/map.xml": f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>",
        "/robots.txt": robots,
    }
    files = {path: StaticFile(text.encode(), BUILT) for path, text in pages.items()}
    own, articles = static_site(files.get), made_up.sites[CAIXUN_HOST]
    return lambda request: (own if not request.path.startswith("/news") else articles)(request)


def test_a_feed_is_found_from_a_home_page(made_up: Publishers, tmp_path: Path) -> None:
    with Replica({CAIXUN_HOST: with_feed(made_up)}) as replica:
        ended = run(replica, tmp_path, "add", f"https://{CAIXUN_HOST}/")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "lists.news: rss, " in ended.stdout
        assert run(replica, tmp_path, "check", "caixun").returncode == 0


def with_sitemaps(made_up: Publishers) -> Site:
    """robots.txt of caixun names an index of sitemaps; its home page has no list."""
    address = f"https://{CAIXUN_HOST}"
    pages = {
        "/index.html": "<html><body><div id=app></div></body></html>",
        "/robots.txt": f"Sitemap: {address}/maps.xml\n",
        "/maps.xml": f"<sitemapindex><sitemap><loc>{address}/pages.xml</loc></sitemap><sitemap>"
        f"<loc>{address}/2026-11.xml</loc><lastmod>2026-11-30</lastmod></sitemap></sitemapindex>",
        "/pages.xml": f"<urlset><url><loc>{address}/about</loc></url></urlset>",
        "/2026-11.xml": "<urlset>"
        + f"<url><loc>{address}/about</loc></url>"
        + "".join(
            f"<url><loc>{address}{one.path}</loc><lastmod>{one.published:%Y-%m-%dT%H:%M}+08:00"
            "</lastmod></url>"
            for one in made_up.caixun[:12]
        )
        + "</urlset>",
    }
    files = {path: StaticFile(text.encode(), BUILT) for path, text in pages.items()}
    own, articles = static_site(files.get), made_up.sites[CAIXUN_HOST]
    return lambda request: (own if not request.path.startswith("/news") else articles)(request)


def test_an_index_of_sitemaps_is_found_followed_tried_and_checked(
    made_up: Publishers, tmp_path: Path
) -> None:
    with Replica({CAIXUN_HOST: with_sitemaps(made_up)}) as replica:
        ended = run(replica, tmp_path, "add", f"https://{CAIXUN_HOST}/")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        declaration = load(tmp_path / "sources" / "caixun.toml")
        assert declaration.lists["news"].address == f"https://{CAIXUN_HOST}/maps.xml"
        ended = run(replica, tmp_path, "try", "caixun")
        assert "13 entries, 1 of them left out" in ended.stdout, ended.stderr
        ended = run(replica, tmp_path, "check", "caixun")
        assert ended.stdout.count("| lists.news |") == 2
        assert "3 of 3 interfaces as expected" in ended.stdout
        assert run(replica, tmp_path, "test", "caixun").returncode == 0


FAULTS: list[tuple[str, Failure | None, ExitStatus, str]] = [
    (CAIXUN_LIST, garbage(CAPTCHA), ExitStatus.SOURCE_UNREACHABLE, "captcha"),
    (CAIXUN_LIST, status(403), ExitStatus.SOURCE_UNREACHABLE, "403"),
    (CAIXUN_LIST, status(404), ExitStatus.SOURCE_UNREACHABLE, "answered with status 404"),
    (CAIXUN_LIST, reset(), ExitStatus.SOURCE_UNREACHABLE, "closed the connection"),
    (
        CAIXUN_LIST,
        garbage(b"%PDF-1.4 \xff\xfe\x00"),
        ExitStatus.LAYOUT_CHANGED,
        "holds no list of articles",
    ),
    (
        CAIXUN_LIST,
        garbage("一段文字，不是网页。".encode()),
        ExitStatus.LAYOUT_CHANGED,
        "it is neither HTML nor JSON, and no feed or sitemap",
    ),
    (
        CAIXUN_LIST,
        garbage(b"<html>" + b"<div>" * 300_000),
        ExitStatus.LAYOUT_CHANGED,
        "it is cut off",
    ),
    (
        f"https://{CAIXUN_HOST}/news/cx-2026-000100.html",
        None,
        ExitStatus.LAYOUT_CHANGED,
        "holds no list of articles that can be found",
    ),
]


@pytest.mark.parametrize(("address", "failure", "code", "sentence"), FAULTS)
def test_a_site_that_cannot_be_added_is_named(
    address: str,
    failure: Failure | None,
    code: ExitStatus,
    sentence: str,
    made_up: Publishers,
    tmp_path: Path,
) -> None:
    faults = [Fault(CAIXUN_HOST, "/news", failure=failure)] if failure else []
    with Replica(made_up.sites, faults=faults) as replica:
        ended = run(replica, tmp_path, "add", address)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "sources").exists()


def test_robots_txt_and_size_are_limits(made_up: Publishers, tmp_path: Path) -> None:
    robots = status(200, body=b"User-agent: *\nDisallow: /\n")
    fault = Fault(CAIXUN_HOST, "/robots.txt", failure=robots)
    with Replica(made_up.sites, faults=[fault]) as replica:
        ended = run(replica, tmp_path, "add", CAIXUN_LIST)
        assert ended.returncode == ExitStatus.SOURCE_UNREACHABLE
        assert "robots.txt" in ended.stderr
        assert len(replica.requests) == 1
    with Replica(made_up.sites) as replica:
        ended = run(replica, tmp_path, "add", CAIXUN_LIST, "-s", "DOWNLOAD_MAXSIZE=1000")
        assert ended.returncode == ExitStatus.SOURCE_UNREACHABLE
        assert "larger than DOWNLOAD_MAXSIZE" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_visit_ends_in_good_order(
    number: signal.Signals, made_up: Publishers, tmp_path: Path
) -> None:
    with (
        Replica(made_up.sites, faults=[Fault(CAIXUN_HOST, "/news", failure=hang())]) as replica,
        Forked(
            (*FINEWS, "sources", "add", CAIXUN_LIST, "--to", str(tmp_path), *NO_DELAYS),
            env=os.environ | replica.environment,
            stderr=subprocess.PIPE,
            text=True,
        ) as child,
    ):
        deadline = time.monotonic() + 60
        while len(replica.requests) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        child.send_signal(number)
        _, said = child.communicate(timeout=60)
    assert (child.returncode, said) == (
        9,
        "Error: Interrupted; nothing is lost. Run the command again.\n",
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ftp://caixun.example/"], "should be"),
        (["caixun"], "should be"),
        (["http://127.0.0.1:9/"], "write --name NAME"),
        ([CAIXUN_LIST, "nosuch.html"], "nosuch.html cannot be read (No such file or directory)"),
        ([CAIXUN_LIST, "--name", "eastmoney"], "eastmoney is the name of another source"),
        ([CAIXUN_LIST, "--name", "Cai Xun"], "is no name of small letters and digits"),
        (["https://www.people.com.cn/"], "people.toml is there already"),
    ],
)
def test_a_wrong_call_is_named(arguments: list[str], sentence: str) -> None:
    ended = in_process("add", *arguments)
    assert ended.exit_code in {1, 2}
    assert sentence in " ".join(f"{ended.output} {ended.exception}".split())


def test_a_declaration_is_not_overwritten(made_up: Publishers, tmp_path: Path) -> None:
    files = save_site(made_up, tmp_path / "pages")
    assert in_process("add", CAIXUN_LIST, *files[:3], "--to", tmp_path).exit_code == 0
    own = tmp_path / "caixun" / "note.txt"
    own.write_text("mine", encoding="utf-8")
    (tmp_path / "caixun.toml").write_text("# mine\n", encoding="utf-8")
    ended = in_process("add", CAIXUN_LIST, *files[:3], "--to", tmp_path)
    assert "is there already; write --name NAME, or --force" in str(ended.exception)
    assert (tmp_path / "caixun.toml").read_text(encoding="utf-8") == "# mine\n"
    ended = in_process("add", CAIXUN_LIST, *files[:2], "--to", tmp_path, "--force")
    assert ended.exit_code == 0, ended.output
    assert own.read_text(encoding="utf-8") == "mine"
    assert in_process("test", tmp_path / "caixun.toml").output.startswith("caixun: 2 of 2")


def test_a_change_of_the_declaration_fails_its_test(made_up: Publishers, tmp_path: Path) -> None:
    files = save_site(made_up, tmp_path / "pages")
    in_process("add", CAIXUN_LIST, *files[:3], "--to", tmp_path)
    path = tmp_path / "caixun.toml"
    text = path.read_text(encoding="utf-8")
    assert 'path = "span"' in text
    path.write_text(text.replace('path = "span"', 'path = "em"'), encoding="utf-8")
    ended = in_process("test", path)
    assert ended.exit_code == ExitStatus.LAYOUT_CHANGED
    assert "lists.news.html: entries[0].published is null in place of" in ended.output
    assert "15 more differences" in ended.output
    assert in_process("test", path, "--write").exit_code == 0
    assert in_process("test", path).exit_code == 0


def test_a_source_of_whole_flashes_is_tried_and_checked(
    replica: Replica, made_up: Publishers, tmp_path: Path
) -> None:
    path = str(DECLARATIONS / "kuaibao.toml")
    tried = run(replica, tmp_path, "try", path)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "快报社, lists.flash: 10 entries" in tried.stdout
    assert f"3. {made_up.kuaibao[2].title}" in tried.stdout
    assert "## kuaibao: 1 of 1" in run(replica, tmp_path, "check", path).stdout


def changed(old: str, new: str) -> Failure:
    """Return what sends the site's own answer with another text in place of one."""

    def send(exchange: object) -> None:
        answer = exchange.answer()  # type: ignore[attr-defined]
        body = re.sub(old, new, answer.body.decode()).encode()
        exchange.send(Answer(answer.status, body, answer.headers))  # type: ignore[attr-defined]

    return send


DEVIATIONS: list[tuple[str, Failure, str]] = [
    (CAIXUN_HOST, changed("<span>[^<]*</span></li>", "</li>"), "`fields.published` gives nothing"),
    (CAIXUN_HOST, changed("news-list", "list"), "it has no ul.news-list > li (A)"),
    (
        CAIXUN_HOST,
        changed('href="/news/cx', 'href="https://m.e.cn/news/cx'),
        "`hosts` lacks m.e.cn",
    ),
    (CAIXUN_HOST, changed("下一页", "更多"), "`paging.next` gives nothing (A)"),
    (CAIXUN_HOST, status(HTTPStatus.NOT_FOUND), "it answered with status 404 (A)"),
    (CAIXUN_HOST, garbage(CAPTCHA), "captcha"),
    (KUAIBAO_HOST, changed('"title": "', '"headline": "'), "`fields.title` gives nothing"),
    (KUAIBAO_HOST, changed('"code": 0', '"code": 7, "message": "维护中"'), "reports '维护中' (A)"),
    (KUAIBAO_HOST, changed('"created_at": 17', '"created_at": 18'), "in the future"),
    (KUAIBAO_HOST, changed('"is_ad": false', '"is_ad": true'), "it names no article (A)"),
]


@pytest.mark.parametrize(
    ("host", "failure", "sentence"), DEVIATIONS, ids=[one[2] for one in DEVIATIONS]
)
def test_what_is_not_as_declared_is_named(
    host: str, failure: Failure, sentence: str, made_up: Publishers, caixun: Path, tmp_path: Path
) -> None:
    path = DECLARATIONS / "kuaibao.toml" if host == KUAIBAO_HOST else caixun
    starts = "/v1" if host == KUAIBAO_HOST else re.compile(r"/news/$")
    with Replica(made_up.sites, faults=[Fault(host, starts, failure=failure)]) as replica:
        ended = run(replica, tmp_path, "check", str(path))
    assert sentence in ended.stdout
    assert ended.returncode in {3, 4}
