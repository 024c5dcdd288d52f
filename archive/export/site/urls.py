"""Where things are on the published site: the original's addresses, below any base address."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlsplit

from archive.errors import FinewsError

_IN_SEGMENT = "/!$&'()*+,;=:@~"
"""What Jekyll leaves in a path, beside letters, digits and ``-._~`` (RFC 3986, pchar)."""

_SLUG = re.compile(r"(?:[^\W_]|[(（])[\w()（）·+&'!@=;$-]*(?: +[\w()（）·+&'!@=;$-]+)*")
_LONGEST_SLUG = 200
"""Bytes; a file's name has 255 at most."""


def is_servable(slug: str) -> bool:
    """Whether a category can be a folder and a page wherever the site is served.

    Dots, slashes and what means something in an address or to a shell are not; Jekyll would
    also take a word that comes twice for one.
    """
    words = slug.split()
    short = len(slug.encode()) <= _LONGEST_SLUG
    return short and bool(_SLUG.fullmatch(slug)) and len(set(words)) == len(words)


@dataclass(frozen=True, slots=True)
class Address:
    """The address that the site is served at.

    :param origin: such as ``https://news.example.org``.
    :param path: the path below it, without a slash at its end; empty at the root.
    """

    origin: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``https://news.example.org/`` or ``https://example.org/news/``.

        :raises FinewsError: when it is no such address.
        """
        try:
            parts = urlsplit(text)
            whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            whole = None
        if whole and "@" in parts.netloc:
            raise FinewsError("The address has a user name or a password; leave it out.")
        if not whole or parts.query or parts.fragment or re.search(r"[\x00-\x20\"'<>\\]", text):
            raise FinewsError(
                f"{text!r} is no address to publish at; say one such as https://news.example.org/."
            )
        return cls(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"))

    def of(self, path: str) -> str:
        """Absolute address of a page.

        :param path: from the site's root, without a slash before it, not escaped.
        """
        return f"{self.origin}{self.path}/{quote(path, safe=_IN_SEGMENT)}"


def post_page(slug: str, published: str, name: str) -> str:
    """Path of a post's page, as Jekyll makes it: words of the category are folders.

    :param slug: one that `is_servable`.
    :param published: ISO 8601, in Shanghai.
    :param name: of the post's file without its date and extension, such as ``NW2021…``.
    """
    folders = "/".join(dict.fromkeys(word.lower() for word in slug.split()))
    return f"{folders}/{published[:10].replace('-', '/')}/{name}.html"


def category_page(slug: str) -> str:
    """Path of the page that lists a category."""
    return f"category/{slug}.html"
