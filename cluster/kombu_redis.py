"""The adapter to undocumented parts of Kombu's Redis transport.

`tests/cluster/test_kombu_redis.py` fails when Kombu changes one of these parts.

- A message of a killed consumer is delivered again only after ``visibility_timeout``, even when the
  consumer has restarted (https://github.com/celery/kombu/pull/905).
- A queue expires only when its consumer declares that. A producer cannot set an expiry for a
  consumer that may have ended (https://github.com/celery/kombu/pull/2251).
"""

from typing import Any

from celery import Celery
from kombu import Producer


def uses_redis(app: Celery) -> bool:
    """Return whether the broker is Redis."""
    return bool(app.conf.broker_url.startswith("redis"))


def restore_messages(app: Celery, name: str) -> None:
    """Put the unacknowledged messages of a killed consumer back to the head of its queue.

    RabbitMQ does that itself. With Redis they would wait for ``visibility_timeout``, which is as
    long as a job. So this consumer, of which only one runs at a time, has its own keys for
    unacknowledged messages: those that exist when it starts belong to a killed one.

    :param name: prefix of the keys.
    """
    app.conf.broker_transport_options |= {
        "unacked_key": f"{name}.unacked",
        "unacked_index_key": f"{name}.unacked_index",
        "unacked_mutex_key": f"{name}.unacked_mutex",
    }
    options = app.conf.broker_transport_options | {"visibility_timeout": 0}
    with app.connection_for_read(transport_options=options) as connection:
        channel: Any = connection.default_channel
        channel.qos.restore_visible(num=None)


def expire_queue(producer: Producer, queue: str, seconds: int) -> None:
    """Let Redis delete a queue after some seconds, unless its consumer deletes it before."""
    channel: Any = producer.channel
    channel.client.expire(queue, seconds)
