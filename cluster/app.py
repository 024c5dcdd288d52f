"""The Celery application: its queues, and settings with which no message is lost.

Jobs wait in `JOBS` for any worker. All messages to the archive go through `ARCHIVE`, in one order
and to one consumer: batches, requests, blocks of hosts. So the answer to a new crawl includes all
that was sent before, and a writer that falls behind delays new crawls instead of accumulating
batches.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu import Queue, pools

from archive.errors import FinewsError

#: Names of the queues; `ASIDE` contains the batches that the writer could not process.
JOBS, ARCHIVE, ASIDE = "finews.jobs", "finews.archive", "finews.aside"

#: Seconds after which a crawl is killed. RabbitMQ gives the job of a worker that has not
#: acknowledged it in 1800 seconds (`consumer_timeout`) to another worker, Redis after
#: `VISIBILITY_SECONDS`.
LONGEST_JOB_SECONDS = 1500

#: Seconds until Redis gives the job of a silent worker to another worker.
VISIBILITY_SECONDS = 3600

_DEFAULT_BROKER = "amqp://guest:guest@127.0.0.1:5672//"


class InvalidBroker(FinewsError):
    """The broker's address has an unknown scheme."""


def broker_url() -> str:
    """Return the address in ``FINEWS_BROKER``; by default that of a local RabbitMQ.

    :raises InvalidBroker: when it is neither ``amqp://`` nor ``redis://``.
    """
    url = os.environ.get("FINEWS_BROKER") or _DEFAULT_BROKER
    if url.partition("://")[0] not in {"amqp", "amqps", "redis", "rediss"}:
        raise InvalidBroker(
            "FINEWS_BROKER must be an address such as amqp://user:password@host:5672// "
            "or redis://host:6379/0."
        )
    return url


def make_app(broker: str) -> Celery:
    """Create the application, without tasks.

    :param broker: address of the broker, ``amqp://…`` or ``redis://…``.
    """
    app = Celery("finews")
    on_redis = broker.startswith("redis")
    app.conf.update(
        broker_url=broker,
        broker_heartbeat=10,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_redis_options() if on_redis else {"confirm_publish": True},
        # Plain data only: no message from a queue can become code.
        accept_content=["msgpack", "json"],
        task_serializer="msgpack",
        task_compression="gzip",
        task_ignore_result=True,
        # A job or a batch is acknowledged when it is done, not when it is received.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_create_missing_queues=False,
        task_default_queue=JOBS,
        task_queues=[
            Queue(JOBS, routing_key=JOBS, durable=True),
            Queue(
                ARCHIVE,
                routing_key=ARCHIVE,
                durable=True,
                queue_arguments={"x-single-active-consumer": True},
            ),
            Queue(ASIDE, routing_key=ASIDE, durable=True),
        ],
        task_publish_retry_policy={
            "max_retries": 5,
            "interval_start": 0.2,
            "interval_step": 0.5,
            "interval_max": 3,
        },
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return app


@contextmanager
def opened_app(broker: str) -> Iterator[Celery]:
    """Create the application, and close its connections at the end of the block.

    :param broker: address of the broker.
    """
    app = make_app(broker)
    try:
        yield app
    finally:
        pools.reset()
        app.close()


def _redis_options() -> dict[str, Any]:
    return {"visibility_timeout": VISIBILITY_SECONDS, "socket_keepalive": True}
