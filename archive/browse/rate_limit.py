"""Limit the requests of each caller with token buckets."""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

# Buckets from which those that are full again are discarded.
_MAX_BUCKETS = 10_000

# Bits of an IPv6 address that a subscriber cannot choose.
_SUBSCRIBER_BITS = 64


class TokenBuckets:
    """A token bucket for each caller: every request takes a token.

    :param rate: tokens that a bucket gets in a minute; 0 for no limit.
    :param burst: most tokens of a bucket.
    :param clock: returns seconds.
    """

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate / 60
        self._burst = burst
        self._clock = clock
        # Tokens, and the time at which they were counted, by caller.
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, address: str) -> float:
        """Take a token of a caller; return the seconds to wait where it has none, else 0.

        :param address: IP address of the caller.
        """
        if not self._rate:
            return 0
        now = self._clock()
        if len(self._buckets) >= _MAX_BUCKETS:
            self._discard_full(now)
        caller = _subscriber(address)
        tokens = self._tokens(caller, now)
        if tokens < 1:
            return (1 - tokens) / self._rate
        self._buckets[caller] = (tokens - 1, now)
        return 0

    def _tokens(self, caller: str, now: float) -> float:
        tokens, counted = self._buckets.get(caller, (self._burst, now))
        return min(self._burst, tokens + (now - counted) * self._rate)

    def _discard_full(self, now: float) -> None:
        self._buckets = {
            caller: bucket
            for caller, bucket in self._buckets.items()
            if self._tokens(caller, now) < self._burst
        }


def _subscriber(address: str) -> str:
    """Return the network of a caller: its address, or the prefix that an IPv6 subscriber has."""
    try:
        ip = ip_address(address)
    except ValueError:  # no IP address, such as a socket in the file system
        return address
    if isinstance(ip, IPv6Address):
        return str(ip_network((ip, _SUBSCRIBER_BITS), strict=False))
    return str(ip)
