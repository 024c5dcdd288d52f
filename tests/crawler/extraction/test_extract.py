"""Articles are found in pages that no declaration describes."""

import builtins
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.declarations.answers import Answer
from crawler.extraction import ExtractionError, extract
from tests.crawler.declarations.recorded import RECORDED, answer_of

PAGES = [
    ("ths", "article_page.html"),
    ("sina", "article_page.html"),
    ("nbd", "article_page.html"),
    ("cls", "detail_page.html"),
    ("eastmoney", "article_page_2026_C.html"),
    ("eastmoney", "article_page_2019_C.html"),
]
TEXT = [f"第{n}段写的是经济，这一段有足够的字数，可以认出它是正文，也有标点。" for n in range(8)]
PARAGRAPHS = "".join(f"<p>{line}</p>" for line in TEXT)


def page(inside: str, head: str = "", before: str = "", behind: str = "") -> Answer:
    html = (
        f'<html lang="zh"><head><meta charset="utf-8">{head}</head><body>'
        "<div class=nav><a href=/>首页</a><a href=/cj>财经</a></div>"
        f"{before}<div class=main><h1>央行下调利率</h1>{inside}</div>{behind}"
        "<div class=footer>Copyright © 2026 财迅网 版权所有</div></body></html>"
    )
    return Answer("https://www.caixun.example/a/1.html", html.encode())


@pytest.mark.parametrize(("source", "name"), PAGES)
def test_a_recorded_page(source: str, name: str) -> None:
    files = json.loads((RECORDED / source / "expected.json").read_text(encoding="utf-8"))
    expected = files["files"][name]

    article = extract(answer_of(source, name, expected["address"]))

    assert article.title == expected["title"]
    assert article.body.text == expected["body_text"]
    assert list(article.pictures) == expected["pictures"]
    assert str(article.published)[:16] == expected["published"][:16]
    assert article.media in {expected["media"], None}
    assert article.layout.startswith("trafilatura 2.")


@pytest.mark.parametrize(
    ("noise", "word"),
    [
        ("<div class=comment-list><p>网友甲：说得好，我也这么想，支持一下作者。</p></div>", "网友"),
        ("<p>相关阅读</p><p><a href=/2>另一篇文章的标题很长很长</a></p>", "另一篇"),
        ("<div class=related><li><a href=/2>另一篇文章的标题很长</a></li></div>", "另一篇"),
        ("<p>免责声明：本文仅供参考，不构成投资建议。</p>", "免责"),
        ("<p>本文内容与数据仅供参考，不构成投资建议，据此操作，风险自担。</p>", "参考"),
        ("<p>（责任编辑：王小明 HN001）</p>", "责任编辑"),
        ("<p>未经授权，严禁转载或镜像，违者必究。</p>", "转载"),
        ("<p>扫描二维码，关注财迅公众号</p>", "二维码"),
        ("<p>（文章来源：财联社）</p>", "来源"),
        ("<p class=article-editor>责任编辑：王小明</p>", "王小明"),
        ("<p style='display:none'>看不见的一段文字，也有很多字</p>", "看不见"),
        ("<script>var hidden = '脚本里的文字'</script>", "脚本"),
        ("<p>更多精彩内容，请下载财迅APP</p>", "APP"),
        ("<p class=caption>图为生产线。记者 李四 摄</p>", "李四"),
        ("<figure><img src=/1.jpg><figcaption>图为生产线</figcaption></figure>", "生产线"),
        ("<p>导读：第0段写的是经济，这一段有足够的字数。</p>", "导读"),
        ("<p>每经记者 张三 每经编辑 李四</p>", "李四"),
        ("<p>封面图片来源：视觉中国-VCG211478322890</p>", "视觉"),
        ("<p>《 人民日报 》（ 2026年11月28日 02 版）</p>", "人民日报"),
        ("<p>风险提示：股市有风险。本文仅代表个人观点，不构成投资建议。</p>", "风险"),
        (f"<p>【免责声明】{'本文仅代表作者本人观点，与本站无关。' * 20}</p>", "免责"),
        ("<p>本文系作者授权发表，转载请注明出处、作者和本文链接。</p>", "转载"),
        ("<p>▲扫码进入小程序</p><p>欢迎点赞、在看、转发</p><p>-END-</p>", "E"),
        ("<div>延伸阅读<a href=/2>另一篇文章的标题很长很长</a></div><p>#存款 #利率</p>", "篇"),
        ("<p>相关阅读：<a href=/2>另一篇文章的标题很长很长</a></p>", "另一篇"),
        ("<p>上一篇：昨天的新闻</p><p>下一篇：明天的新闻</p>", "一篇"),
    ],
)
def test_foreign_parts_stay_out(noise: str, word: str) -> None:
    article = extract(page(PARAGRAPHS + noise))
    assert article.body.text == "\n".join(TEXT)
    assert word not in article.body.html


@pytest.mark.parametrize(
    "line",
    [
        "公司表示，更多用户下载了财迅APP，月活增长两成。",
        "监管部门要求平台在显著位置写明免责声明，并在一个月内完成整改。",
        "他在评论中写道，相关阅读量在三天内翻了一番，超出市场预期。",
        "公司表示，将扫描线下门店的二维码数据用于分析客流，效果良好。",
        "风险提示：宏观经济下行超出预期，原材料价格大幅波动。",
        "关注比亚迪（002594）、宁德时代（300750）",
        "外交部声明：中方不接受任何形式的单边制裁。",
        "记者从来源可靠的人士处得知，编辑部已迁往新址，员工全部到位。",
    ],
)
def test_an_article_about_such_things_keeps_every_word(line: str) -> None:
    article = extract(page(f"{PARAGRAPHS}<p>{line}</p><p>{TEXT[0]}尾</p>"))
    assert line in article.body.text.splitlines()


def test_the_cells_of_a_table_stay() -> None:
    table = (
        "<table><tr><td>渠道</td><td>微信</td></tr><tr><td>用户</td><td>1200人</td></tr></table>"
    )
    text = extract(page(PARAGRAPHS + table + PARAGRAPHS)).body.text
    assert all(cell in text for cell in ("渠道", "微信", "用户", "1200人"))


@pytest.mark.parametrize(
    ("byline", "head", "published"),
    [
        ("<span>2026-09-30 13:10:01</span>", "", "2026-09-30T13:10:01+08:00"),
        ("<span>2026年09月30日 13:10</span>", "", "2026-09-30T13:10:00+08:00"),
        ("<span>2026年9月30日13时10分</span>", "", "2026-09-30T13:10:00+08:00"),
        (
            "更新时间：2026-09-30 18:00 发布时间：2026-09-30 13:10",
            "",
            "2026-09-30T13:10:00+08:00",
        ),
        ("<span>2026/9/30</span> <span>13:10</span>", "", "2026-09-30T13:10:00+08:00"),
        ("发布时间：2026年9月30日 下午1:10", "", "2026-09-30T13:10:00+08:00"),
        ("２０２６年９月３０日　１３：１０", "", "2026-09-30T13:10:00+08:00"),
        ("By Lei Li · Sep 30, 2026, 1:10 PM", "", "2026-09-30T13:10:00+08:00"),
        (
            "Updated Sep 30, 2026 6:00 PM Published September 30, 2026 1:10 PM",
            "",
            "2026-09-30T13:10:00+08:00",
        ),
        (
            "<span>2026-09-30 13:10</span>",
            '<meta property="article:published_time" content="2026-09-30T13:10:07+08:00">',
            "2026-09-30T13:10:07+08:00",
        ),
        # Meta data that names a wrong zone.
        (
            "<span>2026-09-30 13:10</span>",
            '<meta property="article:published_time" content="2026-09-30T13:10:07Z">',
            "2026-09-30T13:10:00+08:00",
        ),
        (
            "",
            '<meta name="publishdate" content="2026-09-30 13:10:07">',
            "2026-09-30T13:10:07+08:00",
        ),
        (
            "",
            '<script type="application/ld+json">{"@graph":[{"datePublished":'
            '"2026-09-30T05:10:07Z"}]}</script>',
            "2026-09-30T13:10:07+08:00",
        ),
        ("", '<meta name="publishdate" content="2026-09-30">', "2026-09-30"),
        (
            "9月30日 13:10",
            '<meta name="publishdate" content="2026-09-30">',
            "2026-09-30T13:10:00+08:00",
        ),
        (
            "",
            '<meta name="publishdate" content="2026-09-30"><script>d={"publishTime":1790745007000}'
            "</script>",
            "2026-09-30T13:10:07+08:00",
        ),
    ],
)
def test_the_time_is_exact_to_what_the_page_states(byline: str, head: str, published: str) -> None:
    others = "<ul><li><a href=/2>别的新闻</a> 2026-10-01 08:00</li></ul>"
    behind = others if byline else ""
    article = extract(page(f"<div>{byline}</div>{PARAGRAPHS}", head=head, behind=behind))
    assert str(article.published) == published
    assert article.body.text == "\n".join(TEXT)


@pytest.mark.parametrize(
    "title",
    ["央行下调利率", "央行下调利率_财经_财迅网", "央行下调利率 - 财迅网", "央行下调利率|财迅"],
)
def test_a_title_is_without_its_site(title: str) -> None:
    answer = page(PARAGRAPHS, head=f"<title>{title}</title>", before="<h2>行情中心</h2>")
    assert extract(answer).title == "央行下调利率"


def test_medium_and_author() -> None:
    byline = (
        "<p>2026-09-30 13:10<span>来源：上海证券报</span><span>作者：王小明</span><a>分享</a></p>"
    )
    article = extract(page(byline + PARAGRAPHS))
    assert (article.media, article.author, article.lang) == ("上海证券报", "王小明", "zh")
    assert article.body.text == "\n".join(TEXT)


def test_a_title_with_quotes_that_end_its_attribute() -> None:
    head = (
        '<title>他说“半导体”已推动 | 财迅网</title><meta property="og:title" content="他说"半导体">'
    )
    answer = page(PARAGRAPHS, head)
    body = answer.body.replace("央行下调利率".encode(), '他说"半导体"已推动'.encode())
    assert extract(replace(answer, body=body)).title == '他说"半导体"已推动'


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<p>您访问的页面不存在，请返回首页查看其他内容。</p>", "no such page"),
        (
            "".join(f"<li><a href=/{n}.html>第{n}条新闻的标题是这样的</a></li>" for n in range(9)),
            "a page of links",
        ),
    ],
)
def test_a_page_that_is_no_article_is_named(body: str, sentence: str) -> None:
    with pytest.raises(ExtractionError, match=sentence):
        extract(page(f"<div class=content>{body}</div>"))


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
@pytest.mark.parametrize(("source", "name"), PAGES)
def test_a_page_that_is_cut_off_is_no_article(source: str, name: str, share: float) -> None:
    whole = answer_of(source, name, "https://e.cn/1.html")
    cut = replace(whole, body=whole.body[: int(len(whole.body) * share)])
    with pytest.raises(ExtractionError, match=r"cut off|no article|no text|not in utf-8"):
        extract(cut)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html></html>", b"<p>\xff</p>", b"<a href=/>x</a>"])
def test_a_page_without_an_article(body: bytes) -> None:
    with pytest.raises(ExtractionError, match=r"^https://e\.example/1 was not extracted: .+\.$"):
        extract(Answer("https://e.example/1", body, "text/html; charset=utf-8"))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=30)
@given(st.sampled_from(PAGES), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=9))))
def test_no_page_is_a_crash(file: tuple[str, str], changes: list[tuple[float, bytes]]) -> None:
    body = answer_of(*file, "").body
    for place, instead in changes:
        start = int(place * len(body))
        body = body[:start] + instead + body[start + 20 :]
    try:
        article = extract(Answer("https://e.example/1", body))
    except ExtractionError:
        return
    assert article.body.text


def test_the_library_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "trafilatura":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Exception, match="Extraction needs the package trafilatura"):
        extract(page(PARAGRAPHS))
