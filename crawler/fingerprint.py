"""Request fingerprints that know articles, for Scrapy's dupefilter."""

from hashlib import sha1

from scrapy import Request
from scrapy.utils.request import RequestFingerprinter

ARTICLE = "finews_article"
"""Key of `Request.meta`: the InfoCode of the article that a request is for."""

EDITION = "finews_edition"
"""Key of `Request.meta`: the `Edition` of that article; None where any will do."""

STAGE = "finews_stage"
"""Key of `Request.meta`: what is asked of that article, such as its post page."""

POST_URL = "finews_post_url"
"""Key of `Request.meta`: where the article's post page is, if it has one."""

LISTED = "finews_listed"
"""Key of `Request.meta`: the `ListedFacts` of the article; None where no list names it."""

SAME_VALIDATORS = "finews_same_validators"
"""Key of `Request.meta`: true where the answer for a list has the validators of the last one."""

LIST = "finews_list"
"""Key of `Request.meta`: true for a list that may be asked for conditionally."""

SHARE_HOST = "finews_share_host"
"""Key of `Request.meta`: true where a share host is asked for an article's body."""

ANSWERS_JSON = "finews_json"
"""Key of `Request.meta`: true where a page in place of the answer means that we are not wanted."""

PICTURE = "finews_picture"
"""Key of `Request.meta`: the `MissingPicture` that a request is for."""

WIRE_HEAD = "finews_wire_head"
"""Key of `Request.meta`: the status line and the header lines of the response, as received."""

PAYLOAD = "finews_payload"
"""Key of `Request.meta`: of a `LIST`, the digest of what was received; before that, of what the
validators in the request are of, None where that is not known."""

REVISIT = "finews_revisit"
"""Key of `Request.meta`: true where the archive has the article and looks at it again."""


class ArticleFingerprinter(RequestFingerprinter):
    """One fingerprint for all addresses of the same thing of the same article."""

    def fingerprint(self, request: Request) -> bytes:
        """As Scrapy does it, but for requests that name their article.

        Only the mirror has two posts of an article: elsewhere, one answer is all there is. Another
        look at a post that is archived is no request for the other post.
        """
        if ARTICLE not in request.meta:
            return super().fingerprint(request)
        edition = (request.meta.get(POST_URL) and request.meta.get(EDITION)) or "news"
        look = "again" if request.meta.get(REVISIT) else "first"
        identity = f"{request.meta[STAGE]} of {request.meta[ARTICLE]} as {edition}, {look}"
        return sha1(identity.encode(), usedforsecurity=False).digest()
