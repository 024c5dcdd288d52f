"""Answers of a source: as they came, and as files in a folder."""

import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from archive.article import SHANGHAI
from archive.errors import FinewsError
from crawler.arguments import http_address

INDEX = "index.json"
_INDEXES = (INDEX, "expected.json")
"""Both name the files of a folder and the address of each."""
_NOT_SAVED = {b"set-cookie"}


class Silence(StrEnum):
    """Why no answer came."""

    FORBIDDEN = "forbidden"
    LEFT_ALONE = "left alone"
    CUT = "cut"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking an interface.

    :param interface: its name.
    :param address: that was asked for; empty where none was known.
    :param response: the answer, decompressed; None when none came.
    :param silence: why none came; None when one came.
    :param reason: the same in a sentence.
    :param received: when it came, aware; None where that is not known.
    :param title: of the article, as the list wrote it that named it.
    """

    interface: str
    address: str
    response: Response | None = None
    silence: Silence | None = None
    reason: str = ""
    received: datetime | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of one source.

    :param source: its name.
    :param robots: what the robots.txt of each host says, in a sentence.
    """

    source: str
    answers: tuple[Answer, ...]
    robots: Mapping[str, str]


class UnreadableFolder(FinewsError):
    """A folder of saved answers cannot be read or written."""


def response_of(
    address: str, body: bytes, *, status: int = 200, headers: Headers | None = None, name: str = ""
) -> Response:
    """Return a saved answer as a response.

    :param name: of its file, which tells the type where no header does.
    """
    kind = responsetypes.from_args(headers=headers, url=address, filename=name, body=body)
    return kind(address, status=status, headers=headers, body=body)


def make_folders(folder: Path, sources: Iterable[str]) -> None:
    """Make the folders that the answers of some sources will be saved in.

    :raises UnreadableFolder: when one of them has answers already, or cannot be made.
    """
    for place in (folder / source for source in sources):
        if (place / INDEX).exists():
            raise UnreadableFolder(f"{place} has answers already; name another folder.")
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnreadableFolder(f"Could not make {place}: {error.strerror}.") from error


def save(answers: Answers, folder: Path) -> None:
    """Write the answers of a source, each as a file, and an index of them.

    :param folder: of `make_folders`.
    :raises UnreadableFolder: when they cannot be written.
    """
    place = folder / answers.source
    files: dict[str, Any] = {}
    unanswered: list[dict[str, Any]] = []
    try:
        for answer in answers.answers:
            about: dict[str, Any] = {"interface": answer.interface, "address": answer.address}
            if answer.title is not None:
                about["listed_title"] = answer.title
            if answer.response is None:
                unanswered.append(about | {"silence": answer.silence, "reason": answer.reason})
                continue
            name = _file_name(answer, files)
            (place / name).write_bytes(answer.response.body)
            files[name] = about | _envelope(answer.response)
            if answer.received is not None:
                files[name]["received"] = answer.received.isoformat(timespec="seconds")
        index = {
            "source": answers.source,
            "files": files,
            "unanswered": unanswered,
            "robots": dict(answers.robots),
        }
        text = json.dumps(index, ensure_ascii=False, indent=1)
        (place / INDEX).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise UnreadableFolder(f"Could not write to {place}: {error.strerror}.") from error


def _file_name(answer: Answer, taken: Container[str]) -> str:
    assert answer.response is not None
    start = answer.response.body.lstrip()
    kinds = ((b"<?xml", "xml"), (b"<", "html"), (b"{", "json"), (b"", "js"))
    kind = next(kind for beginning, kind in kinds if start.startswith(beginning))
    stem = re.sub(r"[^a-z0-9.-]+", "-", answer.interface.lower())
    names = (f"{stem}{f'-{number}' if number > 1 else ''}.{kind}" for number in count(1))
    return next(name for name in names if name not in taken)


def _envelope(response: Response) -> dict[str, Any]:
    headers = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, values in dict.items(response.headers)
        for value in values
        if name.lower() not in _NOT_SAVED
    }
    return {"status": response.status, "headers": headers}


def saved_answers(folder: Path, sources: Iterable[str]) -> list[Answers]:
    """Read the answers in a folder, of those sources that it has.

    :param folder: has an index, or a folder with an index for each source.
    :raises UnreadableFolder: when it has none, or one of them cannot be read.
    """
    names = tuple(sources)
    places = [place for place in (folder, *(folder / name for name in names)) if _index(place)]
    found = [answers for answers in map(_read, places) if answers.source in names]
    if not found:
        raise UnreadableFolder(
            f"{folder} has no saved answers of {' or '.join(names)}: an {INDEX} should name them."
        )
    return found


def _index(place: Path) -> Path | None:
    return next((place / name for name in _INDEXES if (place / name).is_file()), None)


def _read(place: Path) -> Answers:
    path = _index(place)
    assert path is not None
    try:
        index = json.loads(path.read_bytes())
        return Answers(
            source=str(index["source"]),
            answers=(
                *(_answer(place, name, about) for name, about in index["files"].items()),
                *(_unanswered(about) for about in index.get("unanswered", ())),
            ),
            robots={str(host): str(says) for host, says in index.get("robots", {}).items()},
        )
    except OSError as error:
        raise UnreadableFolder(f"Could not read {error.filename}: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableFolder(
            f"{path} is no index of saved answers"
            ' ({"source": NAME, "files": {FILE: {"address": URL}}}).'
        ) from error


def _answer(place: Path, name: str, about: Mapping[str, Any]) -> Answer:
    if Path(name).name != name:
        raise ValueError(name)
    address = http_address(about["address"])
    headers = Headers({key: [value] for key, value in about.get("headers", {}).items()})
    headers.pop("Content-Encoding", None)  # the file is what was decompressed
    received = about.get("received")
    if received is not None:
        received = datetime.fromisoformat(received).astimezone(SHANGHAI)
    return Answer(
        interface=about.get("interface", name),
        address=address,
        response=response_of(
            address,
            (place / name).read_bytes(),
            status=int(about.get("status", 200)),
            headers=headers,
            name=name,
        ),
        received=received,
        title=about.get("listed_title"),
    )


def _unanswered(about: Mapping[str, Any]) -> Answer:
    return Answer(
        interface=about["interface"],
        address=about["address"],
        silence=Silence(about["silence"]),
        reason=about["reason"],
    )
