"""Order the articles that are due for a revisit, when more are due than may be requested."""

from collections.abc import Sequence
from dataclasses import dataclass

from archive.revisits.edit_rates import EditRates

#: One in so many revisits is of the article that has waited longest: no article waits for ever, and
#: what is learnt does not depend on what was believed.
_LONGEST_WAITING = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that is due. Ages are in hours since its publication.

    :param id: of the article.
    :param groups: see `RevisitedArticle`.
    :param since: age at the last check.
    :param until: age now.
    """

    id: str
    groups: Sequence[str]
    since: float
    until: float


def in_order(due: Sequence[Candidate], rates: EditRates, limit: int) -> list[str]:
    """Return the ids of the articles to revisit: at most so many, and no article twice.

    Where nothing was learnt, the order is that of the fixed schedule.

    :param due: in the order of the fixed schedule, the longest overdue first.
    """
    if len(due) <= limit or not rates.are_learnt:
        return [each.id for each in due[:limit]]
    first = due[: -(-limit // _LONGEST_WAITING)]
    edits = {
        each.id: rates.expected(each.groups, each.since, each.until) for each in due[len(first) :]
    }
    best = sorted(edits, key=lambda article: (-edits[article], article))
    return [*(each.id for each in first), *best[: limit - len(first)]]
