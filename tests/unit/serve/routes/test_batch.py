"""Tables over HTTP: read in the background, given back in their own format, kept within bounds."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nosology.records import PREDICTION_COLUMNS
from nosology.text.normalize import EMPTY_NOTE
from service_world import client_of, open_service, until, write_served_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


@pytest.fixture
def parts(run: Path, tmp_path: Path) -> Any:
    return open_service(run, tmp_path / "state")


@pytest.fixture
def client(parts: Any) -> Iterator[Any]:
    with client_of(parts[0]) as client:
        yield client


def test_a_table_is_read_in_the_background_and_comes_back_with_predictions(client: Any) -> None:
    table = "id,text,ward\n1,Acute infarction,A\n2,eczema of the hand,B\n3,,C\n"
    started = client.post("/v1/batch", content=table, headers={"Content-Type": "text/csv"})
    assert started.status_code == 202
    place = started.headers["location"]
    until(lambda: client.get(place).json()["state"] == "done")
    rows = client.get(f"{place}/rows", params={"offset": 1, "limit": 1}).json()
    assert (rows["n_rows"], rows["rows"][0]["id"], rows["rows"][0]["text"]) == (3, "2", "eczema of the hand")
    lines = client.get(f"{place}/result").text.splitlines()
    assert lines[0] == ",".join(["id", "text", "ward", *PREDICTION_COLUMNS])
    assert lines[1].startswith("1,Acute infarction,A,Cardiovascular,")
    assert lines[3].endswith(f',C,,,,[],[],true,true,{EMPTY_NOTE},"",[],'), "an empty note says why it has no category"
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_every_format_comes_back_in_itself(client: Any, kind: str) -> None:
    import io

    import polars as pl

    from nosology.serve.uploads import FORMATS

    media_type = next(name for name, found in FORMATS.items() if found == kind)
    table, out = pl.DataFrame({"note_id": ["a", "b"], "TEXT": ["infarction", "ulcer"]}), io.BytesIO()
    {"csv": table.write_csv, "jsonl": table.write_ndjson, "parquet": table.write_parquet}[kind](out)
    place = client.post("/v1/batch", content=out.getvalue(), headers={"Content-Type": media_type}).headers["location"]
    until(lambda: client.get(place).json()["state"] == "done")
    answer = client.get(f"{place}/result")
    read = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[kind]
    assert read(io.BytesIO(answer.content))["predicted_label"].to_list() == ["Cardiovascular", "Digestive"]
    assert answer.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize(
    ("content", "media_type", "query", "status"),
    [
        (b"", "text/csv", "", 422),
        (b"id,text\n", "text/csv", "", 422),
        (b"id,words\n1,secret words\n", "text/csv", "", 422),
        (b"id,text\n1,x\n", "text/csv", "?text=other", 422),
        (b"id,text\n1,x\n", "text/csv", "?id=other", 422),
        (b"\x1f\x8b\x08\x00rest", "text/csv", "", 415),
        (b"PAR1 not really", "application/vnd.apache.parquet", "", 422),
        (b"{no json}\n", "application/x-ndjson", "", 422),
        (b'{"text": 7}\n', "application/x-ndjson", "", 422),
        (b'{"text": "x"}\n' * 60_000, "application/x-ndjson", "", 413),
        (b"id,text\n1,x\n", "text/plain", "", 415),
        (b"\xff\xfe\x00\x01" * 100, "text/csv", "", 422),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_without_a_quote(
    client: Any, content: bytes, media_type: str, query: str, status: int
) -> None:
    answer = client.post(f"/v1/batch{query}", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert "secret" not in answer.text
    assert "words" not in answer.text


def test_a_table_that_is_done_makes_room_and_one_that_is_read_does_not(run: Path, tmp_path: Path) -> None:
    service, reader = open_service(run, tmp_path / "state", max_batches=1)
    with client_of(service) as client:
        send = lambda: client.post("/v1/batch", content="text\nx\n", headers={"Content-Type": "text/csv"})  # noqa: E731
        reader.gate.clear()
        first = send().headers["location"]
        refused = send()
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        reader.gate.set()
        until(lambda: client.get(first).json()["state"] == "done")
        assert send().status_code == 202
        assert client.get(first).status_code == 404


def table_of(n_rows: int) -> bytes:
    return b"id,text\n" + b"".join(b"%d,Acute infarction %d.\n" % (i, i) for i in range(n_rows))


@pytest.mark.parametrize("kind", ["text/csv", "application/x-ndjson", "application/vnd.apache.parquet"])
def test_a_result_comes_in_pieces_and_is_the_whole_table(
    client: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("nosology.serve.result._ROWS_OF_A_PIECE", 7)
    monkeypatch.setattr("nosology.serve.result._BYTES_AT_ONCE", 100)
    frame, out = pl.read_csv(table_of(30), infer_schema=False), io.BytesIO()
    {"text/csv": frame.write_csv, "application/x-ndjson": frame.write_ndjson}.get(kind, frame.write_parquet)(out)
    place = client.post("/v1/batch", content=out.getvalue(), headers={"Content-Type": kind}).headers["location"]
    until(lambda: client.get(place).json()["state"] == "done")
    with client.stream("GET", place + "/result") as answer:
        pieces = [*answer.iter_raw()]
    assert len(pieces) >= 4
    read = {"text/csv": pl.read_csv, "application/x-ndjson": pl.read_ndjson}.get(kind, pl.read_parquet)
    found = read(b"".join(pieces))
    assert found.height == 30
    assert found.columns[:2] == ["id", "text"]
    assert set(found["predicted_label"]) == {"Cardiovascular"}


def test_tables_that_arrive_at_once_do_not_all_fit(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nosology.serve import batches

    service, reader = open_service(run, tmp_path / "state", max_batches_per_key=2)
    gate, parse = threading.Event(), batches.parse_table
    monkeypatch.setattr(batches, "parse_table", lambda *arguments: gate.wait(20) and parse(*arguments))
    reader.gate.clear()
    with client_of(service) as client:
        table = {"content": table_of(3), "headers": {"Content-Type": "text/csv"}}
        statuses = []
        send = lambda: statuses.append(client.post("/v1/batch", **table).status_code)  # noqa: E731
        threads = [threading.Thread(target=send) for _ in range(6)]
        for thread in threads:
            thread.start()
        try:
            until(lambda: len(statuses) == 4)
        finally:
            gate.set()
            for thread in threads:
                thread.join()
            reader.gate.set()
    assert sorted(statuses) == [202, 202, 429, 429, 429, 429]


def test_a_key_with_many_tables_pushes_out_its_own_and_never_anothers(run: Path, tmp_path: Path) -> None:
    from nosology.serve.http.keys import KeyFile

    keys = KeyFile(tmp_path / "keys.json")
    one, other = ({"Authorization": f"Bearer {keys.create(name)}"} for name in ("one", "other"))
    service, _ = open_service(run, tmp_path / "state", max_batches=3, max_batches_per_key=2)
    with client_of(service, keys=keys) as client:

        def upload(who: Any) -> Any:
            return client.post("/v1/batch", content=table_of(1), headers={"Content-Type": "text/csv"} | who)

        kept = upload(one).headers["location"]
        places = []
        for _ in range(4):
            places.append(upload(other).headers["location"])
            until(lambda: client.get(places[-1], headers=other).json()["state"] == "done")
        assert client.get(kept, headers=one).status_code == 200
        assert [client.get(place, headers=other).status_code for place in places] == [404, 404, 200, 200]
        assert upload(one).status_code == 429, "there is room for three, and all are somebody's"


def test_a_table_that_ended_with_its_process_is_said_to_be_lost(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state")
    with client_of(service) as client:
        table = {"content": table_of(1), "headers": {"Content-Type": "text/csv"}}
        lost, removed = (client.post("/v1/batch", **table).headers["location"] for _ in range(2))
        client.delete(removed)
        until(lambda: client.get(lost).json()["state"] == "done")
    again, _ = open_service(run, tmp_path / "state")
    with client_of(again) as client:
        answer = client.get(lost)
        assert (answer.status_code, "lost" in answer.json()["detail"]) == (410, True)
        assert client.get(removed).status_code == 404
    assert "infarction" not in (tmp_path / "state" / "tables.json").read_text()


def test_a_row_of_a_table_that_meets_a_bug_ends_the_table_as_failed(
    client: Any, parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("the note said: SECRET-WORDS")

    monkeypatch.setattr(type(parts[0]), "finish", fail)
    place = client.post("/v1/batch", content="text\nx\n", headers={"Content-Type": "text/csv"}).headers["location"]
    until(lambda: client.get(place).json()["state"] != "reading")
    found = client.get(place).json()
    assert (found["state"], found["n_done"]) == ("failed", 0)
    assert found["problem"].startswith("a bug in the service")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_row_that_takes_too_long_or_breaks_the_model_fails_alone(run: Path, tmp_path: Path, kind: str) -> None:
    import io

    import polars as pl

    from nosology.machine.patience import ask
    from nosology.serve.uploads import FORMATS

    service, reader = open_service(run, tmp_path / "state", note_seconds=0.02)
    reader.breaks_on, classify = "unreadable", reader.classify

    def slowly(texts: Any) -> Any:
        while any("endless" in text for text in texts):
            sum(range(1_000))
            ask()
        return classify(texts)

    reader.classify = slowly
    table, out = pl.DataFrame({"text": ["infarction", "endless", "ulcer", "unreadable", "eczema"]}), io.BytesIO()
    {"csv": table.write_csv, "jsonl": table.write_ndjson, "parquet": table.write_parquet}[kind](out)
    media_type = next(name for name, found in FORMATS.items() if found == kind)
    with client_of(service) as client:
        headers = {"Content-Type": media_type}
        place = client.post("/v1/batch", content=out.getvalue(), headers=headers).headers["location"]
        until(lambda: client.get(place).json()["state"] != "reading")
        found, rows = client.get(place).json(), client.get(f"{place}/rows").json()["rows"]
        result = io.BytesIO(client.get(f"{place}/result").content)
    assert (found["state"], found["n_done"], found["n_failed"]) == ("done", 5, 2)
    problems = [None, "reading it took longer than one note may", None, "the model broke on it", None]
    assert [row["problem"] for row in rows] == problems
    read = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[kind](result)
    assert read["predicted_label"].to_list() == ["Cardiovascular", None, "Digestive", None, "Skin Disorders"]
    assert read["probability"].is_null().to_list() == [False, True, False, True, False]


def test_formulas_in_a_result_are_escaped_on_request(client: Any) -> None:
    place = client.post("/v1/batch", content="text\n=1+1\n", headers={"Content-Type": "text/csv"}).headers["location"]
    until(lambda: client.get(place).json()["state"] == "done")
    assert client.get(f"{place}/result").text.splitlines()[1].startswith("=1+1,")
    assert client.get(f"{place}/result?escape_formulas=true").text.splitlines()[1].startswith("'=1+1,")
