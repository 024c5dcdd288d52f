"""The securities that a source names with an article, or marks up in it."""

from dataclasses import dataclass, replace

from archive.article import Found
from crawler.declarations.bodies import Body
from crawler.declarations.model import Declaration
from crawler.declarations.paths import find_all
from crawler.declarations.reading import Scope
from crawler.declarations.values import SecurityValues


@dataclass(frozen=True, slots=True)
class Mention:
    """A security that a source names.

    :param market: in the source's own words; None where it gives none.
    :param eastmoney: Eastmoney's number of the market, where the declaration has it.
    :param found: in a field of the answer, or in the mark-up of the body.
    """

    market: str | None
    code: str
    name: str | None
    eastmoney: int | None
    found: Found = Found.FIELD


def mentions_of(
    declaration: Declaration, scope: Scope, securities: SecurityValues | None, body: Body | None
) -> tuple[Mention, ...]:
    """Return the securities that an entry or an article names, each once."""
    mentions = [
        Mention(str(one.market), one.symbol, one.name, one.market, Found.MARKUP)
        for one in (body.securities if body else ())
    ]
    for each in find_all(scope.entry, securities.each) if securities else ():
        assert securities
        named = replace(scope, entry=each)
        if code := named.line(securities.code):
            market = named.line(securities.market)
            known = declaration.markets.get(market or "")
            mentions.append(Mention(market, code, named.line(securities.name), known))
    found: dict[tuple[str | None, str], Mention] = {}
    for mention in mentions:
        found.setdefault((mention.market, mention.code), mention)
    return tuple(found.values())
