"""The body of an article, made harmless and fit for our pages.

Two steps: the tree of the body is changed to what we want to show, then `nh3` takes out of it
whatever is not on its list. The sanitizer is last, so nothing that we did can undo it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape

import nh3
from lxml import etree, html
from parsel import Selector

from archive.body import SECURITY_CODE, picture_address, read_body, security_of
from archive.markup import is_nested_too_deep, without_overloaded_tags

_UNWRAPPED = "span"
"""Not on the sanitizer's list: only what is inside stays."""

_TAGS = frozenset(
    """
    a b blockquote br caption center code col colgroup dd del div dl dt em figcaption figure h2 h3
    h4 h5 h6 hr i img ins li ol p pre q s small strong sub sup table tbody td tfoot th thead tr u ul
    """.split()  # noqa: SIM905
)
_CLOSED_TAGS = frozenset(
    """
    iframe math noembed noframes noscript object script select style svg template textarea title xmp
    """.split()  # noqa: SIM905
)
"""What is inside these goes with them."""

_NONE_KEPT: Mapping[str, str] = {}

_ALIGNABLE = ("div", "td", "th", "h2", "h3", "h4")
_ALIGNED = {"align": {"left", "center", "right"}}


def render_body(
    body: str, security_address: Callable[[str], str], kept: Mapping[str, str] = _NONE_KEPT
) -> str:
    """HTML of a body that is safe to put into a page.

    Securities become links to their pages; pictures load late and do not say who reads. Scripts,
    styles, forms, relative addresses and every scheme but http and https are gone. Only the text is
    shown of a body that is nested deeper than any article.

    :param body: any text.
    :param security_address: address of a security's page from its code, such as ``1.600160``.
    :param kept: our addresses of the pictures that are kept, by the addresses they came from.
    """
    if is_nested_too_deep(body):  # nh3 takes the square of the levels
        body = "".join(f"<p>{escape(line)}</p>" for line in read_body(body).text.splitlines())
    root = Selector(text=without_overloaded_tags(body) or " ", type="html").root
    _link_securities(root, security_address)
    _keep_pictures(root, kept)
    _drop_empty(root)
    for heading in root.iter("h1"):
        heading.tag = "h2"
    text = html.tostring(root, encoding="unicode", with_tail=False)
    return _cleaner(security_address(""), frozenset(kept.values())).clean(text)


def _link_securities(root: etree._Element, address: Callable[[str], str]) -> None:
    for element in list(root.iter("a", "span")):
        security = security_of(element)
        holds_link = element.find(".//a") is not None or element.find(".//img") is not None
        within_link = next(element.iterancestors("a"), None) is not None
        if security is None or holds_link or within_link:
            continue
        element.tag = "a"
        element.set("href", address(security.code))
        element.set("class", "security")


def _keep_pictures(root: etree._Element, kept: Mapping[str, str]) -> None:
    for image in list(root.iter("img")):
        address = picture_address(image.get("src", ""))
        if address is None:
            image.tag = _UNWRAPPED
        else:
            image.set("src", kept.get(address, address))


def _drop_empty(root: etree._Element) -> None:
    for element in list(root.iter("a", "p", "center")):
        if element.find(".//img") is None and not "".join(element.itertext()).strip():
            element.tag = _UNWRAPPED


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
            "img": {"src"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan"},
        },
        tag_attribute_values={
            **dict.fromkeys(_ALIGNABLE, _ALIGNED),
            "p": {**_ALIGNED, "class": {"em_media"}},
            "a": {"class": {"security"}},
        },
        # An empty alt lets a picture that is gone vanish without a hole.
        set_tag_attribute_values={
            "img": {"alt": "", "loading": "lazy", "referrerpolicy": "no-referrer"}
        },
        url_schemes={"http", "https"},
        url_relative=ours,
        link_rel="noopener noreferrer nofollow",
    )
