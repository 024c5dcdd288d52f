"""Chinese text as pairs of characters, and queries over them.

The search sees *folded* text: every character counts, but

- a full-width form, or another compatibility form of one character, equals the plain one
  (``ＡＩ`` is ``AI``, ``，`` is ``,``), and capitals equal small letters;
- curly double quotes equal straight ones;
- white space of any kind and length, control characters included, is one space;
- characters that show nothing (zero-width spaces, direction marks: Unicode's Cf) are left out.

A query is terms separated by white space. A post is found when its title, digest or text has
every term as a substring, each term anywhere. ``"two words"`` is one term with a space in it, in
straight or curly quotes; quotes are read so only where a term begins and ends, elsewhere they are
text, so that no phrase can contain a quote before a space. A quote that begins a term and is not
closed is left out. ``-term`` and ``-"two words"`` exclude; only exclusions find all the rest. A
query without a term finds nothing.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from operator import add

# Characters of a query that are read; a longer query is cut.
MAX_QUERY = 300

# Terms of a query that are used, because the search for a single character takes milliseconds.
MAX_TERMS = 20

SPACE = "\u3000"
# A token that every post has, so that a query of exclusions alone excludes from all posts. It is no
# token of a text, because those are never ASCII.
_EVERY_POST = "post"

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

_WIDE = ord("！") - ord("!")
_QUOTES = "“”„‟"
_TERM = re.compile("(?P<minus>－)?(?:＂(?P<phrase>.*?)＂(?=　|$)|＂?(?P<word>[^　]+))")


class _Folding(dict[int, str]):
    """A table for `str.translate`, which adds each character when it is first used."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


# The FTS5 expression that no post matches.
NOTHING = '""'


def _fold_character(character: str) -> str:
    """Return the folded form of a character: one character, or none.

    ASCII is replaced by full-width forms, because FTS5's tokenizers and query language use ASCII
    separators. The tokenizer ``ascii`` has no other separators
    (https://www.sqlite.org/fts5.html, sections 3.1 and 4.3.2).
    """
    category = unicodedata.category(character)
    if character.isspace() or category == "Cc":
        return SPACE
    if category in ("Cf", "Cs"):
        return ""
    if character in _QUOTES:
        character = '"'
    character = _if_one(unicodedata.normalize("NFKC", character), character)
    character = _if_one(character.casefold(), character)
    return chr(ord(character) + _WIDE) if "!" <= character <= "~" else character


def _if_one(form: str, character: str) -> str:
    return form if len(form) == 1 else character


_FOLDING = _Folding()
_SPACES = re.compile(f"{SPACE}{SPACE}+")


def fold(text: str) -> str:
    """Return the folded text, in which spaces are U+3000."""
    return _SPACES.sub(SPACE, text.translate(_FOLDING))


def fold_with_places(text: str) -> tuple[str, list[int]]:
    """Return the folded text, and the index in `text` of each of its characters."""
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        form = _FOLDING[ord(character)]
        if form and not (form == SPACE and folded and folded[-1] == SPACE):
            folded.append(form)
            places.append(place)
    return "".join(folded), places


def grams(text: str) -> str:
    """Return the tokens of a text for the index, separated by spaces.

    Pairs are in the order of the text, so that a longer term is a phrase of pairs. The last
    character is a token of its own, because it begins no pair.
    """
    folded = fold(text)
    single = sorted(_FREQUENT.intersection(folded))
    return " ".join([_EVERY_POST, *single, *map(add, folded, folded[1:]), folded[-1:]])


@dataclass(frozen=True, slots=True)
class TextQuery:
    """The terms of a query, folded."""

    terms: tuple[str, ...]
    excluded: tuple[str, ...]


def parse_query(query: str) -> TextQuery:
    """Parse a query; every text is a valid query."""
    terms: dict[str, bool] = {}
    for match in _TERM.finditer(fold(query[:MAX_QUERY]).strip(SPACE)):
        term = (match["phrase"] or match["word"] or "").strip(SPACE)
        if term.strip("＂　") and len(terms) < MAX_TERMS:
            terms.setdefault(term, match["minus"] is None)
    return TextQuery(
        terms=tuple(term for term, wanted in terms.items() if wanted),
        excluded=tuple(term for term, wanted in terms.items() if not wanted),
    )


def match_expression(query: str) -> str:
    """Return the FTS5 expression of a query, which is always valid.

    ``人民币 -美元`` becomes ``("人民 民币") NOT ("美元")``.
    """
    parsed = parse_query(query)
    if not parsed.terms and not parsed.excluded:
        return NOTHING
    wanted = _join("AND", parsed.terms) if parsed.terms else _EVERY_POST
    return f"({wanted}) NOT ({_join('OR', parsed.excluded)})" if parsed.excluded else wanted


def _join(operator: str, terms: Iterable[str]) -> str:
    return f" {operator} ".join(map(_phrase, terms))


def _phrase(term: str) -> str:
    if len(term) == 1:
        return f'"{term}"' if term in _FREQUENT else f'"{term}" *'
    return f'"{" ".join(map(add, term, term[1:]))}"'
