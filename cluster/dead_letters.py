"""The dead letters: messages that could not be processed, until an operator decides.

The broker moves a message here when its task has failed, when it is none that this release knows,
when it cannot be decoded, or when processes have died with it. A message of an earlier release is
moved here by the writer.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import amqp
from amqp.exceptions import NotFound
from celery import Celery
from kombu import Connection
from kombu.exceptions import DecodeError

from archive.clock import utc_iso
from archive.errors import FinewsError
from cluster.app import BROKEN, DEAD, no_broker

#: Queues of the release before messages had a version.
FORMER = ("finews.archive", "finews.jobs", "finews.aside")

#: Headers that name the queue, the reason and the time of a message that the writer has moved.
_QUEUE, _REASON, _TIME = "finews-queue", "finews-reason", "finews-time"

_PATIENCE_SECONDS = 10


class NoDeadLetter(FinewsError):
    """There is no dead letter of a number."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be processed.

    :param number: its place in the queue, from 1.
    :param queue: where it was.
    :param reason: ``rejected``, because its task failed, the log has the cause; or
        ``delivery_limit``, because processes died with it; or a sentence.
    :param time: when it was moved here, ISO 8601, UTC.
    :param task: name of its task.
    :param size: in bytes, as sent.
    :param content: the beginning of its content; empty when it cannot be decoded.
    """

    number: int
    queue: str
    reason: str
    time: str
    task: str
    size: int
    content: str


def dead_letters(app: Celery) -> list[DeadLetter]:
    """Return all dead letters, the oldest first; they stay where they are.

    :raises ArchiveError: when there is no broker.
    """
    try:
        with app.connection() as connection:
            return [_described(number, each) for number, each in _messages(connection)]
    except BROKEN as error:
        raise no_broker(error) from error


def retry(app: Celery, numbers: Collection[int]) -> int:
    """Send dead letters to where they were, all when no number is given; return how many."""
    return _take(app, numbers, sends=True)


def drop(app: Celery, numbers: Collection[int]) -> int:
    """Delete dead letters by their numbers; return how many."""
    return _take(app, numbers, sends=False)


def _take(app: Celery, numbers: Collection[int], *, sends: bool) -> int:
    try:
        with app.connection() as connection:
            chosen = {n: each for n, each in _messages(connection) if not numbers or n in numbers}
            if unknown := set(numbers) - chosen.keys():
                raise NoDeadLetter(f"There is no dead letter {min(unknown)}.")
            for each in chosen.values():
                if sends:
                    _publish(connection, each, _described(0, each).queue)
                each.channel.basic_ack(each.delivery_tag)
            return len(chosen)
    except BROKEN as error:
        raise no_broker(error) from error


def _messages(connection: Connection) -> Iterator[tuple[int, Any]]:
    channel: Any = connection.default_channel
    number = 0
    while message := channel.basic_get(DEAD):
        yield (number := number + 1), message


def _publish(connection: Connection, message: Any, queue: str, **headers: str) -> None:
    """Send a message as it is to a queue."""
    kept = {
        name: value
        for name, value in message.headers.items()
        if name != "x-death" and not name.startswith("x-first-death")
    }
    properties = message.properties | {"application_headers": kept | headers}
    channel: Any = connection.default_channel
    channel.basic_publish(
        amqp.Message(message.body, **properties),
        exchange=DEAD if queue == DEAD else "",
        routing_key=queue,
        confirm_timeout=_PATIENCE_SECONDS,
    )


def _described(number: int, message: Any) -> DeadLetter:
    headers = message.headers
    death: dict[str, Any] = next(iter(headers.get("x-death", ())), {})
    time = death.get("time", datetime.now(UTC))
    try:
        found = message.channel.message_to_python(message)
        content = json.dumps(found.decode(), ensure_ascii=False)
    except (DecodeError, *BROKEN):
        content = ""
    return DeadLetter(
        number=number,
        queue=str(headers.get(_QUEUE) or death.get("queue", "")),
        reason=str(headers.get(_REASON) or death.get("reason", "")),
        time=str(headers.get(_TIME) or utc_iso(time.replace(tzinfo=UTC))),
        task=str(headers.get("task", "")),
        size=len(message.body),
        content=content[:2000],
    )


def set_aside_former(connection: Connection) -> int:
    """Move the messages of an earlier release to the dead letters; return how many."""
    moved, now = 0, utc_iso(datetime.now(UTC))
    for name in FORMER:
        channel: Any = connection.channel()
        try:
            channel.queue_declare(name, passive=True)
        except NotFound:
            continue
        while message := channel.basic_get(name):
            reason = "it is of a release whose messages have no version"
            _publish(connection, message, DEAD, **{_QUEUE: name, _REASON: reason, _TIME: now})
            channel.basic_ack(message.delivery_tag)
            moved += 1
    return moved
