"""The identity of an article of any source."""

import hashlib
import re
from typing import Self

from archive.addresses import canonical_address
from archive.article import InfoCode
from archive.errors import Refused

EASTMONEY = "eastmoney"
"""The source whose articles are known by their info codes, whatever source names them."""

_SOURCE = r"[a-z][a-z0-9]{0,29}"
_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,78}[a-z0-9_-])?")
"""Ids that no file system and no address takes for another."""

_READABLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,58}[A-Za-z0-9_-])?")
_DIGEST = 12
"""Hexadecimal digits that tell ids apart which differ in capitals or other characters."""

_WHOLE = re.compile(
    rf"(?P<code>NW[0-9]{{15,20}})"
    rf"|(?P<source>{_SOURCE})-(?P<native>{_PLAIN.pattern}"
    rf"|(?:{_READABLE.pattern})?~[0-9a-f]{{{_DIGEST}}})"
)


class InvalidArticleId(Refused):
    """A text that identifies no article."""

    def __init__(self, text: str) -> None:
        shown = text if len(text) <= 120 else text[:117] + "..."
        super().__init__(
            f"{shown!r} is no id of an article: it is NW and 15 to 20 digits, or the name of a "
            "source, a hyphen and the source's own id, such as cls-2487646"
        )


class ArticleId(str):
    """The identity of an article, which is safe as the name of a file and in an address.

    Eastmoney's articles have their info code, ``NW202112292230175548``; all others the name of
    their source and its own id, ``cls-2487646``.

    :raises InvalidArticleId: for every other text.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        match = _WHOLE.fullmatch(text)
        if match is None or match["source"] == EASTMONEY:
            raise InvalidArticleId(text)
        return super().__new__(cls, text)

    @classmethod
    def of(cls, source: str, native: str) -> Self:
        """Return the identity of the article that has an id at its source.

        What no file name may hold is replaced, and a hash tells such ids apart. So do capitals,
        which some file systems ignore.

        :raises InvalidArticleId: when there is no id, or no source can have that name.
        :raises InvalidInfoCode: when an id of Eastmoney's is no info code.
        """
        if source == EASTMONEY:
            return cls(InfoCode(native))
        native = native.strip()
        if not native:
            raise InvalidArticleId(f"{source}-")
        if _PLAIN.fullmatch(native):
            return cls(f"{source}-{native}")
        readable = native if _READABLE.fullmatch(native) else ""
        digest = hashlib.sha256(native.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
        return cls(f"{source}-{readable}~{digest}")

    @classmethod
    def of_address(cls, source: str, address: str) -> Self:
        """Return the identity of an article that its source gives no id, by its address.

        :raises InvalidAddress: when it is no address of the web.
        """
        return cls.of(source, canonical_address(address))

    @property
    def source(self) -> str:
        """The name of the source whose id it is."""
        return EASTMONEY if self.is_info_code else self.partition("-")[0]

    @property
    def native(self) -> str:
        """The id at its source, as far as a file name can hold it."""
        return self[2:] if self.is_info_code else self.partition("-")[2]

    @property
    def is_info_code(self) -> bool:
        """Whether it is one of Eastmoney's articles."""
        return self.startswith("NW")
