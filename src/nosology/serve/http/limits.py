"""Rates: how often somebody may ask, and how often somebody may be wrong."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

_MOST_NAMES = 10_000  # remembered at a time; the longest unseen goes first


_IPV6_NETWORK = 64  # bits that one customer or one network has; the rest is the holder's to choose


def network_of(address: str) -> str:
    """Return what stands for an address: of IPv6, the network that somebody can choose addresses in."""
    with suppress(ValueError):
        if ipaddress.ip_address(address).version == 6:
            return str(ipaddress.ip_network(f"{address.partition('%')[0]}/{_IPV6_NETWORK}", strict=False))
    return address


class RateLimit:
    """A token bucket for each name.

    Args:
        per_minute: Sustained rate.
        burst: How many at once.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(self, per_minute: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._clock = per_minute / 60, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, n: int = 1) -> int:
        """Use up ``n``; return 0, or the seconds to wait where the name has too few left (and none is used up)."""
        now = self._clock()
        left = self._left(name, now)
        is_enough = left >= n
        self._buckets[name] = (left - n if is_enough else left, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > _MOST_NAMES:
            self._buckets.popitem(last=False)
        return 0 if is_enough else max(1, math.ceil((n - left) / self._per_second))

    def wait(self, name: str) -> int:
        """Return the seconds until one more is allowed; uses nothing up."""
        left = self._left(name, self._clock())
        return 0 if left >= 1 else max(1, math.ceil((1 - left) / self._per_second))

    def _left(self, name: str, now: float) -> float:
        left, since = self._buckets.get(name, (float(self._burst), now))
        return min(self._burst, left + (now - since) * self._per_second)
