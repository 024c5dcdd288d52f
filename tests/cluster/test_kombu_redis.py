"""The parts of Kombu's Redis transport that finews uses are as they were."""

import inspect
from types import SimpleNamespace

from kombu.transport import redis


def test_a_message_is_restored_by_its_time() -> None:
    restore = redis.QoS.restore_visible
    assert "num" in inspect.signature(restore).parameters
    assert "ceil = time() - self.visibility_timeout" in inspect.getsource(restore)


def test_the_keys_of_messages_have_options() -> None:
    keys = {"unacked_key", "unacked_index_key", "unacked_mutex_key", "visibility_timeout"}
    assert keys <= {*redis.Channel.from_transport_options}


def test_a_queue_is_a_key_of_its_name() -> None:
    channel = SimpleNamespace(priority=lambda _: 0)
    assert redis.Channel._q_for_pri(channel, "finews.answer.1", 0) == "finews.answer.1"
    assert hasattr(redis.Channel, "client")
