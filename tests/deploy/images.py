"""Images for a container engine without a registry, made of what is installed here.

An image is a root folder as a tar file: the files of some of Debian's packages, the libraries that
their programs want, and for a Python image this Python with finews's dependencies.
"""

import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path
from types import MappingProxyType

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: What an image holds: places in it → files, links and folders of this machine.
Files = dict[Path, Path]
#: Where the Python image has what finews depends on.
DEPENDENCIES = Path("/usr/local/lib/dependencies")
#: Where images have their programs.
PATH = f"{sys.base_prefix}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROGRAM = Path(sys.base_prefix, "bin", f"python{sysconfig.get_python_version()}").resolve()
#: How an image finds this Python.
PYTHON_LINKS = {"/usr/local/bin/python": _PROGRAM}
_UNREAD = re.compile(r"/usr/share/(doc|info|lintian|locale|man)/")
_UNUSED = re.compile(r"config-.*|(dist|site)-packages|ensurepip|idlelib|test")
_NO_LINKS: Mapping[str, Path] = MappingProxyType({})
_LIBRARY = re.compile(r"(/\S+) \(0x")


def write_image(path: Path, files: Files, links: Mapping[str, Path] = _NO_LINKS) -> None:
    """Write an image as a tar file.

    :param links: further ones, by name.
    """
    with tarfile.open(path, "w") as image:
        for place, file in sorted(files.items()):
            image.add(file, arcname=str(place), recursive=False, filter=_for_everybody)
        for name, target in links.items():
            link = tarfile.TarInfo(name.removeprefix("/"))
            link.type, link.linkname = tarfile.SYMTYPE, str(target)
            image.addfile(link)


def _for_everybody(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Folders can be entered: this Python may be somewhere below root's own."""
    info.mode |= 0o555 * info.isdir()
    return info


def debian_files(packages: Sequence[str]) -> Files:
    """The files of packages that are installed here, and the libraries of their programs.

    :param packages: their names, or patterns of them, as `erlang-*`.
    """
    shown = _dpkg("--show", "--showformat=${db:Status-Abbrev}${Package}\n", *packages)
    installed = [line[3:] for line in shown if line.startswith("ii ")]
    listed = {line for line in _dpkg("--listfiles", *installed) if not _UNREAD.search(line)}
    # Debian's /bin and the like are links, below which packages name files all the same.
    named = (Path(line) for line in listed if line.startswith("/") and line != "/.")
    places = (path.parent.resolve() / path.name for path in named)
    files = {place for place in places if place.is_symlink() or place.exists()}
    return {path: path for path in {*files, *_libraries(files), *_links_at_the_top()}}


def _dpkg(*arguments: str) -> list[str]:
    told = ("dpkg-query", *arguments)
    return subprocess.run(told, capture_output=True, text=True, check=True).stdout.splitlines()


def python_files(extras: Iterable[str]) -> Files:
    """This Python, pip, and what finews depends on.

    :param extras: those of finews whose dependencies are there, too.
    """
    library = Path(sysconfig.get_path("stdlib"))
    used = [path for path in library.iterdir() if not _UNUSED.fullmatch(path.name)]
    own = {_PROGRAM, *used, *(path for folder in used for path in folder.rglob("*"))}
    wanted = _dependencies("finews-archive", frozenset(extras))
    del wanted["finews-archive"]
    installed = {
        DEPENDENCIES / file: Path(str(found.locate_file(file)))
        for found in (distribution("pip"), *wanted.values())
        for file in found.files or ()
        if ".." not in file.parts
    }
    libraries = _libraries([*own, *installed.values()])
    return {path: path for path in {*own, *libraries}} | installed


def _dependencies(name: str, extras: frozenset[str]) -> dict[str, Distribution]:
    """What is installed of a package's dependencies, and theirs, by name; itself among them."""
    found: dict[str, Distribution] = {}
    ahead = [(name, extras)]
    while ahead:
        name, extras = ahead.pop()
        found[name] = distribution(name)
        for line in found[name].requires or ():
            wanted = Requirement(line)
            needed = wanted.marker is None or any(
                wanted.marker.evaluate({"extra": extra}) for extra in {"", *extras}
            )
            dependency = canonicalize_name(wanted.name)
            if needed and dependency not in found:
                ahead.append((dependency, frozenset(wanted.extras)))
    return found


def _links_at_the_top() -> set[Path]:
    return {path for path in Path("/").iterdir() if path.is_symlink() and path.is_dir()}


def _libraries(files: Iterable[Path]) -> set[Path]:
    """The shared libraries of the programs among files, and the loader."""
    programs = [path for path in files if path.suffix != ".py" and path.is_file() and _is_elf(path)]
    told = subprocess.run(("ldd", *programs), capture_output=True, text=True, check=False).stdout
    return {path for name in set(_LIBRARY.findall(told)) for path in _to_the_file(Path(name))}


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _to_the_file(name: Path) -> Iterator[Path]:
    """A name, and where it leads from link to link."""
    path = name.parent.resolve() / name.name
    yield path
    if path.is_symlink():
        yield from _to_the_file(path.parent / path.readlink())
