"""Render the mirror's pages as Jekyll does: home, posts, categories, feed, 404.

Every template has the form of a page of the real site, down to its empty lines, and repeats
its faults: `og:description` with its quotes unescaped, so that a post's body spills out before
<body>; categories and tags that are cut in two at a space; no way from home to the categories.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from demo.articles import SHANGHAI, Article
from demo.body import mirror_html

MIRROR_HOST = "finews.withounder.com"

#: A link on the home page that leaves the site.
FOREIGN_LINK = "https://news.example.com/a/202611200000000001.html"
#: A link on the home page in the form of a post's, with an invalid code.
BAD_POST_PATH = "/somemedia/2026/11/20/NW12.html"
#: HTML of both links: the only part of the home page that Jekyll does not generate.
STRAY_LINKS = (
    f'<ul>\n      <li><a href="{FOREIGN_LINK}">友情链接</a></li>\n'
    f'      <li><a href="{BAD_POST_PATH}">无此消息</a></li>\n  </ul>\n'
)

ROBOTS = "User-agent: *\nAllow: /\n"

_SITE = f"https://{MIRROR_HOST}"
_NAME = "金融消息"
_NEWEST_ON_HOME = 5
_NEWEST_IN_FEED = 10

_HOME_SOURCE = """{% for tag in site.tags %}
  <h2 id="{{ tag[0] }}">{{ tag[0] }}</h2>
  <ul>
    {% for post in tag[1] limit:5 %}
      <li><a href="{{ post.url }}">{{ post.title }}</a></li>
    {% endfor %}
  </ul>
  ---
{% endfor %}
"""
_MISSING_SOURCE = """## 404 找不到页面 Page Not Found

此页面不存在，您可能访问了过期的消息或者输入错误的网址。
"""
_MISSING_SECTION = """<h2 id="404-找不到页面-page-not-found">404 找不到页面 Page Not Found</h2>

<p>此页面不存在，您可能访问了过期的消息或者输入错误的网址。</p>
"""


@dataclass(frozen=True, slots=True)
class Post:
    """An article as a post of Jekyll."""

    article: Article
    path: str
    title: str
    date: datetime
    categories: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def content(self) -> str:
        """The rendered post, as in `section` and `og:description`."""
        article = self.article
        digest = f"<blockquote>\n  <p>{article.digest}</p>\n</blockquote>\n\n"
        return (
            f"{digest if article.is_rolling else ''}{mirror_html(article.body)}\n\n"
            f'<p><a href="{article.link}">{article.link}</a></p>\n\n'
            f'<p><a href="{article.category_link}">返回{article.tag}</a>｜'
            f'<a href="//{MIRROR_HOST}/">返回首页</a></p>\n'
        )

    @property
    def excerpt(self) -> str:
        """The text of the post up to its first empty line."""
        article = self.article
        return _text(article.digest or mirror_html(article.body).partition("\n\n")[0])


def rendered_site(articles: Sequence[Article], built: datetime) -> Mapping[str, str]:
    """Return decoded path → page of the mirror, built at `built` from these articles."""
    built = built.astimezone(SHANGHAI)
    posts = [_post(article, built) for article in articles]
    newest = sorted(posts, key=lambda post: (post.date, post.article.file_name), reverse=True)
    pages = {post.path: _post_page(post) for post in posts}
    for slug in dict.fromkeys(article.slug for article in articles):
        pages[f"/category/{slug}.html"] = _category_page(slug, newest)
    pages["/index.html"] = _home(newest)
    pages["/404.html"] = _missing_page()
    # The feed sorts the posts once more: of two with one time the last comes first.
    in_feed = sorted(newest, key=lambda post: post.date)[: -_NEWEST_IN_FEED - 1 : -1]
    pages["/feed.xml"] = _feed(in_feed, built)
    pages["/robots.txt"] = ROBOTS
    return pages


def _post(article: Article, built: datetime) -> Post:
    if article.broken:
        # Jekyll lost the front matter: the build's date, and a title made from the file's name.
        name = f"{article.published:%Y-%m-%d}-{article.name}"
        title = " ".join(word.capitalize() for word in name.split("-"))
        return Post(article, f"/{built:%Y/%m/%d}/{name}.html", title, built, (), ())
    # Jekyll cuts the categories and tags of the front matter at spaces.
    categories = tuple(article.slug.split())
    path = f"/{'/'.join(categories).lower()}/{article.published:%Y/%m/%d}/{article.name}.html"
    tags = tuple(article.tag.split())
    return Post(article, path, article.title, article.published, categories, tags)


def _post_page(post: Post) -> str:
    tags = " - ".join(f"<em>{tag}</em>" for tag in post.tags)
    return _page(
        path=post.path,
        title=post.title,
        source=post.content,
        section=(
            f"<small>(GMT+8, Asia/Shanghai, CST) {post.date:%Y-%m-%d %H:%M:%S}</small>\n"
            f"<h1>{post.title}</h1>\n\n{post.content}\n\n\n"
            f"{f'  <small>tags: {tags}</small>' if tags else ''}\n\n"
        ),
        published=post.date,
        description=post.excerpt,
    )


def _category_page(slug: str, newest: Iterable[Post]) -> str:
    # The page asks for the posts of its whole name; of a name with a space Jekyll has none.
    links = "".join(f"    {_item(post)}\n  \n" for post in newest if slug in post.categories)
    heading = '<h2 id=""></h2>\n\n' if links else ""
    return _page(
        path=f"/category/{slug}.html",
        title=_capitalized(slug),
        source="",
        section=f"\n{heading}<ul>\n  \n{links}</ul>\n",
    )


def _home(newest: Sequence[Post]) -> str:
    by_tag: dict[str, list[Post]] = {}
    for post in reversed(newest):
        for tag in post.tags:
            by_tag.setdefault(tag, []).insert(0, post)
    lists = "".join(
        f'<h2 id="{tag}">{tag}</h2>\n<ul>\n    \n'
        + "".join(f"      {_item(post)}\n    \n" for post in posts[:_NEWEST_ON_HOME])
        + "  </ul>\n<hr />\n\n"
        for tag, posts in by_tag.items()
    )
    return _page(path="/", title="首页", source=_HOME_SOURCE, section=f"\n{lists}{STRAY_LINKS}")


def _missing_page() -> str:
    return _page(path="/404.html", title="404", source=_MISSING_SOURCE, section=_MISSING_SECTION)


def _item(post: Post) -> str:
    return f'<li><a href="{post.path}">{post.title}</a></li>'


def _page(
    *,
    path: str,
    title: str,
    source: str,
    section: str,
    published: datetime | None = None,
    description: str = "",
) -> str:
    """Render a page in the site's layout. Only posts have `published`."""
    url = _SITE + quote(path, safe="/()")
    seo_title = _smart(_text(title))
    facts: dict[str, object] = {"@context": "https://schema.org"}
    author = {"@type": "Person", "name": "ZNing"}
    if published is None:
        kind = "WebSite" if path == "/" else "WebPage"
        facts |= {"@type": kind, "author": author, "headline": seo_title}
        facts |= {"name": _NAME, "url": url} if path == "/" else {"url": url}
        about = time = ""
    else:
        date = published.isoformat()
        facts |= {"@type": "BlogPosting", "author": author, "dateModified": date}
        facts |= {"datePublished": date, "description": description, "headline": seo_title}
        facts |= {"mainEntityOfPage": {"@type": "WebPage", "@id": url}, "url": url}
        about = (
            f'<meta name="description" content="{description}" />\n'
            f'<meta property="og:description" content="{description}" />\n'
        )
        time = f'<meta property="article:published_time" content="{date}" />\n'
    heading = f"{seo_title} | {_NAME}"
    return f"""<!DOCTYPE html>
<html lang="zh-CN">
  <head>
    <meta charset="UTF-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta property="og:type" content="website" />
    <meta property="og:title" content="{title}">
    <meta property="og:description" content="{source}">
    <meta property="og:url" content="{url.replace(MIRROR_HOST, "finews.zning.me")}">
<!-- Begin Jekyll SEO tag v2.8.0 -->
<title>{heading}</title>
<meta name="generator" content="Jekyll v4.3.1" />
<meta property="og:title" content="{seo_title}" />
<meta name="author" content="ZNing" />
<meta property="og:locale" content="zh_CN" />
{about}<link rel="canonical" href="{url}" />
<meta property="og:url" content="{url}" />
<meta property="og:site_name" content="{_NAME}" />
<meta property="og:type" content="{"article" if published else "website"}" />
{time}<meta name="twitter:card" content="summary" />
<meta property="twitter:title" content="{seo_title}" />
<script type="application/ld+json">
{json.dumps(facts, ensure_ascii=False, separators=(",", ":"))}</script>
<!-- End Jekyll SEO tag -->

    <link rel="stylesheet" href="/assets/css/style.css">
    <script type="text/JavaScript">
      function AutoRefresh( t ) {{ setTimeout("location.reload(true);", t); }}
    </script>
  </head>
  <body onload="JavaScript:AutoRefresh(60000);">
    <div class="wrapper">
      <header>
        <h1><a href="{_SITE}/">{_NAME}</a></h1>
        <p></p>
      </header>
      <section>

      {section}

      </section>
      <footer><p>&copy; 2021</p></footer>
    </div>
  </body>
</html>
"""


def _feed(newest: Iterable[Post], built: datetime) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-CN">'
        '<generator uri="https://jekyllrb.com/" version="4.3.1">Jekyll</generator>'
        f'<link href="{_SITE}/feed.xml" rel="self" type="application/atom+xml" />'
        f'<link href="{_SITE}/" rel="alternate" type="text/html" hreflang="zh-CN" />'
        f"<updated>{built.isoformat()}</updated><id>{_SITE}/feed.xml</id>"
        f'<title type="html">{_NAME}</title><author><name>ZNing</name></author>'
        f"{''.join(map(_entry, newest))}</feed>"
    )


def _entry(post: Post) -> str:
    url = _SITE + quote(post.path, safe="/()")
    title = _smart(_text(post.title))
    categories = "".join(f'<category term="{term}" />' for term in (*post.categories, *post.tags))
    return (
        f'<entry><title type="html">{title}</title>'
        f'<link href="{url}" rel="alternate" type="text/html" title="{title}" />'
        f"<published>{post.date.isoformat()}</published><updated>{post.date.isoformat()}</updated>"
        f"<id>{url.removesuffix('.html')}</id>"
        f'<content type="html" xml:base="{url}"><![CDATA[{post.content.strip()}]]></content>'
        f"<author><name>ZNing</name></author>{categories}"
        f'<summary type="html"><![CDATA[{post.excerpt}]]></summary></entry>'
    )


def _text(markup: str) -> str:
    """Return the text of markup, without tags and comments, escaped once, on one line."""
    bare = re.sub(r"<!--.*?-->|<.*?>", "", markup, flags=re.DOTALL)
    return html.escape(html.unescape(" ".join(bare.split())), quote=False)


def _smart(text: str) -> str:
    """Return the text with curly quotes, as the SEO tag and the feed write titles."""
    for straight, opening, closing in (('"', "“", "”"), ("'", "‘", "’")):
        text = re.sub(rf"(?<!\S){straight}", opening, text).replace(straight, closing)
    return text


def _capitalized(words: str) -> str:
    return re.sub(r"[A-Za-z]+", lambda letters: letters[0].capitalize(), words)
