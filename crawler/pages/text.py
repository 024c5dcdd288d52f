"""The text of a page, and the links in it."""

from scrapy.http import Response, TextResponse

from archive.article_id import InfoCode
from archive.errors import InvalidInfoCode
from crawler.pages.errors import LayoutChanged

#: The white space of HTML; `str.strip` removes other characters as well.
HTML_WHITE_SPACE = " \t\n\f\r"


def text_of(page: type, response: Response) -> str:
    """Decode a response with the encoding that it states.

    No character is guessed: one that is lost here would be lost in the archive.

    :param page: the class of the page object that reads it; errors name it.
    :raises LayoutChanged: when it is not text, or not in that encoding.
    """
    if not isinstance(response, TextResponse):
        raise LayoutChanged(page, response.url, "it is not a page of text")
    try:
        response.body.decode(response.encoding)
    except UnicodeDecodeError as error:
        what = f"it is not {response.encoding}, as it states ({error.reason})"
        raise LayoutChanged(page, response.url, what) from error
    return response.text


def digest_in(summary: str | None) -> str | None:
    """Return the digest of rolling news, which lists write after its title: ``【title】digest``.

    The title ends where its bracket is closed; title and digest may contain brackets themselves.
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


def names(address: str, info_code: InfoCode) -> bool:
    """Return whether an address, or a code, is of an article."""
    try:
        return InfoCode.from_address(address) == info_code
    except InvalidInfoCode:
        return False


def absolute(response: Response, href: str) -> str:
    """Return the absolute address of a link, or the link itself where it is no address.

    White space around an address is no part of it (HTML, "valid URL potentially surrounded by
    spaces").
    """
    href = href.strip(HTML_WHITE_SPACE)
    try:
        return response.urljoin(href)
    except ValueError:  # such as http://[
        return href
