"""The routes as a program meets them: what they answer, and how they refuse."""

import io
import json
import threading
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from nosology.feedback.audit import entries
from nosology.feedback.checking import check
from service_world import NAMES, NOTE, UNSURE_NOTE, client_of, notes, open_service, until, write_served_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


@pytest.fixture
def parts(run, tmp_path):
    return open_service(run, tmp_path / "state")


@pytest.fixture
def client(parts):
    with client_of(parts[0]) as client:
        yield client


def decide(client: TestClient, note: str = NOTE, **changes):
    """Read a note and decide on it; return the answer."""
    receipt = client.post("/v1/classify", json=notes(note)).json()["predictions"][0]["receipt"]
    return client.post("/v1/feedback", json={"receipt": receipt, "verdict": "accepted", **changes})


def test_predictions_come_in_the_order_of_the_notes_with_their_ids(client):
    found = client.post("/v1/classify", json=notes(NOTE, "eczema", "ulcer")).json()["predictions"]
    assert [item["id"] for item in found] == ["n0", "n1", "n2"]
    assert [item["label"] for item in found] == ["Cardiovascular", "Skin Disorders", "Digestive"]
    assert sum(item["probability"] for item in found[0]["ranking"]) == pytest.approx(1)


def test_a_note_that_says_nothing_is_not_sure(client):
    found = client.post("/v1/classify", json=notes(UNSURE_NOTE)).json()["predictions"][0]
    assert found["abstained"]
    assert set(found["prediction_set"]) == set(NAMES)


def test_suggestions_carry_evidence_at_offsets_of_the_note(client):
    found = client.post("/v1/suggest", json=notes(NOTE) | {"k": 2}).json()["predictions"][0]
    first = found["suggestions"][0]
    assert (first["code"], first["icd_version"]) == ("I21", 10)
    assert len(found["suggestions"]) == 2
    assert NOTE[first["evidence"][0]["start"] : first["evidence"][0]["end"]].strip() == (
        "Acute infarction of the anterior wall."
    )


def test_evidence_is_found_in_the_original_of_a_note_that_was_deidentified(run, tmp_path):
    service, _ = open_service(run, tmp_path / "state", deidentify=True)
    text = "Seen by Dr. Jane Roe on 3/14/2019 in Boston. Acute infarction was found."
    with client_of(service) as client:
        found = client.post("/v1/suggest", json=notes(text)).json()["predictions"][0]["suggestions"][0]
    piece = found["evidence"][0]
    assert text[piece["start"] : piece["end"]].strip() == "Acute infarction was found."


def test_a_run_that_cannot_suggest_says_so_with_501(run, tmp_path):
    service, _ = open_service(run, tmp_path / "state", can_suggest=False)
    with client_of(service) as client:
        answer = client.post("/v1/suggest", json=notes(NOTE))
        assert answer.status_code == 501
        assert "training notes had no ICD codes" in answer.json()["detail"]
        assert client.post("/v1/classify", json=notes(NOTE)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"notes": [', 422),
        ("[]", 422),
        ('{"notes": []}', 422),
        ('{"notes": [{"id": "a"}]}', 422),
        ('{"notes": [{"text": 7}]}', 422),
        ('{"notes": [{"text": "   "}]}', 422),
        ('{"notes": [{"text": "x", "more": "unknown field"}]}', 422),
        ('{"notes": [{"id": "a\\u0000b", "text": "x"}]}', 422),
        ('{"notes": "' + "x" * 3_000_000 + '"}', 413),
        (json.dumps({"notes": [{"text": "x"}] * 65}), 413),
        (json.dumps({"notes": [{"text": "x" * 200_001}]}), 413),
        ("[" * 100_000, 422),
        ("\x00\x01\x02", 422),
    ],
    ids=[
        "cut",
        "list",
        "no notes",
        "no text",
        "number",
        "blank",
        "unknown",
        "nul",
        "large",
        "many",
        "long",
        "deep",
        "raw",
    ],
)
def test_a_body_that_is_wrong_gets_its_status_and_no_quote(client, body, status):
    answer = client.post("/v1/classify", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (status, 400)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert "unknown field" not in answer.text
    assert "more" not in [field["field"] for field in answer.json()["fields"]]


def test_hostile_text_is_read_like_any_other(client):
    hostile = ["<script>alert(1)</script>", "{{7*7}} ${jndi:ldap://x} <|im_end|>", "../../etc/passwd\n\x07", "\u202e💉"]
    answer = client.post("/v1/classify", json=notes(*hostile))
    assert answer.status_code == 200
    assert len(answer.json()["predictions"]) == 4


def test_a_lone_surrogate_is_refused_or_read_but_never_breaks_the_service(client):
    body = '{"notes": [{"id": "a", "text": "pain \\ud800 in the chest"}]}'
    answer = client.post("/v1/classify", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 422)


def test_a_note_that_breaks_the_model_breaks_only_its_own_request(parts, client):
    parts[1].breaks_on = "unreadable"
    broken = client.post("/v1/classify", json=notes("unreadable words"))
    assert broken.status_code == 500
    assert "unreadable" not in broken.text
    assert client.post("/v1/classify", json=notes(NOTE)).status_code == 200


def test_every_prediction_is_in_the_audit_log_without_text_or_id(parts, client):
    client.post("/v1/classify", json=notes(NOTE, UNSURE_NOTE))
    log = parts[0].settings.state / "audit.jsonl"
    rows = list(entries(log))
    assert [row["label"] for row in rows] == ["Cardiovascular", "Cardiovascular"]
    assert rows[0]["actor"] == "local"
    assert rows[0]["model_sha256"] == parts[0].model.sha256
    assert "infarction" not in log.read_text()
    assert "n0" not in log.read_text()
    assert check(log).first_broken is None


def test_a_decision_is_stored_once_however_often_it_is_sent(parts, client):
    decision_id = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    first, second = decide(client, id=decision_id), decide(client, id=decision_id)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert len(parts[0].store.all()) == 1
    other = decide(client, id=decision_id, verdict="corrected", category="Digestive")
    assert other.status_code == 409


def test_a_correction_names_the_right_category_and_may_name_a_code(client):
    answer = decide(client, verdict="corrected", category="Digestive", code={"value": "k25.9", "version": 10})
    assert answer.status_code == 201
    assert (answer.json()["category"], answer.json()["code"]) == ("Digestive", "K259")
    assert client.get("/v1/feedback").json()["decisions"][0]["verdict"] == "corrected"


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "corrected"},
        {"verdict": "corrected", "category": "No Such Category"},
        {"verdict": "accepted", "category": "Digestive"},
        {"code": {"value": "ABC", "version": 10}},
        {"receipt": "bm8.bm8"},
        {"receipt": "not a receipt"},
        {"receipt": "é.ü"},
        {"text": "another note"},
        {"verdict": "perhaps"},
    ],
    ids=["no category", "unknown", "contradiction", "no code", "forged", "no receipt", "no ascii", "text", "verdict"],
)
def test_a_decision_that_cannot_be_right_is_refused(parts, client, changes):
    assert decide(client, **changes).status_code == 422
    assert parts[0].store.all() == []


def test_text_is_kept_only_where_it_was_asked_for_and_then_without_identifiers(run, tmp_path):
    text = "Seen by Dr. Jane Roe. Acute infarction."
    for keep_text, expected in [(False, None), (True, "Seen by Dr. <NAME>. Acute infarction.")]:
        service, _ = open_service(run, tmp_path / f"state-{keep_text}", keep_text=keep_text)
        with client_of(service) as client:
            assert decide(client, text, text=text).status_code == 201
        assert service.store.all()[0].text == expected


def test_a_table_is_read_in_the_background_and_comes_back_with_predictions(client):
    table = "id,text,ward\n1,Acute infarction,A\n2,eczema of the hand,B\n3,,C\n"
    started = client.post("/v1/batch", content=table, headers={"Content-Type": "text/csv"})
    assert started.status_code == 202
    place = started.headers["location"]
    until(lambda: client.get(place).json()["state"] == "done")
    rows = client.get(f"{place}/rows", params={"offset": 1, "limit": 1}).json()
    assert (rows["n_rows"], rows["rows"][0]["id"], rows["rows"][0]["text"]) == (3, "2", "eczema of the hand")
    lines = client.get(f"{place}/result").text.splitlines()
    assert lines[0] == "id,text,ward,predicted_label,probability,ranking,prediction_set,abstained,is_calibrated"
    assert lines[1].startswith("1,Acute infarction,A,Cardiovascular,")
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_every_format_comes_back_in_itself(client, kind):
    import io

    import polars as pl

    from nosology.serve.batches import FORMATS

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
def test_a_table_that_cannot_be_read_is_refused_without_a_quote(client, content, media_type, query, status):
    answer = client.post(f"/v1/batch{query}", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert "secret" not in answer.text
    assert "words" not in answer.text


def test_a_table_that_is_done_makes_room_and_one_that_is_read_does_not(run, tmp_path):
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


def test_the_model_card_holds_hashes_figures_and_limits(client):
    card = client.get("/v1/model").json()
    assert [label["name"] for label in card["labels"]] == list(NAMES)
    assert card["evaluation"]["accuracy"] == 0.8
    assert len(card["sha256"]["manifest"]) == 64
    assert any("Not a medical device" in limit for limit in card["limits"])
    assert card["can_suggest"]
    assert not card["keeps_text"]


def test_agreement_and_drift_are_counted_from_what_happened(client):
    decide(client)
    decide(client, "An ulcer.", verdict="corrected", category="Respiratory")
    found = client.get("/v1/agreement").json()
    assert (found["n_decisions"], found["n_accepted"], found["agreement"]) == (2, 1, 0.5)
    by_name = {row["category"]: row for row in found["categories"]}
    assert by_name["Digestive"]["corrected_to"] == {"Respiratory": 1}
    assert found["drift"]["n_notes"] == 2


def test_the_report_of_the_run_is_one_click_away(client):
    answer = client.get("/report")
    assert "The report." in answer.text
    assert "script" not in answer.headers["content-security-policy"]


def test_probes_answer_and_counters_count(client):
    assert client.get("/livez").json()["status"] == "ok"
    assert client.get("/readyz").json() == {
        "status": "ok",
        "parts": {"model": "ok", "store": "ok", "audit": "ok"},
    }
    client.post("/v1/classify", json=notes(NOTE))
    text = client.get("/metrics").text
    assert 'nosology_notes_read_total{category="Cardiovascular"} 1.0' in text
    assert 'nosology_requests_total{method="POST",route="/v1/classify",status="200"} 1.0' in text


@pytest.mark.parametrize("path", ["/v1/nothing", "/page/../settings.py", "/page/%2e%2e%2fapp.py", "/page/nothing.js"])
def test_a_path_that_leads_nowhere_gets_404(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_description_names_every_route_and_its_errors(client):
    page = client.get("/openapi.json").json()
    assert {"/v1/classify", "/v1/suggest", "/v1/batch", "/v1/model", "/livez", "/readyz", "/metrics"} <= set(
        page["paths"]
    )
    answers = page["paths"]["/v1/classify"]["post"]["responses"]
    assert {"200", "413", "422", "429", "503"} <= set(answers)
    assert answers["429"]["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    assert "HTTPValidationError" not in json.dumps(page)


def test_a_method_that_a_path_does_not_take_is_answered_with_those_that_it_takes(client):
    answer = client.put("/v1/feedback")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


WRONG_BODIES = {
    "entries": ("/v1/classify", {"notes": [{}] * 500_000}),
    "fields": ("/v1/classify", {"notes": [{"text": "x"}], **{f"f{i}": 0 for i in range(100_000)}}),
    "fields of an entry": ("/v1/suggest", {"notes": [{f"f{i}": 0 for i in range(100_000)}]}),
    "cards": ("/cds-services/nosology-note/feedback", {"feedback": [{}] * 500_000}),
    "fields of a call": ("/cds-services/nosology-note", {f"f{i}": 0 for i in range(100_000)}),
}


@pytest.mark.parametrize("name", WRONG_BODIES)
def test_a_body_with_very_many_mistakes_gets_a_short_answer(client, name):
    path, body = WRONG_BODIES[name]
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert len(answer.content) < 2_000
    assert len(answer.json()["fields"]) <= 20


def table_of(n_rows: int) -> bytes:
    return b"id,text\n" + b"".join(b"%d,Acute infarction %d.\n" % (i, i) for i in range(n_rows))


@pytest.mark.parametrize("kind", ["text/csv", "application/x-ndjson", "application/vnd.apache.parquet"])
def test_a_result_comes_in_pieces_and_is_the_whole_table(client, monkeypatch, kind):
    monkeypatch.setattr("nosology.serve.batches._ROWS_OF_A_PIECE", 7)
    monkeypatch.setattr("nosology.serve.batches._BYTES_AT_ONCE", 100)
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


def test_tables_that_arrive_at_once_do_not_all_fit(run, tmp_path, monkeypatch):
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
        until(lambda: len(statuses) == 4)
        gate.set()
        for thread in threads:
            thread.join()
        reader.gate.set()
    assert sorted(statuses) == [202, 202, 429, 429, 429, 429]


def test_a_key_with_many_tables_pushes_out_its_own_and_never_anothers(run, tmp_path):
    from nosology.serve.http.keys import KeyFile

    keys = KeyFile(tmp_path / "keys.json")
    one, other = ({"Authorization": f"Bearer {keys.create(name)}"} for name in ("one", "other"))
    service, _ = open_service(run, tmp_path / "state", max_batches=3, max_batches_per_key=2)
    with client_of(service, keys=keys) as client:

        def upload(who):
            return client.post("/v1/batch", content=table_of(1), headers={"Content-Type": "text/csv"} | who)

        kept = upload(one).headers["location"]
        places = []
        for _ in range(4):
            places.append(upload(other).headers["location"])
            until(lambda: client.get(places[-1], headers=other).json()["state"] == "done")
        assert client.get(kept, headers=one).status_code == 200
        assert [client.get(place, headers=other).status_code for place in places] == [404, 404, 200, 200]
        assert upload(one).status_code == 429, "there is room for three, and all are somebody's"


def test_a_table_that_ended_with_its_process_is_said_to_be_lost(run, tmp_path):
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


def test_mistakes_beyond_the_first_twenty_are_counted(client):
    found = client.post("/v1/classify", json={"notes": [{}] * 64}).json()
    assert [field["field"] for field in found["fields"]] == [f"body.notes.{i}.text" for i in range(20)]
    assert found["more_problems"] == 44


def test_a_row_of_a_table_that_meets_a_bug_ends_the_table_as_failed(client, parts, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("the note said: SECRET-WORDS")

    monkeypatch.setattr(type(parts[0]), "finish", fail)
    place = client.post("/v1/batch", content="text\nx\n", headers={"Content-Type": "text/csv"}).headers["location"]
    until(lambda: client.get(place).json()["state"] != "reading")
    found = client.get(place).json()
    assert (found["state"], found["n_done"]) == ("failed", 0)
    assert found["problem"].startswith("a bug in the service")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_row_that_takes_too_long_or_breaks_the_model_fails_alone(run, tmp_path, kind):
    import io

    import polars as pl

    from nosology.machine.patience import ask
    from nosology.serve.batches import FORMATS

    service, reader = open_service(run, tmp_path / "state", note_seconds=0.02)
    reader.breaks_on, classify = "unreadable", reader.classify

    def slowly(texts):
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
