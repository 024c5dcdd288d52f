"""The command ``finews sources try``."""

from collections.abc import Sequence

import click

from archive.sentences import translated
from archive.translation import gettext as _
from crawler.declarations import (
    Declaration,
    Entry,
    ListAnswer,
    RefusedAnswer,
    UnreadableAnswer,
    read_list,
)
from crawler.declared_answers import answer_of
from crawler.declared_requests import request_article, request_list
from crawler.exit_status import ExitStatus
from crawler.importing.saved_files import lists_in, page_of, read_file
from crawler.running.project import project_settings, setting_option
from crawler.samples import Sample, doubts, sample_of
from crawler.source_commands.options import declaration_of, end
from crawler.visiting import NoAnswer, Visit, Visitor, make_visits

_ARTICLES = 3


@click.command("try")
@click.argument("name", metavar="NAME")
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option("--list", "list_", metavar="LIST", help="The list; by default the first one.")
@setting_option
def try_(name: str, files: tuple[str, ...], list_: str | None, settings: dict[str, str]) -> None:
    """Request one list and three articles of the source NAME, and show them.

    NAME is a declared source, or the path of a declaration. With FILEs, no request is sent: they
    are a saved list and saved pages, as `finews sources add` takes them. Nothing is stored.

    Exit status: 0, they were read; 4, an answer is not as declared; 3, there is no answer, or it
    is a refusal.
    """
    changed = project_settings(settings)
    declaration = declaration_of(name, changed)
    chosen = list_ or next(iter(declaration.lists))
    if chosen not in declaration.lists:
        lists = ", ".join(map(repr, declaration.lists))
        raise click.BadParameter(f"{chosen!r} is not one of {lists}.", param_hint="--list")
    try:
        if files:
            most_bytes = changed.getint("DOWNLOAD_MAXSIZE")
            page, samples = _try_files(declaration, chosen, files, most_bytes)
        else:
            visit = Visit(
                run=lambda visitor: _try(visitor, declaration, chosen),
                hosts=declaration.hosts,
                settings={"DOWNLOAD_DELAY": declaration.manners.delay},
            )
            ((page, samples),) = make_visits([visit], changed)
    except (NoAnswer, RefusedAnswer) as error:
        end(str(error), ExitStatus.SOURCE_UNREACHABLE)
    except UnreadableAnswer as error:
        end(str(error), ExitStatus.LAYOUT_CHANGED)
    skipped = sum(entry.skip is not None for entry in page.entries)
    entries = _("%(entries)s entries", entries=len(page.entries))
    if skipped:
        entries += _(", %(skipped)s of them left out", skipped=skipped)
    click.echo(f"{declaration.title}, lists.{chosen}: {entries}")
    click.echo()
    show(samples, doubts(page, samples))
    if any(sample.text is None for sample in samples):
        end("Not every article could be read.", ExitStatus.LAYOUT_CHANGED)


def show(samples: Sequence[Sample], unsure: Sequence[str]) -> None:
    """Print samples, and what is unsure in them."""
    for number, sample in enumerate(samples, 1):
        first, *others = map(translated, sample.lines())
        click.echo(f"{number}. {first}")
        for line in others:
            click.echo(f"   {line}")
        click.echo()
    if unsure:
        click.echo(_("Unsure:"))
        for sentence in unsure:
            click.echo(f"- {translated(sentence)}")


def _try_files(
    declaration: Declaration, name: str, files: Sequence[str], most_bytes: int
) -> tuple[ListAnswer, list[Sample]]:
    """Read a saved list and some saved articles of it.

    :raises UnreadableFile: when a file cannot be read.
    :raises UnknownAddress: when nothing shows where a page came from.
    """
    first = declaration.lists[name]
    lists = lists_in(declaration, [read_file(file, first.address, most_bytes) for file in files])
    page = next((page for found, _, page in lists.pages if found == name), ListAnswer(()))
    entries = {entry.address: entry for entry in lists.entries}
    samples = []
    for answer in [page_of(file, lists.entries) for file in lists.others][:_ARTICLES]:
        entry = entries.get(answer.address) or Entry(id=None, address=answer.address)
        samples.append(sample_of(declaration, entry, answer))
    if first.whole:
        samples += [sample_of(declaration, entry, None) for entry in lists.entries[:_ARTICLES]]
    return page, samples


async def _try(
    visitor: Visitor, declaration: Declaration, name: str
) -> tuple[ListAnswer, list[Sample]]:
    """Request a list and some articles of it.

    :raises AnswerError: when the list cannot be read.
    """
    reply = await request_list(visitor, declaration, name, follow=True)
    page = read_list(declaration, name, answer_of(reply.answer(), reply.received))
    if page.sitemaps:
        newest = page.sitemaps[0]
        reply = await request_list(visitor, declaration, name, address=newest, follow=True)
        page = read_list(declaration, name, answer_of(reply.answer(), reply.received))
    samples = []
    for entry in [entry for entry in page.entries if entry.skip is None][:_ARTICLES]:
        if declaration.lists[name].whole:
            samples.append(sample_of(declaration, entry, None))
            continue
        asked = await request_article(visitor, declaration, entry, follow=True)
        if asked is None:
            problem = f"{entry.address or entry.id} is at no host of the declaration."
            samples.append(Sample(entry, entry.address, problem=problem))
            continue
        answer = answer_of(asked.answer(), asked.received)
        samples.append(sample_of(declaration, entry, answer))
    return page, samples
