"""``nosology classify --backend``: the same answers by another program, and what is asked before notes go anywhere."""

import csv
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from transformers import LlamaForCausalLM

from completions_server import CompletionsServer
from export_world import write_adapted_run
from nosology.cli.backends import Backend, Where
from nosology.errors import ConfigError
from nosology.export.models import outside
from nosology.export.models.workflow import export_run
from tiny_models import llama3_tokenizer, save_tiny_model

HOST = "ward.example.org"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run, its export, and notes."""
    folder = tmp_path_factory.mktemp("backends")
    save_tiny_model(folder / "model", tokenizer=llama3_tokenizer())
    write_adapted_run(folder / "run", folder / "model")
    export_run(folder / "run", "merged", folder / "out", number_format="float32", observe=outside.observe)
    with (folder / "notes.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text"], ["Fever and cough."], ["Burn of the left hand after a fall."]])
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[CompletionsServer]:
    made = CompletionsServer(LlamaForCausalLM.from_pretrained(folder / "out"))
    yield made
    made.stop()


def rows(said: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.splitlines()]


def test_a_server_classifies_a_file_as_torch_does(nosology: Any, folder: Path, server: CompletionsServer) -> None:
    _, expected, _ = nosology("classify", folder / "run", folder / "notes.csv")
    how = ("--backend", "server", "--url", server.url, "--export", folder / "out")
    status, found, said = nosology("classify", folder / "run", folder / "notes.csv", *how)
    assert status == 0, said
    assert "server answers as the run does: 12 invented notes" in said
    for one, other in zip(rows(found), rows(expected), strict=True):
        assert one["predicted_label"] == other["predicted_label"]
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-4)
    assert not (folder / "run" / "service").exists(), "nothing left this machine"


def test_notes_that_leave_for_a_host_are_written_down_before_they_do(
    nosology: Any, folder: Path, server: CompletionsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: look_up("127.0.0.1" if host == HOST else host, *rest, **more)
    )
    url = server.url.replace("127.0.0.1", HOST)
    how = ["--backend", "server", "--url", url, "--export", folder / "out", "--state", tmp_path / "state"]
    how += ["--audit-key", tmp_path / "vault" / "audit.key"]
    (tmp_path / "vault").mkdir()
    n_asked = len(server.asked)
    status, _, said = nosology("classify", folder / "run", folder / "notes.csv", *how)
    assert status == 2
    assert f"notes would leave this machine for {HOST}, unencrypted" in said
    assert len(server.asked) == n_asked
    assert not (tmp_path / "state").exists()
    monkeypatch.setenv("NOSOLOGY_SERVER_KEY", "sesame open")
    status, _, said = nosology("classify", folder / "run", folder / "notes.csv", *how, "--allow-host", HOST)
    assert status == 2
    assert "NOSOLOGY_SERVER_KEY" in said
    assert "sesame" not in said
    assert not (tmp_path / "state").exists(), "no note left"
    monkeypatch.setenv("NOSOLOGY_SERVER_KEY", "sesame\n")
    status, _, said = nosology("classify", folder / "run", folder / "notes.csv", *how, "--allow-host", HOST)
    assert status == 0, said
    assert f"notes leave this machine for {HOST}, unencrypted:" in " ".join(said.split())
    assert server.headers[-1]["Authorization"] == "Bearer sesame"
    (line,) = (tmp_path / "state" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["host"], entry["notes"]) == ("notes-sent-to-host", HOST, 2)
    assert "Fever" not in line
    assert (tmp_path / "vault" / "audit.key").exists()
    assert not (tmp_path / "state" / "audit.key").exists()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (Where(Backend.torch, url="http://127.0.0.1:1/v1"), "torch runs the run itself"),
        (Where(Backend.server, url="http://127.0.0.1:1/v1"), "which export"),
        (Where(Backend.server, export=Path("out")), "a server has an address"),
        (Where(Backend.llama_cpp, export=Path("out"), url="http://127.0.0.1:1/v1"), "llama.cpp has none"),
    ],
)
def test_options_that_do_not_fit_each_other_are_refused(where: Where, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        where.check()
