"""Signatures of requests, which no table can describe.

A signature is a function of an address without one, and returns the address with it.
"""

import hashlib
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit


def cls(address: str) -> str:
    """Sign a request to the Cailian Press: the parameters by name, hashed twice.

    Values are hashed as they are, not as they are written in the address, and empty ones, too.
    """
    parameters = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    text = "&".join(f"{name}={value}" for name, value in sorted(parameters) if name != "sign")
    inner = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    sign = hashlib.md5(inner.encode(), usedforsecurity=False).hexdigest()
    return f"{address}&sign={sign}"


#: The functions by the name that a declaration gives them.
SIGNATURES: Mapping[str, Callable[[str], str]] = {"cls": cls}
