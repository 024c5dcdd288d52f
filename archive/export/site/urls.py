"""Addresses on the published site: those of the original, below any base address."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlsplit

from archive.errors import FinewsError

#: Characters that Jekyll does not escape in a path, besides letters, digits and ``-._~`` (RFC 3986,
#: pchar).
_IN_SEGMENT = "/!$&'()*+,;=:@~"

_SLUG = re.compile(r"(?:[^\W_]|[(（])[\w()（）·+&'!@=;$-]*(?: +[\w()（）·+&'!@=;$-]+)*")
#: Bytes of a slug; a file's name has 255 at most.
_MAX_SLUG = 200


def is_servable(slug: str) -> bool:
    """Return whether a category can be a folder and a page on every web server.

    Dots, slashes and characters with a meaning in addresses or shells are excluded. So are words
    that occur twice, which Jekyll would merge.
    """
    words = slug.split()
    short = len(slug.encode()) <= _MAX_SLUG
    return short and bool(_SLUG.fullmatch(slug)) and len(set(words)) == len(words)


@dataclass(frozen=True, slots=True)
class Address:
    """The address that the site is served at.

    :param origin: scheme and host, such as ``https://news.example.org``.
    :param path: the path below `origin`, without a slash at its end; empty at the root.
    """

    origin: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an address such as ``https://news.example.org/`` or ``https://example.org/news/``.

        :raises FinewsError: when the text is no such address.
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
                f"{text!r} is no address to publish at; use one such as https://news.example.org/."
            )
        return cls(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"))

    def of(self, path: str) -> str:
        """Return the absolute address of a page.

        :param path: path from the site's root, without a slash before it, not escaped.
        """
        return f"{self.origin}{self.path}/{quote(path, safe=_IN_SEGMENT)}"


def post_page(slug: str, published: str, name: str) -> str:
    """Return the path of a post's page, as Jekyll forms it: words of the category are folders.

    :param slug: a category that `is_servable`.
    :param published: publication time in Shanghai, ISO 8601.
    :param name: name of the post's file without its date and extension, such as ``NW2021…``.
    """
    folders = "/".join(dict.fromkeys(word.lower() for word in slug.split()))
    return f"{folders}/{published[:10].replace('-', '/')}/{name}.html"


def security_page(code: str) -> str:
    """Return the path of the page of a security."""
    return f"security/{code}.html"


def versions_page(name: str) -> str:
    """Return the path of the page of an article's versions.

    :param name: see `post_page`.
    """
    return f"versions/{name}.html"


def category_page(slug: str) -> str:
    """Return the path of the page that lists a category."""
    return f"category/{slug}.html"
