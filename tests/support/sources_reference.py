"""The page of docs/reference/ about the sources that finews declares, made of their files."""

from collections.abc import Iterator
from pathlib import Path

from crawler.declarations.formats import Format
from crawler.declarations.loading import load_all
from crawler.declarations.model import Declaration, Layout, ListTable, Paging, Seen
from tests.conftest import ROOT

SOURCES = ROOT / "settings" / "sources"

_BEYOND = {"fewer": "gives no more", "nothing": "gives nothing", "an error": "is an error"}


def sources_page() -> str:
    """Every declared source, and what is known of each of its lists and layouts."""
    text = (
        "# Sources\n\nThe sources that `settings/sources/` declares, and the state of what is known"
        " of them. First hand is what a recorded answer shows; hearsay is what others report."
        " `finews sources check NAME` finds out what is true today. The mirror and its share hosts"
        " have a spider of their own, and their facts are in `settings/sources.toml`.\n"
    )
    for declaration in load_all([SOURCES]).values():
        text += "\n" + "\n\n".join(_of_source(declaration)) + "\n"
    return text


def _of_source(declaration: Declaration) -> Iterator[str]:
    yield f"## {declaration.name}"
    yield " ".join(_comment(declaration)) or declaration.title
    yield "\n".join(f"- {fact}" for fact in _facts(declaration))
    yield (
        "| list or layout | what is asked | how it goes on | known | last seen |\n"
        "| --- | --- | --- | --- | --- |\n"
        + "\n".join(
            [
                *(_list(name, table) for name, table in declaration.lists.items()),
                *(_layout(name, layout) for name, layout in declaration.articles.items()),
            ]
        )
    )


def _comment(declaration: Declaration) -> Iterator[str]:
    """Yield the lines of the comment at the head of a file."""
    for line in Path(SOURCES / f"{declaration.name}.toml").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            return
        yield line.removeprefix("#").strip()


def _facts(declaration: Declaration) -> Iterator[str]:
    yield f"{declaration.title}, <{declaration.site}>, every {declaration.manners.interval}"
    whole = [name for name, table in declaration.lists.items() if table.whole]
    if whole:
        yield f"whole articles in the list: {_named(whole)}"
    if declaration.extract:
        yield "pages of articles that no layout describes are read by extraction"
    refusal = declaration.refusal
    signs = [*map(str, refusal.statuses), *refusal.words, *filter(None, [refusal.when])]
    if signs:
        yield f"refuses with {_named(signs)}" + (
            f", {_known(refusal.seen)}" if refusal.seen else ""
        )
    redaction = (*declaration.redaction.keys, *declaration.redaction.patterns)
    if redaction:
        yield f"never stored: {_named(redaction)}"
    if declaration.fallback:
        yield f"the same news, where it fails: {_named(declaration.fallback)}"


def _list(name: str, table: ListTable) -> str:
    goes_on = _paging(table.paging) if table.paging else "does not"
    if not table.newest_first:
        goes_on += "; not in the order of time"
    return _row(f"lists.{name}", f"{table.format} at {_code(table.address)}", goes_on, table.seen)


def _layout(name: str, layout: Layout) -> str:
    asked = f"at {_code(layout.address)}" if layout.address else "at the address of the article"
    inside = f" in {_code(layout.inside)}" if layout.inside else ""
    kind = "JSON" if layout.format is Format.JSON else layout.format.upper()
    return _row(f"articles.{name}", f"{kind}{inside} {asked}", "", layout.seen)


def _row(name: str, asked: str, goes_on: str, seen: Seen) -> str:
    known = "first hand" if seen.first_hand else "hearsay"
    return f"| `{name}` | {asked} | {goes_on} | {known} | {seen.on} |"


def _paging(paging: Paging) -> str:
    if paging.first is not None:
        how = f"by number, from {paging.first}"
    else:
        how = f"by {_code(paging.next or '')}"
    if paging.last:
        how += f", {paging.last} pages"
    if paging.largest and paging.beyond:
        how += f"; a size beyond {paging.largest} {_BEYOND[paging.beyond]}"
    return how


def _known(seen: Seen) -> str:
    return f"{'first hand' if seen.first_hand else 'hearsay'}, {seen.on}"


def _named(values: list[str] | tuple[str, ...]) -> str:
    return ", ".join(map(_code, values))


def _code(text: str) -> str:
    return "`" + text.replace("|", r"\|") + "`"
