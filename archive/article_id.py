"""The identity of an article of any source."""

import hashlib
import re
from datetime import date
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import GetCoreSchemaHandler
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function

from archive.addresses import canonical_address
from archive.errors import InvalidArticleId, InvalidInfoCode

#: The source whose articles are known by their info codes, whatever source names them.
EASTMONEY = "eastmoney"

_SOURCE = r"[a-z][a-z0-9]{0,29}"
#: Ids that no file system, no address and no static site takes for another.
_PLAIN = re.compile(
    r"(?!.*--|.*_[0-9a-f]{12}\Z)[a-z0-9](?:[a-z0-9_-]{0,78}[a-z0-9_])?",
)

#: The number of hexadecimal digits that distinguish ids which differ in capitals or other
#: characters.
_DIGEST = 12

_OF_SOURCE = re.compile(
    rf"(?P<source>{_SOURCE})-(?:{_PLAIN.pattern}"
    rf"|(?!.*--)(?:[A-Za-z0-9_][A-Za-z0-9_-]{{0,59}})?_[0-9a-f]{{{_DIGEST}}})"
)
_REPLACED = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST_READABLE = 60
_FILE_NAME = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2})?-(?P<id>[^/]+)\.md")

_HOST = "eastmoney.com"
_CODE = re.compile(r"(?:NW)?([0-9]{15,20})")
# Eastmoney's host of posts by private authors; the digits in its addresses are no info codes.
_OTHER_CODES = "caifuhao.eastmoney.com"
_QUERY_PARAMETER_BY_PAGE = {"NewsShare.html": "infoCode", "GetNewsText.do": "id"}
_CODE_IN_PATH = re.compile(
    r"""
    (?: .*/[0-9]{4}/[0-9]{2}/[0-9]{2}/ (?:[0-9]{4}-[0-9]{2}-[0-9]{2}-)?  # the mirror's posts
      | /a/                                                              # Eastmoney, today
      | /news/[0-9]+,                                                    # Eastmoney, older
    ) (?P<page>[^/]+)\.html
    |
    .*/api/article/ (?P<answer>[^/]+)                                    # Eastmoney's article API
    |
    (?: .*/ )? (?:[0-9]{4}-[0-9]{2}-[0-9]{2})? - (?P<file>[^/]+)\.md     # post files, dateless too
    """,
    re.VERBOSE,
)


class ArticleId(str):
    """The identity of an article, which is safe as the name of a file and in an address.

    Eastmoney's articles have their info code, ``NW202112292230175548``, which is an `InfoCode`; all
    others the name of their source and its own id, ``cls-2487646``.

    :raises InvalidArticleId: for every other text.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> "ArticleId":
        if text.startswith("NW") and _CODE.fullmatch(text):
            return InfoCode(text)
        match = _OF_SOURCE.fullmatch(text)
        if match is None or match["source"] == EASTMONEY:
            raise InvalidArticleId(text)
        return super().__new__(cls, text)

    @staticmethod
    def of(source: str, native: str) -> "ArticleId":
        """Return the identity of the article that has an id at its source.

        What no file name may contain is replaced, and a hash distinguishes such ids. So do
        capitals, which some file systems ignore.

        :raises InvalidArticleId: when there is no id, or no source can have that name.
        :raises InvalidInfoCode: when an id of Eastmoney's is no info code.
        """
        if source == EASTMONEY:
            return InfoCode(native)
        native = native.strip()
        if not native:
            raise InvalidArticleId(f"{source}-")
        if _PLAIN.fullmatch(native):
            return ArticleId(f"{source}-{native}")
        readable = _REPLACED.sub("-", native)[:_LONGEST_READABLE].strip("-")
        digest = hashlib.sha256(native.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
        return ArticleId(f"{source}-{readable}_{digest}")

    @staticmethod
    def of_address(source: str, address: str) -> "ArticleId":
        """Return the identity of an article that its source gives no id, by its address.

        :raises InvalidAddress: when it is no address of the web.
        """
        return ArticleId.of(source, canonical_address(address))

    @staticmethod
    def named_by(text: str) -> "ArticleId":
        """Return the identity that a text is, or that an address of Eastmoney's articles has.

        :raises InvalidArticleId: for every other text.
        """
        try:
            return InfoCode.from_address(text)
        except InvalidInfoCode:
            return ArticleId(text)

    @staticmethod
    def of_file(name: str) -> "ArticleId":
        """Return the identity in the name of a post file, such as ``2026-09-19-cls-2487646.md``.

        :raises InvalidArticleId: when no post of an archive has that name.
        """
        match = _FILE_NAME.fullmatch(name)
        if match is None:
            raise InvalidArticleId(name)
        return InfoCode(match["id"]) if _CODE.fullmatch(match["id"]) else ArticleId(match["id"])

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema with which pydantic reads an identity from a text."""
        return no_info_after_validator_function(cls, handler(str))

    @property
    def source(self) -> str:
        """The name of the source whose id it is."""
        return self.partition("-")[0]

    @property
    def native(self) -> str:
        """The id at its source, as far as a file name can hold it."""
        return self.partition("-")[2]

    @property
    def is_info_code(self) -> bool:
        """Whether it is one of Eastmoney's articles."""
        return isinstance(self, InfoCode)


class InfoCode(ArticleId):
    """The identity of an article of Eastmoney's: ``NW`` and 15 to 20 digits, in one spelling.

    ``InfoCode("202112292230175548") == "NW202112292230175548"``.

    :raises InvalidInfoCode: for every other text, so that no other text becomes part of a path.
    """

    __slots__ = ()

    def __new__(cls, code: str) -> Self:
        match = _CODE.fullmatch(code)
        if match is None:
            raise InvalidInfoCode(code)
        return str.__new__(cls, "NW" + match[1])

    @classmethod
    def from_address(cls, address: str) -> Self:
        """Read the code from an address of an article, or from the code itself.

        Accepts share links, share API calls, the mirror's post pages (also those rendered from
        broken front matter), Eastmoney's own pages, and post file names.

        :raises InvalidInfoCode: when the address has another form, or has no valid code.
        """
        code = address if _CODE.fullmatch(address) else _code_in(address)
        if code is None or not _CODE.fullmatch(code):
            raise InvalidInfoCode(address)
        return cls(code)

    @classmethod
    def at_eastmoney(cls, address: str) -> Self | None:
        """Return the code in an address at one of Eastmoney's hosts; None for all others.

        Digits in an address of another publisher are its own.
        """
        try:
            host = urlsplit(address).hostname or ""
            own = host == _HOST or host.endswith(f".{_HOST}")
            return cls.from_address(address) if own else None
        except ValueError:  # no address, or one without a code
            return None

    @property
    def source(self) -> str:
        """The name of the source whose id it is."""
        return EASTMONEY

    @property
    def native(self) -> str:
        """The id at its source."""
        return self.digits

    @property
    def digits(self) -> str:
        """The code without ``NW``, as Eastmoney's pages and rolling news write it."""
        return self[2:]

    @property
    def day(self) -> date | None:
        """The date at the beginning of the code; None where those digits are no date."""
        try:
            return date(int(self[2:6]), int(self[6:8]), int(self[8:10]))
        except ValueError:
            return None


def _code_in(address: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.hostname == _OTHER_CODES:
        return None
    path = unquote(parts.path)
    parameter = _QUERY_PARAMETER_BY_PAGE.get(path.rpartition("/")[2])
    if parameter is not None:
        codes = set(parse_qs(parts.query).get(parameter, ()))
        return codes.pop() if len(codes) == 1 else None
    match = _CODE_IN_PATH.fullmatch(path)
    return (match["page"] or match["answer"] or match["file"]) if match else None
