"""Addresses of the web in the one form in which they can be compared."""

import re
from urllib.parse import parse_qsl, urlsplit

from w3lib.url import canonicalize_url, url_query_cleaner

from archive.errors import Refused, shortened

#: Parameters that name the way a reader came, not what is read.
_TRACKING = re.compile(
    r"utm_\w+|spm|spm_id_from|scm|fbclid|gclid|msclkid|yclid|mc_[ce]id|igshid|ref(?:_src)?|from"
    r"|share(?:_\w+)?|isappinstalled|wx_?share\w*|weibo_id|sudaref",
    re.IGNORECASE,
)

_MOST_CHARACTERS = 2_000
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_PORT = re.compile(r":(?:80|443)?$")


class InvalidAddress(Refused):
    """A text that is no address of the web."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{shortened(text)!r} is no address of the web, such as https://www.cls.cn/detail/1"
        )


def canonical_address(address: str) -> str:
    """Return the one form of all addresses that lead to the same page.

    The scheme is https, the host in small letters and without its usual port, the parameters are
    in order and without those that only name the way a reader came; there is no fragment.

    :raises InvalidAddress: when it is no address of the web.
    """
    text = address.strip()
    if not _SCHEME.match(text) or len(text) > _MOST_CHARACTERS:
        raise InvalidAddress(address)
    try:
        parts = urlsplit(text)
        if not parts.hostname or parts.port == 0 or parts.username or parts.password:
            raise InvalidAddress(address)
        names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        cleaned = url_query_cleaner(
            text, [one for one in names if _TRACKING.fullmatch(one)], remove=True
        )
        whole = urlsplit(canonicalize_url(cleaned))
    except ValueError as error:
        raise InvalidAddress(address) from error
    host = _PORT.sub("", whole.netloc.lower())
    if not host or re.search(r"\s", host):
        raise InvalidAddress(address)
    return f"https://{host}{whole.path or '/'}" + (f"?{whole.query}" if whole.query else "")
