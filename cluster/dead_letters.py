"""The dead letters: messages that could not be processed, until an operator decides.

The broker moves a message here when its task has failed, when it is none that this release knows,
when it cannot be decoded, or when processes have died with it. A message of an earlier release is
moved here by the writer.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
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
from cluster.app import BROKEN, DEAD, DEAD_JOBS, broker_errors

#: Queues of the release before messages had a version.
FORMER = ("finews.archive", "finews.jobs", "finews.aside")

_PATIENCE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be processed.

    :param number: its place in the queue, from 1.
    :param queue: where it was.
    :param reason: ``rejected``, because its task failed, the log has the cause; or
        ``delivery_limit``, because processes died with it; or a sentence.
    :param time: when it was moved here, ISO 8601, UTC.
    :param task: name of its task.
    :param id: identity of its task; of a job, the identity of its run.
    :param size: in bytes, as sent.
    :param content: the beginning of its content; empty when it cannot be decoded.
    """

    number: int
    queue: str
    reason: str
    time: str
    task: str
    id: str
    size: int
    content: str


def dead_letters(app: Celery) -> list[DeadLetter]:
    """Return all dead letters, the oldest first; they stay where they are.

    :raises ArchiveError: when there is no broker.
    """
    with _opened(app) as messages:
        return [_described(number, each) for number, each in messages.items()]


def take(app: Celery, numbers: Collection[int], *, sends: bool) -> int:
    """Remove dead letters by their numbers, all when none is given; return how many.

    :param sends: whether they are sent to where they were.
    :raises ArchiveError: when there is no broker.
    :raises FinewsError: when there is none of a number.
    """
    with _opened(app) as messages:
        if unknown := set(numbers) - messages.keys():
            raise FinewsError(f"There is no dead letter {min(unknown)}.")
        chosen = set(numbers) or messages.keys()
        for number in sorted(chosen):
            if sends:
                _publish(messages[number], _described(number, messages[number]).queue)
            messages[number].channel.basic_ack(messages[number].delivery_tag)
        return len(chosen)


@contextmanager
def _opened(app: Celery) -> Iterator[dict[int, Any]]:
    """Read the dead letters; return those to the queue that are not acknowledged in the block.

    :raises ArchiveError: when there is no broker.
    """
    with broker_errors(), app.connection() as connection:
        channel: Any = connection.default_channel
        yield dict(enumerate(iter(lambda: channel.basic_get(DEAD), None), start=1))
        channel.basic_recover(requeue=True)
        channel.queue_declare(DEAD, passive=True)  # is answered when they are there again


def _publish(message: Any, queue: str, deaths: Sequence[object] = ()) -> None:
    """Send a message as it is to a queue.

    :param deaths: where it was before, and why it was moved, as RabbitMQ writes it.
    """
    kept = {name: each for name, each in message.headers.items() if not name.startswith("x-")}
    headers = kept | ({"x-death": list(deaths)} if deaths else {})
    message.channel.basic_publish(
        amqp.Message(message.body, **message.properties | {"application_headers": headers}),
        routing_key=queue,
        confirm_timeout=_PATIENCE_SECONDS,
    )


def _described(number: int, message: Any) -> DeadLetter:
    death: dict[str, Any] = next(iter(message.headers.get("x-death", ())), {})
    time = death.get("time", datetime.now(UTC))
    try:
        found = message.channel.message_to_python(message)
        content = json.dumps(found.decode(), ensure_ascii=False)
    except (DecodeError, *BROKEN):
        content = ""
    return DeadLetter(
        number=number,
        queue=str(death.get("queue", "")),
        reason=str(death.get("reason", "")),
        time=utc_iso(time.replace(tzinfo=UTC)),
        task=str(message.headers.get("task", "no task")),
        id=str(message.headers.get("id", "")),
        size=len(message.body),
        content=content[:2000],
    )


def dead_jobs(connection: Connection) -> Iterator[DeadLetter]:
    """Yield the jobs that have become dead letters since the last call."""
    channel: Any = connection.default_channel
    while message := channel.basic_get(DEAD_JOBS):
        yield _described(0, message)
        channel.basic_ack(message.delivery_tag)


def former_queues(connection: Connection) -> list[str]:
    """Return the queues of an earlier release that the broker has."""
    found = []
    for name in FORMER:
        channel: Any = connection.channel()
        with suppress(NotFound):
            channel.queue_declare(name, passive=True)
            found.append(name)
    return found


def set_aside(connection: Connection, queues: Iterable[str]) -> None:
    """Move the messages of an earlier release to the dead letters."""
    channel: Any = connection.default_channel
    for name in queues:
        while message := channel.basic_get(name):
            reason = "it is of a release whose messages have no version"
            death = {"queue": name, "reason": reason, "time": datetime.now(UTC)}
            _publish(message, DEAD, [death])
            channel.basic_ack(message.delivery_tag)
