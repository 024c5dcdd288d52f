"""Hostile content is archived as text, or refused by name, and has no other effect."""

import json
import os
import re
import subprocess
from html import escape
from pathlib import Path

import pytest
import yaml

from archive.content.front_matter import SiteHandler
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from demo.exchange import Answer, Request, Site
from demo.faults import Fault, redirect, status
from demo.replica import Replica
from demo.share import share_api_site
from tests.conftest import MIRROR, SHARE_HOSTS, Crawl, posts_in
from tests.support.catalogs import tables
from tests.support.endless import filled
from tests.support.requirements import program
from tests.support.sample_site import asked, rows

HTML = {"Content-Type": "text/html; charset=utf-8"}
SHARE = f"http://{SHARE_HOSTS[0]}/html_News/NewsShare.html?infoCode="

TITLES = (
    "一行\n---\n两行\r\n三行\u2028四\x85五",
    "--- 题",
    "!!python/object/apply:os.system ['touch owned']",
    "!ruby/object:Gem::Installer x",
    "&a *a <<: *b",
    "\x01\x1b[31m控\x7f制\x9b符\ufeff",
    "\u202e\u200b反",
    "题" * 33_000,
    "{% include /etc/passwd %}{{ site }}{% endraw %}",
    '\' " \\ \\n " # : - ? | > @ ` %',
    "</title><script>alert(1)</script>",
    "2021-12-29",
    "null",
    "\x00",
)
BODIES = (
    "---\nlayout: other\n---\n<p>x</p>\n---\n",
    "{% include /etc/passwd %}{% raw %}{{ site.posts }}{% for %}{% endfor",
    "<script>alert(1)</script><iframe src=http://elsewhere.test/></iframe>",
    "<p>x\x00\x01\ufeff\u2028</p>\r\n\r\n<p>\ud800</p>",
    '<img src="http://169.254.169.254/x.png"><img src="file:///etc/passwd">',
    '<img src="//elsewhere.test/"><link href="//elsewhere.test/" rel="prefetch">',
    '{::options parse_block_html="true" /}\n{:toc}\n* x\n[x]: file:///etc/passwd\n![x][x]',
    "\n\n<http://elsewhere.test/>\n\n[返回x](y)｜[返回首页](z)",
    "<!-- " + filled("<b>", 300) + "<![CDATA[ ]]> <?php x ?> <!DOCTYPE x [<!ENTITY y SYSTEM 'z'>]>",
    filled("<p>x</p>", 50_000),
    filled("<b>x</b>", 10_000),
)
TOO_DEEP = (filled("<b>", 3_000_000), filled("<p>", 6_000), filled("> ", 2_000) + "x")
CODES = (
    "../../etc/passwd",
    "NW20211229/../../../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "NW２０２１１２２９２２３０１７５５４８",
    "9" * 1000,
    "9" * 10_000,
    "NW202112292230175548%00",
    "NW202112292230175548;rm",
)


def code(number: int) -> str:
    return f"NW2026112012{number:08}"


def page(*links: str, content: str = "") -> bytes:
    items = "".join(f'<li><a href="{escape(link)}">x</a></li>' for link in links)
    text = f'<html><body><div class="wrapper"><section><ul>{items}</ul>{content}</section>'
    return f"{text}\n<footer></footer></div></body></html>".encode()


def post_page(
    info_code: str,
    category: str,
    body: str = "<p>镜像</p>",
    time: str = "2026-11-20 12:00:00",
) -> bytes:
    return (
        '<html><body><div class="wrapper"><section>'
        f"<small>(GMT+8, Asia/Shanghai, CST) {time}</small>\n<h1>题</h1>\n\n"
        f'{body}\n\n<p><a href="{SHARE}{info_code}">{SHARE}{info_code}</a></p>\n\n'
        f'<p><a href="//{MIRROR}/category/{category}.html">返回{category}新闻</a>｜'
        f'<a href="//{MIRROR}/">返回首页</a></p>\n</section>\n<footer></footer></body></html>'
    ).encode()


def address(info_code: str, category: str = "x") -> str:
    return f"/{category}/2026/11/20/{info_code}.html"


def answer(title: str, body: str, time: str = "2026-11-20 12:00:00") -> bytes:
    return json.dumps(
        {"title": title, "text": body, "showtime": time, "from": "某报\n\x1b某社"}
    ).encode()


class HostileSite:
    """One category of articles with hostile answers of the share API."""

    def __init__(self) -> None:
        titled = {code(n): answer(title, "<p>文</p>") for n, title in enumerate(TITLES)}
        bodied = {code(100 + n): answer(f"题{n}", body) for n, body in enumerate(BODIES)}
        self.kept = titled | bodied
        self.refused = {
            code(200 + n): answer(f"题{n}", body) for n, body in enumerate(TOO_DEEP)
        } | {code(300): answer("早", "<p>x</p>", "0001-01-01 00:00:00")}
        self.late = {"NW99991231235959000": answer("晚", "<p>x</p>", "9999-12-31 23:59:59")}
        self.answers = self.kept | self.refused | self.late

    def mirror(self, request: Request) -> Answer:
        """Serve a home page with all codes, hostile ones too, and plain pages of the articles."""
        codes = [*self.answers, code(0), code(0)]
        links = [address(info_code) for info_code in (*codes, *CODES)]
        links += [f"/other{n}/2026/11/20/{code(0)}.html?{n}" for n in range(50)]
        links += [
            *("file:///etc/passwd", "http://[", "javascript:alert(1)", "//elsewhere.test/x"),
            *(f"http://169.254.169.254{address(code(1))}", f"ftp://{MIRROR}{address(code(2))}"),
            f"/x/2026/11/20/{'../' * 9}etc/{code(3)}.html",
            f"/{'x' * 3000}{address(code(4))}",
        ]
        if request.path in ("/", "/category/x.html"):
            return Answer(200, page(*links), HTML)
        if match := re.fullmatch(r"/(?:x|other\d+)/2026/11/20/(NW\d{15,20})\.html", request.path):
            time = json.loads(self.answers[match[1]])["showtime"]
            return Answer(200, post_page(match[1], "x", time=time), HTML)
        return Answer(404, b"", HTML)


@pytest.fixture
def sample_sites() -> dict[str, Site]:
    """Return a hostile site instead of the sample site."""
    site = HostileSite()
    share = share_api_site(site.answers)
    return {MIRROR: site.mirror, **dict.fromkeys(SHARE_HOSTS, share)}


def test_hostile_content_is_kept_as_text_or_refused_by_name(
    crawl: Crawl, replica: Replica, archive: Path, tmp_path: Path
) -> None:
    jekyll = program("jekyll")
    site = HostileSite()
    ended = crawl()
    assert "Traceback" not in ended.log, ended.log[-5000:]
    assert not replica.unknown
    assert {entry.request.host for entry in replica.requests} <= {MIRROR, *SHARE_HOSTS}

    assert ended.log.count("was refused") >= len(CODES) + 1
    for info_code in site.refused:
        assert f"{info_code} is not archived: " in ended.log
    assert "nested too deep" in ended.log
    kept = dict(rows(archive, "SELECT info_code, title FROM posts"))
    assert kept.keys() == site.kept.keys() | site.late.keys()
    assert ended.status == 6
    assert f"{len(site.refused)} of {len(site.answers)} articles failed" in ended.log
    assert len(asked(replica, SHARE_HOSTS[0])) == len(site.answers) + 1

    for name, post in posts_in(archive).items():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d-NW\d{15,20}\.md", name, re.ASCII)
        front_matter = SiteHandler().split(post.decode())[0]
        fields = yaml.load(front_matter, Loader=yaml.CSafeLoader)
        assert fields["title"] == kept[name[11:-3]]
    assert {path.name for path in tmp_path.iterdir()} == {archive.name, "sources.toml"}
    assert {path.parent.parent.parent.name for path in archive.rglob("*.md")} == {"_posts"}
    assert [kept[code(number)] for number in range(len(TITLES))] == list(TITLES)

    assert not verify(archive).problems
    before = tables(archive)
    rebuild(archive)
    assert tables(archive) == before
    _build(jekyll, archive, tmp_path / "news-built", len(kept))


def _build(jekyll: str, archive: Path, built: Path, posts: int) -> None:
    """Build the posts with a real Jekyll; check that each has a page and no Liquid of it runs."""
    settings = archive.with_name("news.yml")
    settings.write_text(
        "future: true\nplugins: []\nexclude: ['*.db*', warc, revisions]\ndefaults:\n"
        "  - scope: {path: '', type: posts}\n    values: {render_with_liquid: false}\n"
    )
    done = subprocess.run(
        (
            jekyll,
            "build",
            "--strict_front_matter",
            "--config",
            settings,
            "-s",
            archive,
            "-d",
            built,
        ),
        env=os.environ | {"LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    settings.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list(built.rglob("*.html"))
    assert len(pages) == posts
    assert any("{% include /etc/passwd %}" in page.read_text() for page in pages)


def test_two_articles_under_one_code_are_one(crawl: Crawl, replica: Replica, archive: Path) -> None:
    replica.sites[MIRROR] = lambda request: Answer(
        200,
        page(address(code(1), "a"), address(code(1), "b"), address(code(1)[2:], "c"))
        if request.path == "/"
        else post_page(code(1), "x", f"<p>{request.path}</p>"),
        HTML,
    )
    for host in SHARE_HOSTS:
        replica.sites[host] = share_api_site({})
    ended = crawl()
    assert "1 articles found, 1 added" in ended.output, ended.log
    editions = posts_in(archive)  # the third address is of a rolling post
    assert {len(name) for name in editions} == {
        len(f"2026-11-20-{code(1)}.md"),
        len(f"2026-11-20-{code(1)[2:]}.md"),
    }
    assert [post.count(b"/2026/11/20/") for post in editions.values()] == [1, 1]


def test_a_site_without_an_end_has_one(crawl: Crawl, replica: Replica, archive: Path) -> None:
    """Every page of a category links to a new article, whose page links to a new category."""

    def endless(request: Request) -> Answer:
        number = int(re.sub(r"\D", "", request.path)[-6:] or 0) + 1
        if "/category/" in request.path or request.path == "/":
            return Answer(200, page(address(code(number))), HTML)
        if "/2026/" in request.path:
            return Answer(200, post_page(code(number - 1), f"x{number}"), HTML)
        return Answer(404, b"", HTML)

    replica.sites[MIRROR] = endless
    answers = {code(n): answer("题", "<p>文</p>") for n in range(1000)}
    for host in SHARE_HOSTS:
        replica.sites[host] = share_api_site(answers)
    ended = crawl()
    assert "lies behind too many others" in ended.log
    assert len(replica.requests) < 30
    assert 1 < len(posts_in(archive)) < 10


def test_no_retry_and_no_chain_of_redirects_leads_to_another_host(
    crawl: Crawl, replica: Replica
) -> None:
    """Scrapy does not filter requests that it repeats."""
    for place in (address(code(1)), "/category/x.html", "/robots.txt"):
        replica.faults += [
            Fault(MIRROR, place, failure=status(500), times=1),
            Fault(MIRROR, place, failure=redirect("/again"), times=1),
        ]
    replica.faults += [Fault(MIRROR, "/again", failure=redirect("http://elsewhere.test/"))]
    ended = crawl()
    assert not replica.unknown
    assert "elsewhere.test is not one of the hosts of this crawl" in ended.log
