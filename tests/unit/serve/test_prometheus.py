"""What a service counts: numbers by route and category, in the format that Prometheus reads."""

from prometheus_client.parser import text_string_to_metric_families

from nosology.serve.prometheus import CONTENT_TYPE, Metrics

Labels = frozenset[tuple[str, str]]


def samples(metrics: Metrics, n_waiting: int = 0) -> dict[tuple[str, Labels], float]:
    """Return every sample by name and labels, as Prometheus' own parser reads them."""
    text = metrics.text(n_waiting).decode("utf-8")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(**labels: str) -> Labels:
    """Return labels as they key a sample."""
    return frozenset(labels.items())


def test_requests_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics()
    for status in ("200", "200", "422"):
        metrics.requests.labels("/v1/classify", "POST", status).inc()
    found = samples(metrics)
    assert found["nosology_requests_total", of(route="/v1/classify", method="POST", status="200")] == 2
    assert found["nosology_requests_total", of(route="/v1/classify", method="POST", status="422")] == 1


def test_a_forward_pass_counts_its_notes_and_its_time() -> None:
    metrics = Metrics()
    metrics.observe_batch(3, 0.4)
    metrics.observe_batch(20, 2.0)
    found = samples(metrics)
    assert found["nosology_batch_notes_count", of()] == 2
    assert found["nosology_batch_notes_sum", of()] == 23
    assert found["nosology_batch_notes_bucket", of(le="4.0")] == 1
    assert found["nosology_batch_notes_bucket", of(le="32.0")] == 2
    assert found["nosology_batch_seconds_sum", of()] == 2.4
    assert found["nosology_batch_seconds_bucket", of(le="0.5")] == 1


def test_the_queue_is_as_long_as_said_when_asked() -> None:
    metrics = Metrics()
    assert samples(metrics, 4)["nosology_notes_waiting", of()] == 4
    assert samples(metrics, 0)["nosology_notes_waiting", of()] == 0


def test_notes_decisions_and_refusals_are_counted_by_their_kind() -> None:
    metrics = Metrics()
    metrics.notes.labels("Neoplasms").inc()
    metrics.abstained.inc(2)
    metrics.decisions.labels("corrected").inc()
    metrics.refused.labels("rate").inc()
    found = samples(metrics)
    assert found["nosology_notes_read_total", of(category="Neoplasms")] == 1
    assert found["nosology_notes_not_sure_total", of()] == 2
    assert found["nosology_decisions_total", of(verdict="corrected")] == 1
    assert found["nosology_requests_refused_total", of(reason="rate")] == 1


def test_two_services_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.abstained.inc()
    assert samples(one)["nosology_notes_not_sure_total", of()] == 1
    assert samples(other)["nosology_notes_not_sure_total", of()] == 0


def test_the_format_is_the_one_that_the_header_names() -> None:
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")
    assert Metrics().text(0).startswith(b"# HELP ")
