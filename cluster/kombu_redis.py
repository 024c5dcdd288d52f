"""The one module that uses parts of Kombu's Redis transport which its documentation leaves out.

`tests/cluster/test_kombu_redis.py` fails when Kombu changes one of these parts.

- A message of a killed consumer is delivered again after ``visibility_timeout``, and not when the
  consumer is back (https://github.com/celery/kombu/pull/905).
- A queue expires only where its consumer declares it so, and not when a producer sends to a
  consumer that may be gone (https://github.com/celery/kombu/pull/2251).
"""

from typing import Any

from celery import Celery
from kombu import Producer


def uses_redis(app: Celery) -> bool:
    """Return whether the broker is Redis."""
    return bool(app.conf.broker_url.startswith("redis"))


def restore_messages(app: Celery, name: str) -> None:
    """Put the messages that a killed consumer had taken back to the head of its queue.

    RabbitMQ does so by itself. Redis would wait for ``visibility_timeout``, which is as long as a
    job. So this consumer, of which there is one at a time, gets keys of its own for the messages
    that it takes: those that are there when it starts are of one that was killed.

    :param name: of the keys.
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
    """Delete a queue after some time, unless its consumer does so before."""
    channel: Any = producer.channel
    channel.client.expire(queue, seconds)
