"""The text of a page, and the links in it."""

from scrapy.http import Response, TextResponse

from crawler.pages.errors import LayoutChanged

HTML_WHITE_SPACE = " \t\n\f\r"
"""Of HTML, which has other characters than `str.strip` takes away."""


def text_of(page: type, response: Response) -> str:
    """Decode a response, by what it says of itself.

    Not a single character is guessed: one that is lost here would be lost in the archive.

    :raises LayoutChanged: in the name of `page`, when it is not text, or not in the encoding that
        it is said to have.
    """
    if not isinstance(response, TextResponse):
        raise LayoutChanged(page, response.url, "it is not a page of text")
    try:
        response.body.decode(response.encoding)
    except UnicodeDecodeError as error:
        what = f"it is not {response.encoding} as it says ({error.reason})"
        raise LayoutChanged(page, response.url, what) from error
    return response.text


def digest_in(summary: str | None) -> str | None:
    """The digest of rolling news, which lists write behind its title: ``【title】digest``.

    The title ends where its bracket is closed: brackets in it, and in the digest, are theirs.
    """
    text = (summary or "").strip()
    if not text.startswith("【"):
        return text or None
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "【") - (character == "】")
        if not depth:
            return text[place + 1 :].strip() or None
    return text.partition("】")[2].strip() or None


def absolute(response: Response, href: str) -> str:
    """Where a link leads; as it is where that is no address, so that it takes no other with it.

    White space around an address is no part of it (HTML, "valid URL potentially surrounded by
    spaces").
    """
    href = href.strip(HTML_WHITE_SPACE)
    try:
        return response.urljoin(href)
    except ValueError:  # such as http://[
        return href
