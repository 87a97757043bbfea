"""No text of a note anywhere but in the answer: 1,000 notes with unique strings, through every route, also failing."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nosology.serve.http.logs import TextlessFormatter
from service_world import client_of, hook_call, open_service, until, write_served_run

N_NOTES = 1_000
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def log_lines() -> Iterator[Any]:
    """Every line that any logger of the process would write to stderr."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: Any) -> None:
            lines.append(self.format(record))

    handler = Keeper()
    handler.setFormatter(TextlessFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("nosology.serve").setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


def canary(number: int) -> str:
    # A word of its own that de-identification does not take for a name or a number.
    return "kanarienvogel" + "".join("abcdefghij"[int(digit)] for digit in f"{number:05d}")


def text(number: int) -> str:
    return f"Chest pain, infarction, {canary(number)} and {canary(number)} again."


class Aviary:
    """Sends notes through the service and remembers what answers must not hold any of them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.number = 0
        self.errors: list[str] = []
        self.receipts: list[tuple[str, str]] = []

    def next(self) -> str:
        self.number += 1
        return text(self.number)

    def send(self, method: str, path: str, expected: set[int], **request: Any) -> None:
        answer = self.client.request(method, path, **request)
        assert answer.status_code in expected, (path, answer.status_code, answer.text[:200])
        if answer.status_code >= 400:
            self.errors.append(answer.text + json.dumps(dict(answer.headers)))
        elif path in ("/v1/classify", "/v1/suggest"):
            self.errors.append(answer.text)  # an answer needs no text either
            self.receipts.append((answer.json()["predictions"][0]["receipt"], request["json"]["notes"][0]["text"]))


def good(aviary: Aviary) -> None:
    note = lambda: {"id": "a", "text": aviary.next()}  # noqa: E731
    aviary.send("POST", "/v1/classify", {200}, json={"notes": [note(), note()]})
    aviary.send("POST", "/v1/suggest", {200}, json={"notes": [note()], "k": 3})
    aviary.client.post("/cds-services/nosology-note", json=hook_call(aviary.next()))  # its cards quote evidence
    receipt, sent = aviary.receipts.pop()
    body = {"receipt": receipt, "verdict": "accepted", "text": sent}
    aviary.send("POST", "/v1/feedback", {201}, json=body)


def failing(aviary: Aviary) -> None:
    text = aviary.next
    aviary.send("POST", "/v1/classify", {422}, content='{"notes": ["' + text(), headers=JSON)
    aviary.send("POST", "/v1/classify", {422}, json={"notes": [{"id": 7, text(): text()}]})
    aviary.send("POST", "/v1/classify", {422}, json={text(): text()})
    aviary.send("POST", "/v1/classify", {422}, json={"notes": [{"id": text() * 20, "text": "x"}]})
    aviary.send("POST", "/v1/classify", {422, 415}, content=text(), headers={"Content-Type": "text/plain"})
    aviary.send("POST", "/v1/classify", {413}, json={"notes": [{"id": "a", "text": text() * 20_000}]})
    aviary.send("POST", "/v1/classify", {500}, json={"notes": [{"id": "a", "text": text() + " BREAK"}]})
    aviary.send("POST", "/v1/suggest", {422}, json={"notes": [{"id": "a", "text": text()}], "k": text()})
    aviary.send("POST", "/v1/feedback", {422}, json={"receipt": text(), "verdict": text()})
    aviary.send("POST", "/v1/feedback", {422}, json={"receipt": text(), "verdict": "accepted"})
    aviary.send("POST", "/cds-services/nosology-note", {422}, json=hook_call(text(), hook=text()))
    aviary.send("POST", "/cds-services/nosology-note", {412}, json=hook_call("x", prefetch={"note": text()}))
    aviary.send("GET", f"/v1/{text()}", {404})
    aviary.send("GET", f"/v1/batch/{text()}", {404})
    aviary.send("GET", f"/v1/feedback?limit={text()}", {422})
    aviary.send("GET", f"/page/{text()}", {404})
    aviary.send("POST", "/v1/batch", {422}, content=f"{text()}\n{text()}\n", headers={"Content-Type": "text/csv"})
    aviary.send(
        "POST", "/v1/batch", {422}, content=f"text\n{text()}\n", headers={"Content-Type": "application/x-ndjson"}
    )
    aviary.send("POST", "/v1/batch?text=" + text(), {422}, content="a\nb\n", headers={"Content-Type": "text/csv"})
    aviary.send("PATCH", "/v1/classify", {405}, content=text(), headers={"X-Note": text(), "User-Agent": text()})
    aviary.send("POST", "/v1/session", {200, 422}, json={"key": text() * 10})


def read_tables(aviary: Aviary, n_rows: int) -> None:
    rows = "".join(f'{i},"{aviary.next()}"\n' for i in range(n_rows))
    for tail in ("", '0,"BREAK the model ' + aviary.next() + '"\n'):
        table = {"Content-Type": "text/csv"}
        place = aviary.client.post("/v1/batch", content="id,text\n" + rows + tail, headers=table).headers["location"]
        until(lambda: aviary.client.get(place).json()["state"] != "reading")  # noqa: B023
        aviary.errors.append(aviary.client.get(place).text)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


@pytest.mark.parametrize("keep_text", [False, True], ids=["no text kept", "text kept"])
def test_no_canary_leaves_the_answers(
    run: Path, tmp_path: Path, log_lines: Any, capfd: pytest.CaptureFixture[str], keep_text: bool
) -> None:
    service, reader = open_service(run, tmp_path / "state", keep_text=keep_text, max_waiting_notes=10_000)
    reader.breaks_on = "BREAK"
    with client_of(service) as client:
        aviary = Aviary(client)
        read_tables(aviary, 200)
        while aviary.number < N_NOTES:
            good(aviary)
            failing(aviary)
        metrics = client.get("/metrics").text
        shown = client.get("/v1/feedback").text + client.get("/v1/agreement").text + client.get("/readyz").text
    assert aviary.number >= N_NOTES
    assert len(log_lines) > 500
    places = {
        "errors": "\n".join(aviary.errors),
        "metrics": metrics,
        "other answers": shown,
        "logs": "\n".join(log_lines),
        "stderr": "".join(capfd.readouterr()),
    }
    for file in (tmp_path / "state").iterdir():
        if not (keep_text and file.name.startswith("feedback.db")):
            places[file.name] = file.read_bytes().decode("utf-8", "replace")
    assert {name for name, content in places.items() if "KANARIENVOGEL" in content.upper()} == set()
    kept = [item.text for item in service.store.all() if item.text]
    assert bool(kept) == keep_text
    assert all("kanarienvogel" in item for item in kept), "the canary would have been found, had it been there"


def test_no_telemetry_of_the_framework_is_on_whatever_the_environment_says(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nosology.serve.app import create_app

    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    service, _ = open_service(run, tmp_path / "state")
    telemetry = create_app(service)._app._telemetry
    assert not any(telemetry[name] for name in ("tracing", "metrics", "logs", "operation_spans", "auto_configure"))
