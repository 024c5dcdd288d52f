"""Read and write the content of a post: front matter, body, pictures, securities, credit."""

from archive.content.atom import AtomEntry, AtomFeed
from archive.content.body import BodyFacts, read_body, same_article
from archive.content.carried_images import CarriedPicture, as_written, with_carried
from archive.content.credit import media_named_in
from archive.content.front_matter import (
    NO_FRONT_MATTER,
    Post,
    format_post,
    parse_post,
    place_of_post,
    post_path,
    quoted,
)
from archive.content.images import picture_address
from archive.content.safe_html import render_body
from archive.content.securities import SECURITY_CODE, Security, SecurityKind, with_named
