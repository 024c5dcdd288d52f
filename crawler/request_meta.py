"""Request fingerprints that know articles, for Scrapy's dupefilter."""

from hashlib import sha1

from scrapy import Request
from scrapy.utils.request import RequestFingerprinter

#: Key of `Request.meta`: the ArticleId of the article that a request is for.
ARTICLE = "finews_article"

#: Key of `Request.meta`: the `Edition` of that article; None where any will do.
EDITION = "finews_edition"

#: Key of `Request.meta`: which answer about that article is requested, such as its post page.
STAGE = "finews_stage"

#: Key of `Request.meta`: where the article's post page is, if it has one.
POST_URL = "finews_post_url"

#: Key of `Request.meta`: the `ListedFacts` of the article; None where no list names it.
LISTED = "finews_listed"

#: Key of `Request.meta`: true where the answer for a list has the validators of the last one.
SAME_VALIDATORS = "finews_same_validators"

#: Key of `Request.meta`: true for a list that may be requested conditionally.
LIST = "finews_list"

#: Key of `Request.meta`: true where an article's body is requested from a share host.
SHARE_HOST = "finews_share_host"

#: Key of `Request.meta`: true where a page in place of the answer is a refusal.
ANSWERS_JSON = "finews_json"

#: Key of `Request.meta`: the `MissingPicture` that a request is for.
PICTURE = "finews_picture"

#: Key of `Request.meta`: the status line and the header lines of the response, as received.
WIRE_HEAD = "finews_wire_head"

#: Key of `Request.meta`: of a `LIST`, the digest of what was received; before that, of what the
#: validators in the request are of, None where that is not known.
PAYLOAD = "finews_payload"

#: Key of `Request.meta`: true where the archive has the article and revisits it.
REVISIT = "finews_revisit"


class ArticleFingerprinter(RequestFingerprinter):
    """One fingerprint for all addresses of the same thing of the same article."""

    def fingerprint(self, request: Request) -> bytes:
        """Return Scrapy's fingerprint, or one of the article that the request names.

        Only the mirror has two posts of an article; other sources have one answer. A revisit of an
        archived post is no request for the other post.
        """
        if ARTICLE not in request.meta:
            return super().fingerprint(request)
        edition = (request.meta.get(POST_URL) and request.meta.get(EDITION)) or "news"
        visit = "again" if request.meta.get(REVISIT) else "first"
        identity = f"{request.meta[STAGE]} of {request.meta[ARTICLE]} as {edition}, {visit}"
        return sha1(identity.encode(), usedforsecurity=False).digest()
