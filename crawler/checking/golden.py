"""The test of a declared source: saved answers, and what is to be read from each.

They are in a folder next to the declaration, which has its name.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from archive.errors import FinewsError, shortened
from crawler.checking.answers import Answers, CheckedAnswer, response_of
from crawler.checking.saved import INDEX, UnreadableFolder, make_folders, save, saved_answers
from crawler.declarations import Answer, Declaration
from crawler.declared_answers import answer_of
from crawler.extraction.saved import read_saved

_EXPECTED = "expected.json"
#: Facts that are not compared: the version of what extracted an article is one.
_NOT_COMPARED = {"layout"}


def save_test(declaration: Declaration, answers: Mapping[str, Answer], folder: Path) -> Path:
    """Save answers, and what is read from each.

    :param answers: by the names of what they are.
    :param folder: of the declaration.
    :returns: the folder of the answers.
    :raises UnreadableFolder: when there are answers already, or they cannot be written.
    """
    make_folders(folder, [declaration.name])
    saved = tuple(
        CheckedAnswer(
            interface=name,
            address=answer.address,
            response=response_of(answer.address, answer.body, content_type=answer.content_type),
            received=answer.fetched,
        )
        for name, answer in answers.items()
    )
    save(Answers(declaration.name, saved, {}), folder)
    write_expected(declaration, folder)
    return folder / declaration.name


def write_expected(declaration: Declaration, folder: Path) -> None:
    """Write what is read from each saved answer now as what is expected.

    :param folder: of the declaration.
    :raises UnreadableFolder: when there are no answers, or the file cannot be written.
    """
    files = {}
    place = folder / declaration.name
    answers = {answer.address: answer for answer in _answers(declaration, folder)}
    for name, address in _addresses(place / INDEX).items():
        files[name] = {"address": address, **_reading(declaration, answers[address])}
    text = json.dumps({"source": declaration.name, "files": files}, ensure_ascii=False, indent=1)
    try:
        (place / _EXPECTED).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise UnreadableFolder(f"Could not write {error.filename}: {error.strerror}.") from error


def differences(declaration: Declaration, folder: Path) -> tuple[int, dict[str, list[str]]]:
    """Read the saved answers, and compare each reading with the expected one.

    :param folder: of the declaration.
    :returns: the number of answers, and what differs in each that is not read as expected.
    :raises UnreadableFolder: when there are no answers or no expected readings.
    """
    place = folder / declaration.name
    expected = _files(place / _EXPECTED)
    found = {}
    answers = {answer.address: answer for answer in _answers(declaration, folder)}
    for name, due in expected.items():
        answer = answers.get(due.get("address", ""))
        if answer is None:
            found[name] = ["its answer is not there"]
            continue
        reading = _reading(declaration, answer)
        if wrong := list(_compare(due, {"address": answer.address, **reading}, "")):
            found[name] = wrong
    return len(expected), found


def remove_test(declaration_name: str, folder: Path) -> None:
    """Remove the saved answers of a declaration, and nothing else."""
    place = folder / declaration_name
    if not (place / INDEX).is_file():
        return
    for name in (*_addresses(place / INDEX), _EXPECTED, INDEX):
        (place / Path(name).name).unlink(missing_ok=True)


def _answers(declaration: Declaration, folder: Path) -> Iterator[CheckedAnswer]:
    place = folder / declaration.name
    for answers in saved_answers(place, [declaration.name]):
        yield from (answer for answer in answers.answers if answer.response is not None)


def _reading(declaration: Declaration, answer: CheckedAnswer) -> dict[str, Any]:
    assert answer.response is not None
    try:
        reading = read_saved(declaration, answer_of(answer.response, answer.received))
    except FinewsError as error:
        return {"error": str(error)}
    written: dict[str, Any] = json.loads(json.dumps(reading))
    return {key: value for key, value in written.items() if key not in _NOT_COMPARED}


def _addresses(index: Path) -> dict[str, str]:
    return {name: str(about.get("address", "")) for name, about in _files(index).items()}


def _files(path: Path) -> dict[str, dict[str, Any]]:
    try:
        files = json.loads(path.read_bytes())["files"]
    except OSError as error:
        raise UnreadableFolder(f"Could not read {path}: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise UnreadableFolder(f'{path} is no JSON of the form {{"files": {{…}}}}.') from error
    if not isinstance(files, dict) or not all(isinstance(one, dict) for one in files.values()):
        raise UnreadableFolder(f'{path} is no JSON of the form {{"files": {{…}}}}.')
    return files


def _compare(due: Any, actual: Any, place: str) -> Iterator[str]:
    """Yield where a reading differs from the expected one; what that does not name is free."""
    if isinstance(due, dict) and isinstance(actual, dict):
        for key, value in due.items():
            yield from _compare(value, actual.get(key), f"{place}.{key}" if place else key)
    elif isinstance(due, list) and isinstance(actual, list) and len(due) == len(actual):
        for number, (one, other) in enumerate(zip(due, actual, strict=True)):
            yield from _compare(one, other, f"{place}[{number}]")
    elif isinstance(due, list) and isinstance(actual, list):
        yield f"{place} has {len(actual)} in place of {len(due)}"
    elif due != actual:
        yield f"{place} is {_as_json(actual)} in place of {_as_json(due)}"


def _as_json(value: Any) -> str:
    return shortened(json.dumps(value, ensure_ascii=False))
