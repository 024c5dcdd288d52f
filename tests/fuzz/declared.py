"""What is fuzzed of declared sources. The first byte of some data says what of."""

from contextlib import suppress
from datetime import UTC, datetime
from functools import cache

from archive.content.mentions import mentions_in_text
from crawler.declarations.answers import Answer
from crawler.declarations.articles import read_article
from crawler.declarations.errors import AnswerError
from crawler.declarations.facts import facts_of_article, facts_of_list
from crawler.declarations.lists import read_list
from crawler.declarations.times import read_time
from crawler.discovery import NothingFound, propose
from crawler.extraction import ExtractionError, extract
from tests.archive.content.test_mentions import LEXICON, SENTENCES
from tests.crawler.declarations.recorded import LISTS, RECORDED, declaration

FETCHED = datetime(2026, 9, 30, 8, tzinfo=UTC)

_declared = cache(declaration)
_LISTS = [(source, name, file) for source, files in LISTS.items() for file, name in files.items()]
_ARTICLES = (
    ("ths", "article_page.html", "https://news.10jqka.com.cn/20260930/c680400243.shtml"),
    ("sina", "article_page.html", "https://finance.sina.com.cn/x/doc-initmeav9622448.shtml"),
    ("nbd", "article_page.html", "https://www.nbd.com.cn/articles/2026-09-29/4595080.html"),
    ("cls", "detail_page.html", "https://www.cls.cn/detail/2492814"),
    ("wscn", "article_detail.json", "https://api-one-wscn.awtmt.com/apiv1/content/articles/1"),
    ("jin10", "article_detail.json", "https://reference-api.jin10.com/reference/getOne?id=1"),
)
_TIMES = ("1790746750", "2026-09-30 13:10:01", "09月30日 13:10", "Wed,30-Sep-2026 11:37:37 GMT")


def declared_list(data: bytes) -> None:
    """Any answer is a page of a list, which can be shown, or is refused by name."""
    source, name, _ = _LISTS[data[0] % len(_LISTS)] if data else _LISTS[0]
    declared = _declared(source)
    with suppress(AnswerError):
        page = read_list(declared, name, Answer("https://e.example/", data[1:]))
        assert facts_of_list(declared.lists[name], page)["kind"] == "list"


def declared_article(data: bytes) -> None:
    """Likewise an article; what is not read by its layout may be extracted."""
    source, _, address = _ARTICLES[data[0] % len(_ARTICLES)] if data else _ARTICLES[0]
    answer = Answer(address, data[1:])
    with suppress(AnswerError):
        assert facts_of_article(read_article(_declared(source), answer))["title"]
    with suppress(ExtractionError):
        assert extract(answer).body.text


def proposed_declaration(data: bytes) -> None:
    """Any answer holds a list whose declaration reads it, or is refused by name."""
    answer = Answer("https://e.example/news/", data[1:], fetched=FETCHED)
    with suppress(NothingFound):
        proposal = propose("example", [answer], [answer])
        assert read_list(proposal.declaration, "news", answer) == proposal.page


def published_time(data: bytes) -> None:
    """Any text is a time that is written and read again, or is none."""
    zone = _declared("ths").tzinfo
    moment = read_time(data.decode(errors="replace"), zone)
    if moment:
        again = read_time(str(moment), zone)
        assert again
        assert again.time.replace(microsecond=0) == moment.time.replace(microsecond=0)


def securities_in_plain_text(data: bytes) -> None:
    """Mentions lie in the text, in order, and not over each other."""
    text = data.decode(errors="replace")
    end = 0
    for mention in mentions_in_text(text, LEXICON):
        assert end <= mention.start < mention.end <= len(text)
        end = mention.end


def list_seeds() -> list[bytes]:
    """Return the recorded lists."""
    return [
        bytes([number]) + (RECORDED / source / file).read_bytes()
        for number, (source, _, file) in enumerate(_LISTS)
    ]


def article_seeds() -> list[bytes]:
    """Return the recorded articles."""
    return [
        bytes([number]) + (RECORDED / source / file).read_bytes()
        for number, (source, file, _) in enumerate(_ARTICLES)
    ]


def time_seeds() -> list[bytes]:
    """Return times in several forms."""
    return [time.encode() for time in _TIMES]


def text_seeds() -> list[bytes]:
    """Return some sentences that name securities."""
    return [text.encode() for text, labels in SENTENCES[::25] if labels]
