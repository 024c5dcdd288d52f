"""The folder of a project: its archive, and ``finews init``, which creates such a folder."""

import shlex
import sys
from importlib.resources import files
from pathlib import Path

import click

from archive.errors import FinewsError
from archive.translation import gettext as _

_SETTINGS = "local_settings"
#: Names that would hide a package of finews, if the folder had them.
_SHADOWING = ("archive", "cluster", "crawler", "demo", "settings")


class FolderInUse(FinewsError):
    """The folder has files that a project would overwrite, or that hide packages of finews."""


def archive_of_project() -> Path | None:
    """Return the archive in the settings of the project around the current folder.

    Return None outside of a project of finews. Scrapy is imported in a project only.
    """
    here = Path.cwd()
    if not any((folder / "scrapy.cfg").is_file() for folder in (here, *here.parents)):
        return None
    from scrapy.utils.project import get_project_settings

    folder = get_project_settings().get("FINEWS_ARCHIVE")
    return Path(folder) if folder else None


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Create a project in the folder DIR.

    It has settings, sources and a crontab. Existing files are never overwritten.
    """
    make_project(folder, sys.executable)
    click.echo(
        _(
            "Created the project %(folder)s; change its settings in local_settings.py.",
            folder=folder,
        )
    )
    crawl = f"cd {shlex.quote(str(folder))} && {_program(sys.executable)} crawl"
    click.echo(_("To crawl: %(command)s", command=crawl))
    crontab = f"crontab {shlex.quote(str(folder / 'crontab'))}"
    click.echo(_("Every five minutes: %(command)s", command=crontab))


def make_project(folder: Path, python: str) -> None:
    """Write the files of a project, or those that a killed `finews init` did not write.

    :param folder: the folder of the project; it is made where it does not exist.
    :param python: the path of the Python that finews is installed in, for the crontab.
    :raises FolderInUse: when a file is in the way; then nothing is written.
    :raises FinewsError: when a file cannot be written.
    """
    place = folder.absolute()
    contents = {
        "scrapy.cfg": f"[settings]\ndefault = {_SETTINGS}\n",
        f"{_SETTINGS}.py": _LOCAL_SETTINGS,
        "sources.toml": files("settings").joinpath("sources.toml").read_text(encoding="utf-8"),
        "crontab": _crontab(place, python),
    }
    missing = [name for name in contents if not _is_written(place / name, contents[name])]
    in_the_way = [*(missing or contents), *_SHADOWING, *(f"{name}.py" for name in _SHADOWING)]
    for name in in_the_way:
        if (place / name).exists():
            raise FolderInUse(f"{folder / name} is in the way; choose a folder without it.")
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name in missing:
            part = place / f".{name}.part"
            part.write_bytes(_encoded(contents[name]))
            part.replace(place / name)
    except OSError as error:
        raise FinewsError(f"Could not write to {folder}: {error.strerror or error}.") from error


def _is_written(path: Path, content: str) -> bool:
    """Return whether a file has its content already, from a `finews init` that was killed."""
    return path.is_file() and path.read_bytes() == _encoded(content)


def _encoded(content: str) -> bytes:
    """Return a file's bytes; a path that is not UTF-8 keeps its own."""
    return content.encode(errors="surrogateescape")


def _program(python: str) -> str:
    """Return the path of the program `finews` next to its Python, quoted for a shell."""
    return shlex.quote(str(Path(python).with_name("finews")))


def _crontab(place: Path, python: str) -> str:
    finews = _program(python)
    command = (
        f"cd {shlex.quote(str(place))}"
        f" && flock --nonblock .crontab.lock {finews} crawl finews >/dev/null"
    )
    escaped = command.replace("%", r"\%")  # which would end the command in a crontab
    return f"""\
# Crawls the source finews every five minutes; without that name, all sources that are due. The log
# is crawl.log in the archive. Cron mails you the verdict of every crawl that fails. This command
# replaces your crontab:
#
#     crontab {shlex.quote(str(place / "crontab"))}
#
#MAILTO=you@example.org

*/5 * * * * {escaped}
"""


_LOCAL_SETTINGS = '''\
"""Settings of this project; they override those of finews.

docs/reference/settings.md of finews lists all settings.
"""

from pathlib import Path

from settings.base import *  # noqa: F403

# Facts about the sites. Your own declarations of other sources are in sources/, in the folder of
# this file.
FINEWS_SOURCES = str(Path(__file__).with_name("sources.toml"))

# The archive. By default it is news/ in the folder of this file; the environment variable
# FINEWS_ARCHIVE overrides that default.
# FINEWS_ARCHIVE = "/srv/news"

# Name a contact, so that the operator of a site can reach you.
# USER_AGENT = "finews (you@example.org)"
'''
