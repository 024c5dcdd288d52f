"""Estimate how often publishers edit articles, by group and by age.

The model. Edits of an article are a Poisson process in the logarithm of its age: each doubling of
the age brings as many edits as the one before, until the observations show another shape. The rate
is the product of a base, a factor for the age, and a factor for each group of the article, such as
its media. Factors of one kind, such as those of all media, are spread about 1 by a gamma
distribution. How widely is estimated too (empirical Bayes), so that a factor is the nearer to 1 the
fewer edits its group had, and the less the groups of its kind differ.

An edit is seen by the first revisit after it. When it happened is not known, so it is spread over
the time before, in proportion to the rates.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import lgamma, log, log1p
from typing import NamedTuple

#: Ages in hours at which another factor begins.
AGES = (0.0, 1.0, 3.0, 8.0, 24.0)
_END = 1_000_000.0

#: Hours that are added to an age, because the logarithm of 0 is infinite.
_FIRST = 0.25

#: What is believed before anything is observed: edits in a unit of the logarithm of the age, and
#: the units of observation that this is worth.
_BASE, _BASE_WEIGHT = 0.02, 50.0

#: How narrowly the factors of a kind may be spread: the reciprocals of the variance.
_STRENGTHS = tuple(2.0**power for power in range(-2, 9))

#: What the logarithm of the likelihood must gain by factors of a kind; less can be chance.
_LEAST_GAIN = 1.0

#: Factors are estimated in turn; after these rounds they change no more.
_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class RevisitedArticle:
    """What revisits found of an article. Ages are in hours since its publication.

    :param groups: such as ``media 财联社``, one of each kind.
    :param since: age at its arrival in the archive.
    :param until: age at its last check.
    :param edited: ages at which edits were found, in order.
    """

    groups: Sequence[str]
    since: float
    until: float
    edited: Sequence[float] = ()


class _Cell(NamedTuple):
    """A set of groups in a range of age; all its observations have the same rate."""

    groups: tuple[str, ...]
    age: int


@dataclass(frozen=True, slots=True)
class EditRates:
    """The rates that were learnt; the prior's where nothing could be.

    :param groups: factor of each group that was observed; empty where nothing was learnt.
    :param ages: factors of the ranges of `AGES`.
    """

    base: float = _BASE
    groups: Mapping[str, float] = field(default_factory=dict)
    ages: Sequence[float] = (1.0,) * len(AGES)

    def expected(self, groups: Iterable[str], since: float, until: float) -> float:
        """Return the number of edits that an article is expected to have between two ages."""
        spans = ((self.ages[age], span) for age, span in _spans(since, until))
        return self.rate(groups) * sum(factor * span for factor, span in spans)

    def rate(self, groups: Iterable[str]) -> float:
        """Return the rate of an article, without the factor of its age."""
        rate = self.base
        for group in groups:
            rate *= self.groups.get(group, 1.0)
        return rate


def learn(articles: Iterable[RevisitedArticle]) -> EditRates:
    """Estimate the rates from what revisits found; return the prior's where chance explains it."""
    observed: defaultdict[_Cell, float] = defaultdict(float)
    edits: list[tuple[tuple[str, ...], list[tuple[int, float]]]] = []
    for article in articles:
        groups = tuple(article.groups)
        for age, span in _spans(article.since, article.until):
            observed[_Cell(groups, age)] += span
        since = article.since
        for found in article.edited:
            edits.append((groups, list(_spans(since, found)) or [(_age_at(found), 1.0)]))
            since = found
    rates = EditRates()
    for _ in range(_ROUNDS):
        rates = _better(rates, observed, _spread(edits, rates))
    return rates if rates.groups else EditRates()


def _spread(
    edits: Iterable[tuple[tuple[str, ...], Sequence[tuple[int, float]]]], rates: EditRates
) -> Mapping[_Cell, float]:
    """Return the number of edits of each cell, those between two checks as parts of one."""
    found: defaultdict[_Cell, float] = defaultdict(float)
    for groups, spans in edits:
        weights = [rates.ages[age] * span for age, span in spans]
        for (age, _), weight in zip(spans, weights, strict=True):
            found[_Cell(groups, age)] += weight / sum(weights)
    return found


def _better(
    rates: EditRates, observed: Mapping[_Cell, float], edits: Mapping[_Cell, float]
) -> EditRates:
    """Return rates that fit the observations better: each factor, given the others."""
    cells = list(observed.keys() | edits.keys())
    cells.sort()  # sums of floats depend on the order
    groups, ages = dict(rates.groups), list(rates.ages)

    def relative(cell: _Cell) -> float:
        product = observed.get(cell, 0.0) * ages[cell.age]
        for group in cell.groups:
            product *= groups.get(group, 1.0)
        return product

    units = sum(map(relative, cells)) + _BASE_WEIGHT
    base = (sum(edits.values()) + _BASE * _BASE_WEIGHT) / units
    for kind in range(max((len(cell.groups) for cell in cells), default=0)):
        counts: defaultdict[str, _Counts] = defaultdict(_Counts)
        for cell in cells:
            group = cell.groups[kind]
            counts[group].add(edits, cell, base * relative(cell) / groups.get(group, 1.0))
        groups = {name: factor for name, factor in groups.items() if name not in counts}
        groups.update(zip(counts, _factors(list(counts.values())), strict=False))
    of_ages = [_Counts() for _ in AGES]
    for cell in cells:
        of_ages[cell.age].add(edits, cell, base * relative(cell) / ages[cell.age])
    return EditRates(base, groups, _factors(of_ages) or EditRates().ages)


@dataclass(slots=True)
class _Counts:
    """The edits of a group, and those that the other factors expect of it."""

    found: float = 0.0
    expected: float = 0.0

    def add(self, edits: Mapping[_Cell, float], cell: _Cell, expected: float) -> None:
        self.found += edits.get(cell, 0.0)
        self.expected += expected

    def likelihood(self, strength: float) -> float:
        """Return the logarithm of the likelihood of the edits, where a factor is gamma-distributed.

        The mean of the factor is 1. Terms that do not depend on the strength are left out.
        """
        return (
            lgamma(self.found + strength)
            - lgamma(strength)
            - self.found * log(strength)
            - (self.found + strength) * log1p(self.expected / strength)
        )


def _factors(counts: Sequence[_Counts]) -> list[float]:
    """Return the factors of a kind, in their order; none where chance explains the differences."""
    fits = {strength: sum(each.likelihood(strength) for each in counts) for strength in _STRENGTHS}
    strength = max(fits, key=fits.__getitem__)
    if fits[strength] + sum(each.expected for each in counts) <= _LEAST_GAIN:
        return []
    return [(each.found + strength) / (each.expected + strength) for each in counts]


def _spans(since: float, until: float) -> Iterator[tuple[int, float]]:
    """Yield the ranges of age between two ages, and the units of the logarithm in each."""
    since, until = max(since, 0.0), min(until, _END)
    for age, begin in enumerate(AGES):
        first, last = max(since, begin), min(until, _end_of(age))
        span = log((last + _FIRST) / (first + _FIRST)) if first < last else 0.0
        if span:
            yield age, span


def _end_of(age: int) -> float:
    return AGES[age + 1] if age + 1 < len(AGES) else _END


def _age_at(hours: float) -> int:
    return max(bisect_right(AGES, hours) - 1, 0)
