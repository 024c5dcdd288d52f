"""Compare two versions of an article, and classify what its publisher changed."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from archive.article import SHANGHAI, BodySource, Precision
from archive.edits.comparable import comparable_body
from archive.edits.edit import Edit, EditClass
from archive.edits.folding import INVISIBLE, fold
from archive.edits.notices import is_marked
from archive.edits.text_edits import edits_of_texts, edits_of_titles
from archive.edits.words import key_of

# Sources that publish the same body of an article: the mirror renders the answer of the share API,
# and Eastmoney's pages are generated from the answer of the article API.
_FAMILIES = (
    frozenset({BodySource.MIRROR, BodySource.SHARE_API}),
    frozenset({BodySource.ARTICLE_PAGE, BodySource.ARTICLE_API}),
)

_ELLIPSIS = "..."

# The site behind a title in <title>: …_新浪财经_新浪网   …-华尔街见闻   …--经济·科技--人民网
_SITE = re.compile(
    r"(?:[-_|][^-_|,:]{1,8}){0,2}[-_|][^-_|,:]{0,8}(?:网|财经|新闻|见闻|频道|客户端)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedVersion:
    """A version of an article, as far as it is compared.

    :param published: aware.
    :param precision: of `published`.
    :param body: HTML.
    :param body_source: None where it is not known.
    :param securities: codes, such as ``1.600160``.
    :param edition: the post of the article that this is a version of; None for an article with one.
    :param extractor: name and version of what took the body from a page; None for a body that an
        API answered.
    """

    title: str
    body: str
    published: datetime
    body_source: BodySource | None
    securities: Collection[str] = ()
    media: str | None = None
    edition: str | None = None
    extractor: str | None = None
    precision: Precision = Precision.SECOND


def are_alike(before: ComparedVersion, after: ComparedVersion) -> bool:
    """Return whether a difference between two versions can be an edit by the publisher.

    Otherwise it can come from another source of the body, or from another extractor.
    """
    if before.body_source is None or after.body_source is None:
        return False
    if before.extractor != after.extractor:
        return False
    sources = {before.body_source, after.body_source}
    return len(sources) == 1 or any(sources <= family for family in _FAMILIES)


def edits_between(before: ComparedVersion, after: ComparedVersion) -> tuple[Edit, ...]:
    """Return what the publisher changed, in the order of `EditClass`.

    Nothing is returned for versions that are equal, or not alike. `EditClass.MARKUP` is returned
    alone, where the HTML differs and nothing else.
    """
    if before == after or not are_alike(before, after):
        return ()
    found = [*_titles(before, after), *_bodies(before, after), *_times(before, after)]
    if not found and before.body != after.body:
        found = [Edit(EditClass.MARKUP, "", "")]
    order = list(EditClass)
    return tuple(sorted(dict.fromkeys(found), key=lambda edit: order.index(edit.edit_class)))


def _titles(before: ComparedVersion, after: ComparedVersion) -> Iterator[Edit]:
    old, new = (" ".join(INVISIBLE.sub("", one.title).split()) for one in (before, after))
    keys = key_of(fold(old)), key_of(fold(new))
    if keys[0] == keys[1] or _is_cut(*keys) or _is_cut(*reversed(keys)):
        return
    yield from edits_of_titles(old, new, _year_of(before))
    if is_marked(fold(new)) and not is_marked(fold(old)):
        yield Edit(EditClass.RETRACTION, old, new)


def _is_cut(short: str, title: str) -> bool:
    """Return whether a title is another one without its end: cut, as in lists, or a site's name."""
    rest = title.removeprefix(short.removesuffix(_ELLIPSIS))
    return rest != title and (short.endswith(_ELLIPSIS) or _SITE.fullmatch(rest) is not None)


def _bodies(before: ComparedVersion, after: ComparedVersion) -> Iterator[Edit]:
    charted: frozenset[str] = frozenset()
    if before.body != after.body:
        old = comparable_body(before.body, before.media)
        new = comparable_body(after.body, after.media)
        charted = old.charted | new.charted
        yield from edits_of_texts(old.lines, new.lines, _year_of(before))
    if (before.body_source, before.edition) == (after.body_source, after.edition):
        removed = sorted(set(before.securities) - set(after.securities) - charted)
        added = sorted(set(after.securities) - set(before.securities) - charted)
        if removed or added:
            yield Edit(EditClass.SECURITIES, " ".join(removed), " ".join(added))


def _year_of(version: ComparedVersion) -> int:
    return version.published.astimezone(SHANGHAI).year


def _times(before: ComparedVersion, after: ComparedVersion) -> Iterator[Edit]:
    """Yield the move of a time that one source states, to the minute or to the day.

    Another source may state another time of the same publication, and pages leave out the seconds.
    """
    precisions = {before.precision, after.precision}
    if before.body_source != after.body_source or Precision.FETCHED in precisions:
        return
    old, new = (each.published.astimezone(SHANGHAI) for each in (before, after))
    if Precision.DAY in precisions:
        moved = old.date() != new.date()
    else:
        moved = old.replace(second=0, microsecond=0) != new.replace(second=0, microsecond=0)
    if moved:
        yield Edit(EditClass.PUBLISHED, old.isoformat(), new.isoformat())
