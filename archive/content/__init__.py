"""What a body is made of: text, pictures, securities, the credit, and adverts."""

from archive.content.body import BodyFacts, read_body, same_article
from archive.content.credit import media_named_in
from archive.content.images import picture_address
from archive.content.securities import SECURITY_CODE, Security, SecurityKind, with_listed

__all__ = [
    "SECURITY_CODE",
    "BodyFacts",
    "Security",
    "SecurityKind",
    "media_named_in",
    "picture_address",
    "read_body",
    "same_article",
    "with_listed",
]
