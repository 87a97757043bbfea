"""Where notes may be sent, and what a client makes of a server that is slow, gone or wrong."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
import torch

from completions_server import CompletionsServer
from nosology.errors import ConfigError, ModelError
from nosology.modeling.backends.server import Address, ServerModel, is_this_machine
from tiny_models import tiny_llama

PROMPT, ANSWERS = (5, 6, 7, 8), ((9, 10), (11,), (9, 12, 13))


@pytest.fixture
def server() -> Iterator[CompletionsServer]:
    made = CompletionsServer(tiny_llama())
    yield made
    made.stop()


def asked(server: CompletionsServer, **how: Any) -> list[list[float]]:
    """Return what a client makes of a server's answers."""
    return ServerModel(Address.of(server.url), **how).log_probs(PROMPT, ANSWERS)


def test_log_probabilities_are_those_of_the_answers_tokens_in_order(server: CompletionsServer) -> None:
    found, model = asked(server, key="secret"), tiny_llama()
    for answer, values in zip(ANSWERS, found, strict=True):
        with torch.inference_mode():
            rows = model(input_ids=torch.tensor([[*PROMPT, *answer]])).logits[0].double().log_softmax(dim=-1)
        expected = [float(rows[len(PROMPT) - 1 + i, token]) for i, token in enumerate(answer)]
        np.testing.assert_allclose(values, expected, atol=1e-5)
    (body,) = server.asked
    assert body["model"] == "tiny", "the only one that is served"
    assert server.headers[0]["Authorization"] == "Bearer secret"


def test_a_connection_that_was_closed_meanwhile_is_opened_again(server: CompletionsServer) -> None:
    model = ServerModel(Address.of(server.url))
    first = model.log_probs(PROMPT, ANSWERS)
    assert model._connection is not None
    assert model._connection.sock is not None
    model._connection.sock.shutdown(socket.SHUT_RDWR)
    assert model.log_probs(PROMPT, ANSWERS) == first
    model.close()


def in_log_probs(change: Callable[[list[Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Return what changes the log-probabilities of every answer."""

    def spoil(said: dict[str, Any]) -> dict[str, Any]:
        for choice in said["choices"]:
            choice["logprobs"]["token_logprobs"] = change(choice["logprobs"]["token_logprobs"])
        return said

    return spoil


def without_log_probs(said: dict[str, Any]) -> dict[str, Any]:
    """Leave log-probabilities out, as chat endpoints do."""
    for choice in said["choices"]:
        choice["logprobs"] = None
    return said


WRONG: dict[str, Callable[[dict[str, Any]], Any]] = {
    "returns no log-probabilities": without_log_probs,
    "left out log-probabilities of the answer": in_log_probs(lambda values: [None] * len(values)),
    "gave 5 log-probabilities for 6 tokens": in_log_probs(lambda values: values[:5]),
    "gave something that is no log-probability": in_log_probs(lambda values: [1.0] * len(values)),
    "gave 2 answers to 3 prompts": lambda said: said | {"choices": said["choices"][:2]},
    "does not say which answer is to which prompt": lambda said: (
        said | {"choices": [choice | {"index": [0]} for choice in said["choices"]]}
    ),
    "gave no answers to 3 prompts": lambda _: {"error": "fever and cough"},
    "answered something that is no JSON object": lambda _: b"<html>fever and cough</html>",
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_answer_is_named_by_what_is_wrong_with_it(server: CompletionsServer, message: str) -> None:
    server.spoil = WRONG[message]
    with pytest.raises(ModelError, match=message) as caught:
        asked(server)
    assert caught.value.hint
    assert "fever" not in str(caught.value), "it may hold the note"


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "-1", True, -(10**400)])
def test_what_is_no_number_is_no_log_probability(server: CompletionsServer, value: Any) -> None:
    server.spoil = in_log_probs(lambda values: [value] * len(values))
    with pytest.raises(ModelError, match="no log-probability"):
        asked(server)


def test_a_slow_server_is_given_up(server: CompletionsServer) -> None:
    server.seconds = 0.5
    with pytest.raises(ModelError, match=r"did not answer within 0\.1 seconds") as caught:
        asked(server, name="tiny", most_seconds=0.1)
    assert "--timeout" in caught.value.hint


class Dripping(BaseHTTPRequestHandler):
    """Answers by a byte at a time, so that no byte is ever late."""

    def do_GET(self) -> None:
        content = json.dumps({"data": [{"id": "tiny"}]}).encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)
        place = answer.index(b"\r\n") if self.path.startswith("/head") else answer.index(b"{")
        self.wfile.write(answer[:place])
        with contextlib.suppress(OSError):  # whoever asked has gone
            for i in range(place, len(answer)):
                time.sleep(0.05)
                self.wfile.write(answer[i : i + 1])

    def log_message(self, *_: Any) -> None: ...


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_server_that_drips_is_given_up_at_the_same_time(part: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(ModelError, match=r"did not answer within 0\.3 seconds"):
            ServerModel(Address.of(f"http://127.0.0.1:{server.server_port}/{part}"), most_seconds=0.3)
        server.shutdown()


def test_time_is_counted_anew_for_each_question(server: CompletionsServer) -> None:
    model = ServerModel(Address.of(server.url), name="tiny", most_seconds=2)
    expected = model.log_probs(PROMPT, ANSWERS)
    assert model._connection is not None
    assert model._connection.sock is not None
    model._connection.sock.settimeout(1e-6)  # what was left when the last answer was there
    assert model.log_probs(PROMPT, ANSWERS) == expected
    assert len(server.asked) == 2


@pytest.mark.parametrize("key", ["sesame open", "sesäme", "сезам", "sesame\nInjected: header", "sesame\x00"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(server: CompletionsServer, key: str) -> None:
    with pytest.raises(ConfigError, match="no key can hold") as caught:
        asked(server, key=key)
    assert key.split()[0].strip("\x00") not in f"{caught.value} {caught.value.hint}"
    assert not server.asked


def test_blanks_around_a_key_are_left_out(server: CompletionsServer) -> None:
    asked(server, key=" secret\r\n")
    assert server.headers[0]["Authorization"] == "Bearer secret"


def test_a_server_that_is_gone_is_named(server: CompletionsServer) -> None:
    address = Address.of(server.url)
    server.stop()
    with pytest.raises(ModelError, match="cannot be reached: ConnectionRefusedError"):
        ServerModel(address)


@pytest.mark.parametrize(("status", "message"), [(302, "nobody follows: status 302"), (500, "refused: status 500")])
def test_a_refusal_and_a_redirection_are_not_followed(server: CompletionsServer, status: int, message: str) -> None:
    server.status = status
    with pytest.raises(ModelError, match=message):
        asked(server, name="tiny")


def test_of_several_models_one_has_to_be_named(server: CompletionsServer) -> None:
    server.names = ("one", "other")
    with pytest.raises(ModelError, match="serves 2 models") as caught:
        asked(server)
    assert "--served-name" in caught.value.hint
    assert len(asked(server, name="other")) == 3


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "[::1]"])
def test_this_machine_needs_no_permission(host: str) -> None:
    assert Address.of(f"http://{host}:8000/v1/").path == "/v1"


@pytest.mark.parametrize(
    "host", ["10.0.0.5", "localhost.example.org", "127.0.0.1.example.org", "2130706433", "0.0.0.0"]
)
def test_notes_go_to_no_other_host_than_the_one_that_was_allowed(host: str) -> None:
    assert not is_this_machine(host)
    with pytest.raises(ConfigError, match=rf"notes would leave this machine for {host}, unencrypted") as caught:
        Address.of(f"http://{host}:8000/v1", allowed_host="other.example.org")
    assert f"--allow-host {host}" in caught.value.hint
    with pytest.raises(ConfigError) as caught:
        Address.of(f"https://{host}:8000/v1")
    assert "unencrypted" not in str(caught.value)
    assert Address.of(f"https://{host}/v1", allowed_host=host) == Address(host, 443, "/v1", is_encrypted=True)


BAD = (
    "127.0.0.1:8000",
    "ftp://127.0.0.1",
    "http://",
    "http://a@127.0.0.1",
    "http://:pw@127.0.0.1",
    "http://[::1",
    "http://127.0.0.1:x",
    "http://127.0.0.1:0/v1",
    f"http://{'a' * 64}.example.org/v1",
    "http://a..example.org/v1",
    "http://127.0.0.1/v 1",
    "http://127.0.0.1/é",
)


@pytest.mark.parametrize("url", BAD)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="not the address of a server"):
        Address.of(url)
