"""Estimate how often publishers edit articles, by group and by age.

The model. Edits of an article are a Poisson process in a power of its age: with the power 0 each
doubling of the age brings as many edits as the one before, with 1 each hour as many as another.
The power is the one that best explains by which ages edits were found. The rate is
the product of a base and a factor for each group of the article, such as its media. Factors of one
kind, such as those of all media, are spread about 1 by a gamma distribution. How widely is
estimated too (empirical Bayes), so that a factor is the nearer to 1 the fewer edits its group had,
and the less the groups of its kind differ.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import lgamma, log, log1p, prod

#: The powers of the age that are tried; without observations, the first is believed.
POWERS = (0.0, -0.5, 0.5, 1.0)

#: Hours that are added to an age, because the logarithm of 0 is infinite.
_FIRST = 0.25

#: What is believed before anything is observed: edits in a unit of the age's power, and the units
#: of observation that this is worth.
_BASE, _BASE_WEIGHT = 0.02, 50.0

#: How narrowly the factors of a kind may be spread: the reciprocals of the variance.
_STRENGTHS = tuple(2.0**power for power in range(-2, 9))

#: What the logarithm of the likelihood must gain by factors of a kind, or by another power; less
#: can be chance.
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


@dataclass(slots=True)
class _Counts:
    """The edits that were found, and those that were expected or the units of observation."""

    found: float = 0.0
    expected: float = 0.0

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


@dataclass(frozen=True, slots=True)
class EditRates:
    """The rates that were learnt; those that are believed before where nothing could be.

    :param groups: factor of each group that was observed.
    :param power: of the age.
    """

    base: float = _BASE
    groups: Mapping[str, float] = field(default_factory=dict)
    power: float = POWERS[0]

    @property
    def are_learnt(self) -> bool:
        """Whether anything was learnt that changes the order of revisits."""
        return bool(self.groups) or self.power != POWERS[0]

    def expected(self, groups: Iterable[str], since: float, until: float) -> float:
        """Return the number of edits that an article is expected to have between two ages."""
        rate = self.base
        for group in groups:
            rate *= self.groups.get(group, 1.0)
        return rate * _units(self.power, since, until)


def learn(articles: Iterable[RevisitedArticle]) -> EditRates:
    """Estimate the rates from what revisits found; return the prior's where chance explains it."""
    articles = list(articles)
    power = _best_power(articles)
    cells: defaultdict[tuple[str, ...], _Counts] = defaultdict(_Counts)
    for article in articles:
        cell = cells[tuple(article.groups)]
        cell.found += len(article.edited)
        cell.expected += _units(power, article.since, article.until)
    rates = EditRates(power=power)
    for _ in range(_ROUNDS):
        rates = _better(rates, cells)
    return rates if rates.are_learnt else EditRates()


def _best_power(articles: Sequence[RevisitedArticle]) -> float:
    """Return the power of the age that makes the edits most likely."""
    pauses = [pause for article in articles for pause in _pauses(article)]
    fits: dict[float, float] = {}
    for power in POWERS:
        units = sum(_units(power, each.since, each.until) for each in articles)
        fits[power] = sum(log(_units(power, *pause) / units) for pause in pauses)
    best = max(fits, key=fits.__getitem__)
    return best if fits[best] - fits[POWERS[0]] > _LEAST_GAIN else POWERS[0]


def _pauses(article: RevisitedArticle) -> Iterator[tuple[float, float]]:
    """Yield the ages between which each edit came."""
    since = article.since
    for found in article.edited:
        if _units(POWERS[0], since, found) > 0 and found <= article.until:
            yield since, found
        since = found


def _better(rates: EditRates, cells: Mapping[tuple[str, ...], _Counts]) -> EditRates:
    """Return rates that fit the observations better: each factor, given the others.

    :param cells: the edits that articles of the same groups had, and their units of observation.
    """
    groups = dict(rates.groups)

    def relative(cell: tuple[str, ...]) -> float:
        return cells[cell].expected * prod(groups.get(group, 1.0) for group in cell)

    names = sorted(cells)  # sums of floats depend on the order
    found = sum(cells[cell].found for cell in names)
    base = (found + _BASE * _BASE_WEIGHT) / (sum(map(relative, names)) + _BASE_WEIGHT)
    for kind in range(max(map(len, names), default=0)):
        counts: defaultdict[str, _Counts] = defaultdict(_Counts)
        for cell in names:
            group = counts[cell[kind]]
            group.found += cells[cell].found
            group.expected += base * relative(cell) / groups.get(cell[kind], 1.0)
        groups = {name: factor for name, factor in groups.items() if name not in counts}
        groups.update(zip(counts, _factors(list(counts.values())), strict=False))
    return replace(rates, base=base, groups=groups)


def _factors(counts: Sequence[_Counts]) -> list[float]:
    """Return the factors of a kind, in their order; none where chance explains the differences."""
    fits = {strength: sum(each.likelihood(strength) for each in counts) for strength in _STRENGTHS}
    strength = max(fits, key=fits.__getitem__)
    if fits[strength] + sum(each.expected for each in counts) <= _LEAST_GAIN:
        return []
    return [(each.found + strength) / (each.expected + strength) for each in counts]


def _units(power: float, since: float, until: float) -> float:
    """Return the units of an age's power between two ages."""
    first, last = max(since, 0.0) + _FIRST, until + _FIRST
    if last <= first:
        return 0.0
    return (last**power - first**power) / power if power else log(last / first)
