"""What a service says of itself: page, probes, sessions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from nosology.serve.http.keys import KeyFile
from nosology.serve.http.sessions import COOKIE
from nosology.serve.routes.about import page_files
from nosology.serve.service import Service
from service_world import NOTE, client_of, notes, open_service, write_served_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that can be served."""
    return write_served_run(tmp_path_factory.mktemp("about"))


@pytest.fixture
def service(run: Path, tmp_path: Path) -> Service:
    """A service over it."""
    return open_service(run, tmp_path / "state")[0]


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    """A client of it."""
    with client_of(service) as made:
        yield made


# ---- the page


def test_the_page_is_what_stands_at_the_root(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<!doctype html>" in answer.text.lower()


@pytest.mark.parametrize("name", sorted(page_files()))
def test_every_file_of_the_page_is_served_with_its_type(client: TestClient, name: str) -> None:
    content, media_type = page_files()[name]
    answer = client.get(f"/page/{name}")
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize("name", ["missing.js", "..%2f..%2fpyproject.toml", "%2e%2e/app.py", ".hidden", "__init__.py"])
def test_nothing_else_is_served_from_the_disk(client: TestClient, name: str) -> None:
    assert client.get(f"/page/{name}").status_code == 404


def test_the_page_loads_only_what_the_service_serves(client: TestClient) -> None:
    html = client.get("/").text
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "https://" not in html


# ---- the run


def test_the_card_names_the_run_and_whether_text_is_kept(client: TestClient, run: Path, tmp_path: Path) -> None:
    card = client.get("/v1/model").json()
    assert card["run"] == "run"
    assert card["keeps_text"] is False
    with client_of(open_service(run, tmp_path / "keeping", keep_text=True)[0]) as other:
        assert other.get("/v1/model").json()["keeps_text"] is True


def test_the_report_is_shown_where_the_run_has_one(client: TestClient, run: Path) -> None:
    answer = client.get("/report")
    assert answer.status_code == 200
    assert "The report." in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = run / "report" / "index.html"
    page.rename(page.with_name("moved.html"))
    try:
        assert client.get("/report").status_code == 404
    finally:
        page.with_name("moved.html").rename(page)


# ---- probes


def test_the_process_answers_whatever_its_parts_do(client: TestClient, service: Service) -> None:
    assert client.get("/livez").json() == {"status": "ok", "parts": {}}
    service.store.close()
    assert client.get("/livez").status_code == 200


def test_all_parts_are_well_at_the_start(client: TestClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "parts": {"model": "ok", "store": "ok", "audit": "ok"}}


def test_counters_count_what_was_asked(client: TestClient) -> None:
    client.post("/v1/classify", json=notes(NOTE, NOTE))
    text = client.get("/metrics").text
    assert 'nosology_notes_read_total{category="Cardiovascular"} 2.0' in text
    assert 'nosology_requests_total{method="POST",route="/v1/classify",status="200"} 1.0' in text
    assert "infarction" not in text


# ---- sessions


def test_without_keys_everybody_is_local(client: TestClient) -> None:
    assert client.get("/v1/session").json() == {"needs_key": False, "actor": "local"}
    answer = client.post("/v1/session", json={"key": "whatever"})
    assert answer.json() == {"needs_key": False, "actor": "local"}
    assert "set-cookie" not in answer.headers


@pytest.fixture
def keyed(run: Path, tmp_path: Path) -> Iterator[tuple[TestClient, str]]:
    """A client of a service that asks for keys, and a key."""
    state = tmp_path / "keyed"
    state.mkdir()
    key = KeyFile(state / "keys.json").create("ward 3")
    service, _ = open_service(run, state)
    with client_of(service, keys=KeyFile(state / "keys.json")) as made:
        yield made, key


def test_a_key_is_exchanged_for_a_cookie_that_scripts_cannot_read(keyed: tuple[TestClient, str]) -> None:
    client, key = keyed
    assert client.get("/v1/session").json() == {"needs_key": True, "actor": None}
    assert client.get("/v1/model").status_code == 401
    answer = client.post("/v1/session", json={"key": key})
    assert answer.json() == {"needs_key": True, "actor": "ward 3"}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for attribute in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=28800"):
        assert attribute.lower() in cookie.lower()
    assert key not in cookie
    assert client.get("/v1/model").status_code == 200
    assert client.get("/v1/session").json()["actor"] == "ward 3"


def test_a_forgotten_cookie_opens_nothing(keyed: tuple[TestClient, str]) -> None:
    client, key = keyed
    client.post("/v1/session", json={"key": key})
    stolen = client.cookies[COOKIE]
    assert client.delete("/v1/session").status_code == 204
    client.cookies.set(COOKIE, stolen)
    assert client.get("/v1/model").status_code == 401


def test_a_wrong_key_gets_no_cookie(keyed: tuple[TestClient, str]) -> None:
    client, key = keyed
    answer = client.post("/v1/session", json={"key": key[:-1] + ("a" if key[-1] != "a" else "b")})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert key not in answer.text
