"""Generate the post file that a correct crawl archives for an article, byte for byte.

The demo's own code writes it in the site's post format: tests compare the archive with it.
"""

from demo.articles import Article


def expected_post(article: Article) -> bytes:
    """Return the post's bytes: UTF-8, LF, no line end after the last line."""
    title = article.title.replace("\\", "\\\\").replace('"', '\\"')
    body = article.api_body.replace("\u3000\u3000", "")
    lines = [
        "---",
        "layout: post",
        f'title: "{title}"',
        f"date: {article.published:%Y-%m-%d %H:%M:%S} +0800",
        f"categories: {article.slug}",
        f"tags: {article.tag}",
        "---",
        *([f"> {article.digest}", ""] if article.is_rolling else []),
        body,
        "",
        f"<{article.link}>",
        "",
        f"[返回{article.tag}]({article.category_link})｜[返回首页](//finews.withounder.com/)",
    ]
    return "\n".join(lines).encode()
