"""Articles that attack a Jekyll site."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode
from archive.html_limits import MOST_LEVELS
from tests.support.tricky import TRICKY

NOON = datetime(2021, 12, 29, 12, tzinfo=SHANGHAI)

SWALLOWING = ("<!-- ", "<textarea>", "<title>", "</section></div>", "<table><tr>", "<ul><li>")

LIQUID = "{% include nothing.html %}{{ 7 | times: 7 }}{% endraw %}{% highlight x %}"

MARKDOWN = "# 一\n\n{::options parse_block_html='true' /}\n\n[a][b]\n\n```\n$$x$$\n\n---\n\n* a\n"


def hostile_articles() -> Iterator[Article]:
    """Return articles with hostile titles, bodies, categories and times."""
    bodies = [
        LIQUID,
        MARKDOWN,
        *SWALLOWING,
        "<div>" * MOST_LEVELS,
        "<p>甲\x00\x1b\x85\u2028乙</p>\r\n",
    ]
    bodies += [
        "---\ntitle: x\n---\n",
        "\n\n\n<p>三行之后</p>",
        TRICKY.body,
        "> 引\n\n<p>非摘要</p>",
    ]
    titles = [
        TRICKY.title,
        LIQUID,
        "<script>document.title='owned'</script>",
        "<b>",
        "-->",
        "\u3000",
    ]
    titles = [f"{title}题" for title in titles]
    slugs = ["../../x", "a/b", ".", "a b a", "no", "2022", "_x", "a:title", "涨停 板", "Wind", "x~"]
    slugs += ["%2e%2e", "#x", "a?b", "category", "assets", "长" * 80, "（香港）研究"]
    times = [datetime(1, 1, 2), datetime(1988, 7, 1, 0, 30), datetime(2999, 1, 1)]  # noqa: DTZ001
    days = (NOON, *(time.replace(tzinfo=SHANGHAI) for time in times))
    fields = [
        *({"body": body} for body in bodies),
        *({"body": body, "category": "emnews", "tag": "东财滚动新闻"} for body in bodies),
        *({"title": title} for title in titles),
        *({"category": slug, "tag": f"{slug}新闻"} for slug in slugs),
        *({"published": day} for day in days),
        {"digest": "<i>摘</i> {{ x }}", "category": "emnews", "tag": "东财滚动新闻"},
        {"media": None, "category": "..", "tag": "x"},
        {"link": "http://x/?a=1&b='2'"},
    ]
    for number, values in enumerate(fields):
        defaults: dict[str, object] = {
            "title": f"第 {number} 篇",
            "published": NOON + timedelta(seconds=number),
            "category": "jingjiguanchawang",
            "tag": "经济观察网新闻",
            "media": "经济观察网",
            "body": "<p>正文</p>",
            "link": "http://x/",
            "body_source": BodySource.SHARE_API,
            "info_code": InfoCode(f"NW20211229{number:010d}"),
        }
        yield Article(**{**defaults, **values})  # type: ignore[arg-type]
