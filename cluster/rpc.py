"""Send requests to the writer, and return their results.

A request is a task in the queue `ARCHIVE`, after all earlier messages. Its result comes to a queue
that exists only for this request.
"""

import time
from typing import Any
from uuid import uuid4

from amqp.exceptions import AMQPError
from celery import Celery
from celery.exceptions import CeleryError
from kombu import Exchange, Queue
from kombu.exceptions import KombuError
from redis import RedisError

from archive.errors import ArchiveError
from cluster.app import ARCHIVE
from cluster.kombu_redis import expire_queue, uses_redis

#: Errors of the libraries for a broker that cannot be reached.
BROKEN = (CeleryError, KombuError, AMQPError, RedisError, OSError)

#: Delivery mode of AMQP: the broker stores the message in memory only.
_NOT_PERSISTENT = 1

#: Seconds until Redis deletes a result whose client has ended; RabbitMQ deletes it at once.
_EXPIRY_SECONDS = 600


def no_broker(error: Exception) -> ArchiveError:
    """Convert one of the errors `BROKEN` to the error that is shown to the user."""
    return ArchiveError(f"The broker that FINEWS_BROKER names could not be used: {error}.")


def ask(app: Celery, task: str, patience: float, **question: Any) -> Any:
    """Send a request to the writer, and return its result.

    :param task: name of the writer's task.
    :param patience: seconds to wait for the result.
    :param question: arguments of the task, plain data.
    :raises ArchiveError: when there is no broker or no result.
    """
    queue = _answers(f"finews.answer.{uuid4().hex}")
    answers: list[Any] = []
    until = time.monotonic() + patience
    try:
        with (
            app.connection() as connection,
            connection.Consumer(
                [queue],
                callbacks=[lambda body, message: answers.append(body)],
                accept=["msgpack"],
                no_ack=True,
            ),
        ):
            app.send_task(
                task,
                kwargs=question | {"answer_to": queue.name},
                queue=ARCHIVE,
                expires=patience,
                retry=True,
            )
            while not answers:
                connection.drain_events(timeout=max(until - time.monotonic(), 0.01))
    except TimeoutError as error:
        raise ArchiveError(
            f"The archive's writer gave no answer in {patience:g} seconds; is it running?"
        ) from error
    except BROKEN as error:
        raise no_broker(error) from error
    return answers[0]["answer"]


def answer(app: Celery, answer_to: str, result: Any) -> None:
    """Send a result to the queue of its request."""
    with app.producer_pool.acquire(block=True) as producer:
        producer.publish(
            {"answer": result},
            exchange="",
            routing_key=answer_to,
            serializer="msgpack",
            compression="gzip",
            delivery_mode=_NOT_PERSISTENT,
            retry=True,
        )
        if uses_redis(app):
            expire_queue(producer, answer_to, _EXPIRY_SECONDS)


def _answers(name: str) -> Queue:
    return Queue(
        name,
        exchange=Exchange(""),
        routing_key=name,
        durable=False,
        exclusive=True,
        auto_delete=True,
    )
