"""How often a client may ask."""

from nosology.serve.http.limits import RateLimit

# ---- rates


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_allowed_then_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(60, 3, clock)
    assert [limit.take("a") for _ in range(5)] == [0, 0, 0, 1, 1]
    assert limit.take("b") == 0, "everybody has a bucket of their own"
    clock.now = 1.0
    assert (limit.take("a"), limit.take("a")) == (0, 1)
    clock.now = 100.0
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1], "a bucket never holds more than its burst"


def test_asking_how_long_to_wait_uses_nothing_up() -> None:
    limit = RateLimit(6, 1, Clock())
    assert [limit.wait("a"), limit.wait("a"), limit.take("a"), limit.wait("a")] == [0, 0, 0, 10]


def test_names_are_forgotten_before_they_fill_the_memory() -> None:
    limit = RateLimit(60, 1, Clock())
    for number in range(20_000):
        limit.take(str(number))
    assert len(limit._buckets) <= 10_000
