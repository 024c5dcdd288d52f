"""When a page was published, to the minute where it states so."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from lxml import etree
from parsel import Selector

from crawler.declarations.paths import objects_in
from crawler.declarations.times import Moment, TimeUnit, read_time
from crawler.extraction.container import squeezed

_SHOWN = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?:\s*[-/.年]\s*|\s+)(?P<month>\d{1,2})\s*[-/.月]\s*"
    r"(?P<day>\d{1,2})\s*日?[\sT,，|·]*"
    r"(?:(?P<clock>(?:[上中下]午|凌晨|早上|傍晚|晚上|晚间)?\s*"
    r"\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s*[AaPp][Mm]\b)?)(?!\d)"
    r"|(?P<hour>\d{1,2})时(?P<minute>\d{1,2})分)"
)
_IN_ENGLISH = re.compile(
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+\d{1,2},?\s+(?:19|20)\d{2}"
    r",?\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AaPp]\.?[Mm]\b\.?)?"
)
_IN_ADDRESS = re.compile(
    r"(?<!\d)(20\d{2})[-_/]?(0[1-9]|1[0-2])[-_/]?(0[1-9]|[12]\d|3[01])(?!\d)", re.ASCII
)
_OF_A_CHANGE = re.compile(
    r"(?:更新|修改|修订|改稿|[Uu]pdated|[Mm]odified)(?:时间|于|日期)?\s*[：:]?\s*$"
)
_META = (
    "article:published_time",
    "og:published_time",
    "og:release_date",
    "datepublished",
    "publishdate",
    "publish_date",
    "publish-date",
    "publish_time",
    "publishtime",
    "pubdate",
    "pubtime",
    "pub_date",
    "firstpublishedtime",
    "weibo:article:create_at",
    "parsely-pub-date",
    "dc.date.issued",
    "apub:time",
    "bytedance:published_time",
)
_IN_SCRIPTS = re.compile(
    r"(?:pub(?:lish)?(?:ed)?_?(?:time|date|at)|news_?time|date_?published)"
    r"[\"']?\s*[:=]\s*[\"']?([^\"',;{}]{8,32})",
    re.IGNORECASE,
)
_LINKED_DATA = ("datePublished", "pubDate", "dateCreated")
_texts = etree.XPath(
    "//text()[not(ancestor::script | ancestor::style | ancestor::title | ancestor::noscript)]"
)
#: A time without its year: that of the day that the page states otherwise.
_OF_THE_YEAR = re.compile(
    r"(?<![\d./:年-])\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?\s*\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?!\d)"
)
_DAY = len("2026-09-30")
_MOST_NODES_BEHIND_TITLE = 120
_MOST_NODES_OF_A_TIME = 6
#: The fewest characters of text of an article: of a sentence, and of any line.
_SHORTEST_SENTENCE, _SHORTEST_TEXT = 15, 40


def published(
    page: Selector, address: str, title: str | None, day: str | None, zone: tzinfo
) -> Moment | None:
    """Return when a page was published.

    What readers see in front of the article comes first; meta data, of which some name a wrong
    zone, give its seconds, or stand in for it. Times inside or behind the article come last.

    :param address: of the page, which may have its day.
    :param day: a date that was found otherwise.
    """
    texts = (unicodedata.normalize("NFKC", text).strip() for text in _texts(page.root))
    nodes = [text for text in texts if text]
    in_front = _in_front(nodes, unicodedata.normalize("NFKC", title or ""))
    stated = [moment for text in _stated(page) if (moment := read_time(text, zone))]
    if not day and (match := _IN_ADDRESS.search(address)):
        day = "-".join(match.groups())
    found = read_time(day[:_DAY], zone) if day else None
    near = next(iter(stated), found)
    if near:  # other articles' times stand in scripts, too
        in_scripts = (read_time(text, zone) for text in _in_scripts(page))
        stated += [one for one in in_scripts if one and one.time.date() == near.time.date()]
    with_clock = [one for one in stated if one.precision is not TimeUnit.DAY]
    shown = next(_shown(nodes, in_front, zone), None) or (
        next(_of_the_year(nodes, in_front, near, zone), None) if near else None
    )
    if shown is None:
        anywhere = None if with_clock else next(_shown(nodes, [range(len(nodes))], zone), None)
        return next(iter(with_clock), None) or anywhere or near
    finer = (one for one in with_clock if _to_the_minute(one) == _to_the_minute(shown))
    return next(finer, shown) if shown.precision is TimeUnit.MINUTE else shown


def _to_the_minute(moment: Moment) -> datetime:
    return moment.time.replace(second=0, microsecond=0)


def _in_front(nodes: Sequence[str], title: str) -> list[range]:
    """Return where the bylines of an article may stand: behind its title, or in front of it."""
    wanted = squeezed(title)
    starts = [place for place, text in enumerate(nodes) if wanted and squeezed(text) == wanted]
    ends = [place for place, text in enumerate(nodes) if _is_text(text)]

    def until_text(start: int, most: int) -> range:
        end = next((end for end in ends if end > start), len(nodes))
        return range(start, min(end, most))

    behind = [until_text(start, start + _MOST_NODES_BEHIND_TITLE) for start in reversed(starts)]
    return [*behind, range(starts[0]) if starts else until_text(-1, len(nodes))]


def _is_text(node: str) -> bool:
    """Report whether a node is text of an article, behind which no byline stands."""
    return len(node) >= (_SHORTEST_SENTENCE if node.endswith("。") else _SHORTEST_TEXT)


def _shown(nodes: Sequence[str], ranges: Iterable[range], zone: tzinfo) -> Iterator[Moment]:
    """Yield the times that a page shows; a time of a change comes last."""
    of_changes = []
    for places in ranges:
        for place in places:
            # A time may be split over elements: its date in one, its clock in the next.
            text = " ".join(nodes[place : min(place + _MOST_NODES_OF_A_TIME, places.stop)])
            for match in (*_SHOWN.finditer(text), *_IN_ENGLISH.finditer(text)):
                moment = read_time(_written(match), zone)
                if moment is None:
                    continue
                before = " ".join((*nodes[max(place - 1, 0) : place], text[: match.start()]))
                if _OF_A_CHANGE.search(before):
                    of_changes.append(moment)
                else:
                    yield moment
    yield from of_changes


def _of_the_year(
    nodes: Sequence[str], ranges: Iterable[range], near: Moment, zone: tzinfo
) -> Iterator[Moment]:
    """Yield the times of a day that a page shows without its year."""
    for places in ranges:
        for match in _OF_THE_YEAR.finditer(" ".join(nodes[places.start : places.stop])):
            moment = read_time(" ".join(match[0].split()), zone, near=near.time)
            if moment and moment.time.date() == near.time.date():
                yield moment


def _written(match: re.Match[str]) -> str:
    parts = match.groupdict()
    if "clock" not in parts:
        return match[0]
    clock = parts["clock"] or f"{parts['hour']}:{parts['minute']:0>2}"
    return f"{parts['year']}-{parts['month']}-{parts['day']} {clock}"


def _stated(page: Selector) -> Iterator[str]:
    """Yield the times that a page states for machines, the most certain first."""
    named: dict[str, str] = {}
    for meta in page.css("meta[content]"):
        name = next(filter(None, map(meta.root.get, ("property", "name", "itemprop"))), None)
        if name:
            named.setdefault(squeezed(name).lower(), meta.root.get("content"))
    yield from (named[name] for name in _META if name in named)
    for script in page.css("script[type='application/ld+json']::text").getall():
        yield from _linked(script)
    yield from page.css("time::attr(datetime), [itemprop=datePublished]::attr(content)").getall()


def _in_scripts(page: Selector) -> Iterator[str]:
    for script in page.css("script::text").getall():
        yield from _IN_SCRIPTS.findall(script)


def _linked(script: str) -> Iterator[str]:
    """Yield the times in JSON-LD."""
    try:
        document = json.loads(script, strict=False)
    except (ValueError, RecursionError):
        return
    for node in objects_in(document):
        yield from (node[key] for key in _LINKED_DATA if isinstance(node.get(key), str))
