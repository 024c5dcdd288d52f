"""Convert the body of an article to safe HTML for the pages.

First the tree of the body is changed to the elements that the pages show. Then `nh3` removes
whatever is not on its list. The sanitizer runs last, so that no other step can undo its work.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape

import nh3
from lxml import etree, html

from archive.content.adverts import drop_adverts
from archive.content.body import read_body
from archive.content.credit import credits_in
from archive.content.images import is_chart, picture_address
from archive.content.securities import SECURITY_CODE, mentions_in
from archive.content.tree import drop, drop_hidden, parse
from archive.html_limits import is_nested_too_deep
from archive.translation import gettext

# An element that is not on the sanitizer's list, so that only its content stays.
_UNWRAPPED = "span"

_TAGS = frozenset(
    """
    a b blockquote br caption center code col colgroup dd del div dl dt em figcaption figure h2 h3
    h4 h5 h6 hr i img ins li ol p pre q s small strong sub sup table tbody td tfoot th thead tr u ul
    """.split()  # noqa: SIM905
)
# Elements that are removed with their content.
_CLOSED_TAGS = frozenset(
    """
    iframe math noembed noframes noscript object script select style svg template textarea title xmp
    """.split()  # noqa: SIM905
)

_NO_FILES: Mapping[str, str] = {}

# Alternative texts that sources write for every picture.
_MEANINGLESS = frozenset({"", "image", "img", "picture", "pic"})

_ALIGNABLE = ("div", "td", "th", "h2", "h3", "h4")
_ALIGNED_BY_STYLE = re.compile(r"(?:^|;)\s*text-align\s*:\s*(left|center|right)\b", re.IGNORECASE)
_ALIGNED = {"align": {"left", "center", "right"}}


def render_body(
    body: str, security_address: Callable[[str], str], stored: Mapping[str, str] = _NO_FILES
) -> str:
    """Return the HTML of a body that is safe to put into a page.

    Securities become links to their pages. Pictures are loaded late and without a referrer. A
    picture without a stored file is also a link to its address, and shows a text where it cannot be
    loaded. Adverts, hidden paragraphs, charts of today's prices, scripts, styles, forms, relative
    addresses and all schemes but http and https are removed. Of a body that is nested too deep,
    only the text is shown.

    :param body: any text.
    :param security_address: returns the address of a security's page from the security's code,
        such as ``1.600160``.
    :param stored: addresses of our stored files, by the original addresses of the pictures.
    """
    if is_nested_too_deep(body):  # nh3's time grows with the square of the levels
        body = "".join(f"<p>{escape(line)}</p>" for line in read_body(body).text.splitlines())
    root = parse(body)
    drop_adverts(root)
    drop_hidden(root)
    _link_securities(root, security_address)
    drop([image for image in root.iter("img") if is_chart(image.get("src", ""))])
    _show_pictures(root, stored)
    _drop_empty(root)
    _align(root)
    for heading in root.iter("h1"):
        heading.tag = "h2"
    text = html.tostring(root, encoding="unicode", with_tail=False)
    return _cleaner(security_address(""), frozenset(stored.values())).clean(text)


def _link_securities(root: etree._Element, address: Callable[[str], str]) -> None:
    for element, security in list(mentions_in(root, credits_in(root))):
        contains_link = element.find(".//a") is not None or element.find(".//img") is not None
        within_link = next(element.iterancestors("a"), None) is not None
        if element.tag == "img" or contains_link or within_link:
            continue
        element.tag = "a"
        element.set("href", address(security.code))
        element.set("class", "security")


def _show_pictures(root: etree._Element, stored: Mapping[str, str]) -> None:
    for image in list(root.iter("img")):
        source = image.get("src", "").strip()
        words = image.get("alt", "").strip()
        words = gettext("Picture") if words.lower() in _MEANINGLESS else words
        address = picture_address(source)
        if address is None:
            image.tag = _UNWRAPPED
            image.text = words if source else None
            continue
        image.set("src", stored.get(address, address))
        image.set("alt", words)
        if address not in stored and next(image.iterancestors("a"), None) is None:
            _wrap(image, html.Element("a", href=address))


def _wrap(element: etree._Element, around: etree._Element) -> None:
    element.addprevious(around)
    around.tail, element.tail = element.tail, None
    around.append(element)


def _drop_empty(root: etree._Element) -> None:
    for element in list(root.iter("a", "p", "center")):
        if element.find(".//img") is None and not "".join(element.itertext()).strip():
            element.tag = _UNWRAPPED


def _align(root: etree._Element) -> None:
    for element in root.iter("p", *_ALIGNABLE):
        if match := _ALIGNED_BY_STYLE.search(element.get("style", "")):
            element.set("align", match[1].lower())


@lru_cache(maxsize=64)
def _cleaner(securities: str, pictures: frozenset[str]) -> nh3.Cleaner:
    def ours(address: str) -> str | None:
        if address in pictures:
            return address
        code = address.removeprefix(securities)
        return address if code != address and SECURITY_CODE.fullmatch(code) else None

    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_CLOSED_TAGS,
        attributes={
            "a": {"href"},
            "img": {"src", "alt"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan"},
        },
        tag_attribute_values={
            **dict.fromkeys(_ALIGNABLE, _ALIGNED),
            "p": {**_ALIGNED, "class": {"em_media"}},
            "a": {"class": {"security"}},
        },
        set_tag_attribute_values={"img": {"loading": "lazy", "referrerpolicy": "no-referrer"}},
        url_schemes={"http", "https"},
        url_relative=ours,
        link_rel="noopener noreferrer nofollow",
    )
