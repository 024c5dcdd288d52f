"""Answers of sources as files in a folder, with an index of their addresses."""

import json
import re
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from scrapy.http import Headers, Response

from archive.article import SHANGHAI
from archive.errors import FinewsError
from crawler.arguments import http_address
from crawler.checking.answers import Answers, CheckedAnswer, Silence, response_of

INDEX = "index.json"
#: The files that name the answers in a folder and the address of each.
_INDEXES = (INDEX, "expected.json")
#: Sources that a sentence names.
_MOST_NAMED = 3
#: Headers that are not saved.
_NOT_SAVED = {b"set-cookie"}


class UnreadableFolder(FinewsError):
    """A folder of saved answers cannot be read or written."""


def make_folders(folder: Path, sources: Iterable[str]) -> None:
    """Make the folders for the answers of some sources.

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

    :param folder: the folder that `make_folders` got.
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


def _file_name(answer: CheckedAnswer, taken: Container[str]) -> str:
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
    """Read the answers of the sources that a folder has.

    :param folder: a folder with an index, or with a folder and an index for each source.
    :raises UnreadableFolder: when it has none, or one of them cannot be read.
    """
    names = tuple(sources)
    places = [place for place in (folder, *(folder / name for name in names)) if _index(place)]
    found = [answers for answers in map(_read, places) if answers.source in names]
    if not found:
        wanted = " or ".join(names) if len(names) <= _MOST_NAMED else "any source"
        raise UnreadableFolder(
            f"{folder} has no saved answers of {wanted}: an {INDEX} should name them."
        )
    return found


def has_answers(folder: Path, source: str) -> bool:
    """Return whether a folder has saved answers, or a folder of those of a source."""
    try:
        return any(_index(place) for place in (folder, folder / source))
    except OSError:  # what is not permitted is reported by who reads the folder
        return False


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


def _answer(place: Path, name: str, about: Mapping[str, Any]) -> CheckedAnswer:
    if Path(name).name != name:
        raise ValueError(name)
    address = http_address(about["address"])
    headers = Headers({key: [value] for key, value in about.get("headers", {}).items()})
    headers.pop("Content-Encoding", None)  # the file is what was decompressed
    received = about.get("received")
    if received is not None:
        received = datetime.fromisoformat(received).astimezone(SHANGHAI)
    return CheckedAnswer(
        interface=str(about.get("interface", name)),
        address=address,
        response=response_of(
            address,
            (place / name).read_bytes(),
            status=int(about.get("status", 200)),
            headers=headers,
            name=name,
        ),
        received=received,
        title=str(about["listed_title"]) if "listed_title" in about else None,
    )


def _unanswered(about: Mapping[str, Any]) -> CheckedAnswer:
    silence = Silence(about["silence"])
    return CheckedAnswer(
        interface=str(about["interface"]),
        address="" if silence is Silence.NOT_ASKED else http_address(about["address"]),
        silence=silence,
        reason=str(about["reason"]),
    )
