"""The Celery application: the queues in the broker, and what is sent through them.

All messages to the archive go through `ARCHIVE`, in one order and to one consumer: batches, ends of
jobs, requests. So the answer to a new crawl includes all that was sent before, and a writer that
falls behind delays new crawls instead of accumulating batches. What cannot be processed goes to
`DEAD`, by the broker's own means.
"""

import logging
import os
import ssl
import sys
import time
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from amqp.exceptions import AccessRefused, AMQPError
from celery import Celery
from celery.exceptions import CeleryError, CPendingDeprecationWarning
from celery.states import SUCCESS
from celery.utils import uuid
from celery.worker.consumer import Consumer
from kombu import Connection, Exchange, Queue, binding, compression
from kombu.exceptions import DecodeError, KombuError

from archive.errors import ArchiveError, FinewsError

logger = logging.getLogger(__name__)

#: A dict of texts, numbers, and lists and dicts of these.
Plain = dict[str, Any]

#: Names of the queues, and of their exchanges. Those of other versions of messages differ.
JOBS, ARCHIVE, DEAD = "finews.jobs.2", "finews.archive.2", "finews.dead"

#: The dead letters that are jobs, a second time, for the writer.
DEAD_JOBS = "finews.dead.jobs"

#: Seconds after which a crawl is killed and its job is delivered again; less than the 1800 after
#: which RabbitMQ closes the connection of a worker that has not acknowledged (`consumer_timeout`).
LONGEST_JOB_SECONDS = 1500

#: Times that a message is delivered again when its process has died.
_REDELIVERIES = {JOBS: 3, ARCHIVE: 1}

#: Seconds for a broker that is being started.
START_SECONDS = 60

#: Bytes of a message, after it is decompressed.
MAX_BYTES = 64 * 1024 * 1024

#: Seconds for the broker to store a message on disk.
_CONFIRM_SECONDS = 5

#: The queue that a connection receives answers from; RabbitMQ calls this direct reply-to.
_ANSWERS = "amq.rabbitmq.reply-to"

#: What is wrong when the broker blocks those that send.
BLOCKED = "The broker accepts no messages, and all wait: it is low on memory or disk; see its log."

#: Errors of the libraries for a broker that cannot be used.
BROKEN = (CeleryError, KombuError, AMQPError, OSError)


class InvalidBroker(FinewsError):
    """The broker's address is missing or has an unknown scheme."""


def broker_url() -> str:
    """Return the address in ``FINEWS_BROKER``.

    :raises InvalidBroker: when it is none of a RabbitMQ.
    """
    url = os.environ.get("FINEWS_BROKER", "")
    if urlsplit(url).scheme not in {"amqp", "amqps"}:
        raise InvalidBroker(
            "FINEWS_BROKER must be the address of a RabbitMQ such as "
            "amqp://user:password@host:5672//; on a machine of the cluster, run "
            "set -a; . /etc/finews/operator.env"
        )
    return url


@contextmanager
def broker_errors() -> Iterator[None]:
    """Convert the errors `BROKEN` in this block to one that is shown to the user.

    :raises ArchiveError: in their place.
    """
    try:
        yield
    except BROKEN as error:
        sentence = f"The broker that FINEWS_BROKER names could not be used: {error}."
        raise ArchiveError(sentence) from error


class ClusterConsumer(Consumer):
    """Celery's consumer, which rejects what it cannot decode instead of acknowledging it."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc, valid-type] # a class
        """Without delayed delivery, which needs 56 exchanges and queues."""

        default_steps = [  # noqa: RUF012
            step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        ]

    def connect(self) -> Connection:
        """Connect, and claim the archive on this connection where the process is a writer."""
        connection: Connection = super().connect()
        if claim := getattr(self.app, "claim", None):
            claim(connection)
        return connection

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Move the message to the dead letters."""
        logger.error("A message could not be decoded, and is a dead letter now: %s", exc)
        message.reject()


def make_app(broker: str, *, declares: bool = False) -> Celery:
    """Create the application, without tasks.

    :param broker: address of the broker.
    :param declares: whether it declares the queues, as only the writer does.
    """
    _limit_decompression()
    app = Celery("finews", backend="rpc://" if declares else None)
    app.conf.update(
        broker_url=broker,
        broker_use_ssl=_tls(broker),
        broker_heartbeat=10,
        # Each use has a connection of its own, which is closed by its thread, even one that
        # `status` has given up: that would open a connection of a closed pool again.
        broker_pool_limit=0,
        broker_connection_timeout=_CONFIRM_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "confirm_publish": True,
            "on_blocked": lambda _: logger.error("%s", BLOCKED),
            "on_unblocked": lambda: logger.warning("The broker accepts messages again."),
            "read_timeout": _CONFIRM_SECONDS * 4,
            "write_timeout": _CONFIRM_SECONDS * 4,
            "max_retries": 1,
            "interval_start": 0,
        },
        # Plain data only: no message from a queue can become code.
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        task_compression="gzip",
        result_compression="gzip",
        task_ignore_result=True,
        # A message is acknowledged when it is processed, and rejected when that failed.
        task_acks_late=True,
        task_acks_on_failure_or_timeout=False,
        task_reject_on_worker_lost=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_prefetch_multiplier=1,
        # On a busy machine, a process of the pool takes longer to start than Celery's four seconds.
        worker_proc_alive_timeout=60,
        worker_consumer=f"{__name__}:{ClusterConsumer.__name__}",
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        control_queue_exclusive=True,
        task_create_missing_queues=False,
        task_default_queue=JOBS,
        task_queues=[
            _queue(JOBS, declares=declares),
            _queue(ARCHIVE, declares=declares, **{"x-single-active-consumer": True}),
        ],
    )
    return app


def dead_queues() -> list[Queue]:
    """Return the queues of dead letters.

    They are classic ones: a quorum queue would count each look at a message as a delivery.
    """
    exchange, arguments = Exchange(DEAD, "direct"), {"x-queue-type": "classic"}
    return [
        Queue(name, bindings=[binding(exchange, key) for key in keys], queue_arguments=arguments)
        for name, keys in ((DEAD, (JOBS, ARCHIVE)), (DEAD_JOBS, (JOBS,)))
    ]


def _queue(name: str, *, declares: bool, **arguments: object) -> Queue:
    exchange = Exchange(name, "direct", no_declare=not declares)
    own = {
        "x-queue-type": "quorum",
        "x-delivery-limit": _REDELIVERIES[name],
        "x-dead-letter-exchange": DEAD,
    }
    return Queue(
        name,
        exchange,
        routing_key=name,
        queue_arguments={**own, **arguments},
        no_declare=not declares,
    )


def _tls(broker: str) -> dict[str, object] | None:
    """Return the options of TLS: the certificate is verified, and is one of the broker's host."""
    address = urlsplit(broker)
    if address.scheme != "amqps":
        return None
    return {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": address.hostname,
        "ca_certs": os.environ.get("FINEWS_BROKER_CA") or None,
    }


def _limit_decompression() -> None:
    """Limit the size of what kombu decompresses, which accepts any size and several formats."""

    def refuse(body: bytes) -> bytes:
        raise DecodeError("its compression is not gzip")

    def inflate(body: bytes) -> bytes:
        stream = zlib.decompressobj()
        try:
            plain = stream.decompress(body, MAX_BYTES)
        except zlib.error as error:
            raise DecodeError(f"it is not compressed as stated: {error}") from error
        if stream.unconsumed_tail:
            raise DecodeError(f"it has more than {MAX_BYTES} bytes")
        return plain

    for content_type in compression.encoders():
        compression.register(zlib.compress, refuse, content_type)
    compression.register(zlib.compress, inflate, "application/x-gzip", aliases=["gzip", "zlib"])


@broker_errors()
def send(
    app: Celery,
    task: str,
    *arguments: object,
    queue: str = ARCHIVE,
    patience: float,
    **options: Any,
) -> None:
    """Send a message; the broker has it on disk when this returns.

    A message that the broker may have is sent again; whoever receives it recognises that.

    :param patience: seconds to try it.
    :param options: options of `Celery.send_task`.
    :raises ArchiveError: when the broker does not accept it in that time.
    """
    until = time.monotonic() + patience
    once = {"max_retries": 1, "interval_start": 0.2}
    while True:
        try:
            app.send_task(
                task,
                args=arguments,
                queue=queue,
                exchange=queue,
                routing_key=queue,
                ignore_result=True,
                retry=True,
                retry_policy=once,
                confirm_timeout=_CONFIRM_SECONDS,
                **options,
            )
            return
        except BROKEN as error:
            left = until - time.monotonic()
            if left <= 0 or isinstance(error, AccessRefused):
                raise
            logger.warning("The broker did not accept a message (%s); trying again.", error)
            time.sleep(min(1, left))


@broker_errors()
def ask(app: Celery, task: str, patience: float, **question: Any) -> Any:
    """Send a request to the writer, and return its result.

    :param task: name of the writer's task.
    :param patience: seconds to wait for the result.
    :param question: arguments of the task, plain data.
    :raises ArchiveError: when there is no broker or no result.
    """
    until = time.monotonic() + patience
    message = app.amqp.create_task_message(uuid(), task, kwargs=question, reply_to=_ANSWERS)
    to: Plain = {"queue": ARCHIVE, "exchange": ARCHIVE, "routing_key": ARCHIVE, "retry": False}
    answers: list[Plain] = []
    with app.connection_for_write() as connection:
        options: Plain = {"accept": ["json"], "no_ack": True, "auto_declare": False}
        consumer = connection.Consumer(Queue(_ANSWERS), **options)
        consumer.register_callback(lambda answer, _: answers.append(answer))
        consumer.consume()
        producer = connection.Producer()
        try:
            app.amqp.send_task_message(producer, task, message, confirm_timeout=patience, **to)
            while not answers:
                connection.drain_events(timeout=max(until - time.monotonic(), 0.01))
        except TimeoutError as error:
            raise ArchiveError(
                f"The archive's writer gave no answer in {patience:g} seconds; is it running?"
            ) from error
    answer = answers[0]
    if answer["status"] != SUCCESS:
        failure = app.backend.exception_to_python(answer["result"])
        raise ArchiveError(f"The archive's writer could not answer: {failure}")
    return answer["result"]


@broker_errors()
def command(app: Celery, name: str, patience: float = 10, **arguments: Any) -> Any:
    """Send a command to the writer at once, past all messages that wait for it.

    :raises ArchiveError: when there is no broker or no answer.
    """
    options: dict[str, Any] = {"pattern": "writer@*", "matcher": "glob", "limit": 1}
    replies = app.control.broadcast(
        name, arguments=arguments, reply=True, timeout=patience, **options
    )
    for reply in replies or ():
        for answer in reply.values():
            if isinstance(answer, dict) and "error" in answer:
                raise ArchiveError(str(answer["error"]))
            return answer
    raise ArchiveError(f"The archive's writer gave no answer in {patience:g} s; is it running?")


def run_consumer(app: Celery, queue: str, *options: str) -> None:
    """Process the messages of a queue until stopped, each in a process of Celery's pool."""
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING")
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    # Celery warns that it does not end tasks without a broker. A crawl then ends by itself, and the
    # writer's batch is recognised when it is delivered again.
    warnings.simplefilter("ignore", CPendingDeprecationWarning)
    app.worker_main(["--quiet", "worker", f"--queues={queue}", "--pool=prefork", *options, *quiet])
