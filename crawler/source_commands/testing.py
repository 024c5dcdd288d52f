"""The command ``finews sources test``."""

import click

from archive.sentences import translated
from crawler.checking.golden import differences, write_expected
from crawler.declarations.loading import load
from crawler.exit_status import ExitStatus
from crawler.running.project import project_settings, setting_option
from crawler.source_commands.options import declaration_file, declared_files, end

_MOST_SHOWN = 5


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--write", is_flag=True, help="Expect from now on what is read now.")
@setting_option
def test(names: tuple[str, ...], write: bool, settings: dict[str, str]) -> None:
    """Read the saved answers of each source NAME, and compare what is read with what is expected.

    NAME is a declared source, or the path of a declaration; without one, all sources with saved
    answers are tested. They are in the folder NAME beside the declaration, where `finews sources
    add` saves them. No request is sent.

    Exit status: 0, all is as expected; 4, something is not.
    """
    changed = project_settings(settings)
    files = [declaration_file(name, changed) for name in names] or [
        path for path in declared_files(changed).values() if path.with_suffix("").is_dir()
    ]
    total = wrong = 0
    for path in files:
        declaration = load(path)
        if write:
            write_expected(declaration, path.parent)
        count, found = differences(declaration, path.parent)
        total, wrong = total + count, wrong + len(found)
        good = f"{count - len(found)} of {count} answers as expected"
        click.echo(f"{declaration.name}: {translated(good)}")
        for name, sentences in found.items():
            for sentence in sentences[:_MOST_SHOWN]:
                click.echo(f"- {name}: {translated(sentence)}")
            if len(sentences) > _MOST_SHOWN:
                more = translated(f"{len(sentences) - _MOST_SHOWN} more differences")
                click.echo(f"- {name}: {more}")
    if wrong:
        end(f"{wrong} of {total} answers are not read as expected.", ExitStatus.LAYOUT_CHANGED)
