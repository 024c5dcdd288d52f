"""Tokens of the search index: pairs of characters of folded text.

`archive.search.folding` defines folded text.
"""

from operator import add

from archive.search.folding import fold

# A token that every post has, so that a query of exclusions alone excludes from all posts. It is no
# token of a text, because those are never ASCII.
EVERY_POST = "post"

# End of an FTS5 phrase that finds every token with this beginning.
PREFIX = " *"

# Folded characters that are in many posts. Each has a token of its own; any other character is
# found as the first of a pair. Tokens for all characters would make the index 1.4 times as large;
# these make it 1.1 times as large, and a search for 的 takes a twentieth of the time.
# A change needs a migration that rebuilds the index.
_FREQUENT = frozenset(
    "　０１２３４５６７８９，．％。、：；（）－＂ｓａｅｉｈｚ？！"
    "的一年是在不了有和人中大为上个国我以要时来用生到作地于出就分对成会可主发经行公司市场资金"
    "产业月日增长同比亿元股价证券银投报告新高下前后者示信息本期数据交易海京万开体进动力能方面"
    "政策加收入利率理实现工部建设全与及其技术品家机构基多这济融将等从份计务展目美际保调表通关"
    "过净电债购涨"
)


def grams(text: str) -> str:
    """Return the tokens of a text for the index, separated by spaces.

    Pairs are in the order of the text, so that a longer term is a phrase of pairs. The last
    character is a token of its own, because it begins no pair.
    """
    folded = fold(text)
    single = sorted(_FREQUENT.intersection(folded))
    return " ".join([EVERY_POST, *single, *map(add, folded, folded[1:]), folded[-1:]])


def phrase(term: str) -> str:
    """Return the FTS5 phrase that finds a term in an index of `grams`.

    :param term: folded, not empty.
    """
    if len(term) == 1:
        return f'"{term}"' if term in _FREQUENT else f'"{term}"{PREFIX}'
    return f'"{" ".join(map(add, term, term[1:]))}"'


def character_of(expression: str) -> str:
    """Return the character that an FTS5 expression finds as the beginning of pairs; else empty."""
    return expression[1] if len(expression) == 3 + len(PREFIX) and PREFIX in expression else ""
