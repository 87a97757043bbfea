"""What a service counts, in Prometheus' text format. Labels are route names, statuses and categories, nothing else."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_NOTES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "nosology_requests", "Requests answered.", ["route", "method", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            "nosology_request_seconds", "Time to the answer.", ["route"], buckets=_SECONDS, registry=self._registry
        )
        self.notes = Counter("nosology_notes_read", "Notes read, by category.", ["category"], registry=self._registry)
        self.abstained = Counter("nosology_notes_not_sure", "Notes below the threshold.", registry=self._registry)
        self.batch_notes = Histogram(
            "nosology_batch_notes", "Notes in a forward pass.", buckets=_NOTES, registry=self._registry
        )
        self.batch_seconds = Histogram(
            "nosology_batch_seconds", "Time of a forward pass.", buckets=_SECONDS, registry=self._registry
        )
        self.refused = Counter("nosology_requests_refused", "Refused, by reason.", ["reason"], registry=self._registry)
        self.decisions = Counter("nosology_decisions", "Decisions, by verdict.", ["verdict"], registry=self._registry)
        self.connections = Gauge("nosology_connections", "Connections held.", registry=self._registry)
        self.connections_refused = Counter(
            "nosology_connections_refused", "Closed at once: their address holds too many.", registry=self._registry
        )
        self.connections_slow = Counter(
            "nosology_connections_slow", "Given up, by what they were slow with.", ["part"], registry=self._registry
        )
        self.waiting = Gauge("nosology_notes_waiting", "Notes in the queue.", registry=self._registry)

    def observe_batch(self, n_notes: int, seconds: float) -> None:
        """Count one forward pass."""
        self.batch_notes.observe(n_notes)
        self.batch_seconds.observe(seconds)

    def text(self, n_waiting: int) -> bytes:
        """Return everything in Prometheus' text format."""
        self.waiting.set(n_waiting)
        return generate_latest(self._registry)
