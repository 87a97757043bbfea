"""The commands of README and of every page, in order, from an installed wheel with only the extras that the page names.

Each page has a folder of its own, which holds what the page takes for granted: tables of invented notes, datasets, and
runs of a tiny model with random weights. What cannot run here stands in `pages.NOT_RUN`, with the reason.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from installed import ROOT, environment
from pages import commands_of, extras_of, pages
from service_world import hook_call
from tiny_encoders import save_tiny_encoder
from tiny_models import save_tiny_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
PAGES = pages(ROOT)
RUNS = ("runs/first", "runs/mimic3", "runs/paper", "demo/run")
MADE_HERE = {
    "README.md": {"runs/mimic3", "data/mimic3"},
    "mimic3.md": {"runs/mimic3", "data/mimic3", "MIMIC_IV"},
    "offline.md": {"runs/paper"},
    "quickstart.md": {"demo/run"},
    "ray.md": {"runs/first"},
}
"""What a page's own commands make, so that it is not there before."""

FROM_A_TABLE = {("export.md", "runs/first")}
"""Runs trained on a table: those on notes in MIMIC's form are not exported without `--allow-restricted`."""

CONFIG = {
    "prepare": {"preset": "paper", "split_shares": [0.6, 0.2, 0.2]},
    "model": {"name": "models/tiny", "max_note_tokens": 64, "scoring": "constrained", "dtype": "float32"},
    "train": {"batch_size": 8, "lora_r": 2, "max_steps": 2, "report_to": [], "title_weight": 0.3},
    "evaluate": {
        "bootstrap_samples": 100,
        "robustness_notes": 2,
        "systems": ["majority", "tfidf_parts", "base", "tuned", "ensemble"],
    },
}
TABLE = """
import csv
from pathlib import Path
import nosology
from nosology.course.notes import compose_notes
labels = nosology.LabelSet.load("icd-chapters-18")
for seed, (name, n) in enumerate((("notes", 40), ("local", 90), ("other", 40))):
    with open(name + ".csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["TEXT", "CATEGORY", "PATIENT"])
        for number, note in enumerate(compose_notes(labels, n, seed=seed)):
            rows.writerow([note.text, note.phrase.category, number])
        rows.writerow(["Crushing chest pain, ST elevation, raised troponin.", "Cardiovascular", "sent to the service"])
labels.save(Path("our-labels.tsv"))
deep = "[" * 100 + "]" * 100
Path("notes.jsonl").write_text('{"TEXT": "Crushing chest pain.", "more": ' + deep + "}\\n", encoding="utf-8")
"""


class Shell:
    """Runs a page's commands in a folder, one after the other, as one would type them; one service at a time."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.folder = folder
        self.service: subprocess.Popen[str] | None = None
        self.port = _free_port()
        self.answers: dict[str, str] = {}
        path = os.pathsep.join([str(python.parent), os.environ["PATH"]])
        self.environment = os.environ | {"PATH": path, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}

    def run(self, words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command; one that serves goes on in the background once it answers."""
        if words.startswith("export "):
            name, _, value = words.removeprefix("export ").partition("=")
            self.environment[name] = value
            return subprocess.CompletedProcess(words, 0, "", "")
        if words.startswith("nosology serve"):
            return self._serve(words)
        for name, value in {"127.0.0.1:8000": f"127.0.0.1:{self.port}", **self.answers}.items():
            words = words.replace(name, value)
        if not words.startswith("curl "):
            return self._bash(words)
        words += " --silent --show-error --fail-with-body"
        done = self._bash(words)
        deadline = time.monotonic() + 120
        while "--data" not in words and re.search(r'"state": ?"reading"', done.stdout) and time.monotonic() < deadline:
            time.sleep(0.2)  # whoever asks how far a table is asks again until it is done
            done = self._bash(words)
        if " -d " in words or "--data" in words:
            self._remember(done.stdout)
        return done

    def _bash(self, words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-c", words], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )

    def _remember(self, answer: str) -> None:
        """Keep what a page asks its reader to fill in: the receipt of a prediction, the number of a table."""
        if found := re.search(r'"receipt": ?"([^"]+)"', answer):
            self.answers.setdefault("RECEIPT", found[1])
        if found := re.search(r'"batch_id": ?"([^"]+)"', answer):
            self.answers["BATCH_ID"] = found[1]

    def _serve(self, words: str) -> "subprocess.CompletedProcess[str]":
        self.stop()
        command = f"exec {words} --port {self.port}"
        with (self.folder / "service.log").open("w") as log:
            self.service = subprocess.Popen(
                ["bash", "-c", command], cwd=self.folder, env=self.environment, stdout=log, stderr=log, text=True
            )
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and self.service.poll() is None:
            said = (self.folder / "service.log").read_text(encoding="utf-8")
            if '"message": "ready"' in said:
                return subprocess.CompletedProcess(words, 0, said, "")
            time.sleep(0.2)
        said = (self.folder / "service.log").read_text(encoding="utf-8")
        return subprocess.CompletedProcess(words, self.service.poll() or 1, "", said)

    def stop(self) -> None:
        """End the service, if there is one."""
        if self.service and self.service.poll() is None:
            self.service.send_signal(signal.SIGTERM)
            self.service.wait(timeout=120)


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the wheel and the environments that hold it."""
    return tmp_path_factory.mktemp("wheels")


@pytest.fixture(scope="module")
def world(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pages take for granted, made by the wheel's own commands."""
    folder = tmp_path_factory.mktemp("world")
    save_tiny_model(folder / "models" / "tiny")
    shutil.copytree(folder / "models" / "tiny", folder / "models" / "llama-3.2-3b")
    save_tiny_encoder(folder / "models" / "bert-base", ["fever and cough", "a rash"], positions=512)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    shell = Shell(environment(wheels), folder)
    (folder / "table.py").write_text(TABLE, encoding="utf-8")
    (folder / "call.json").write_text(json.dumps(hook_call("Crushing chest pain.")), encoding="utf-8")
    for words in (
        "python table.py",
        "nosology synth MIMIC_FOLDER --admissions 300 --length mixed",
        "mkdir -p physionet.org/files/mimiciii && cp -rl MIMIC_FOLDER physionet.org/files/mimiciii/1.4",
        "nosology synth mimic4 --admissions 100 --layout mimic4",
        "mkdir -p physionet.org/files/mimiciv/3.1 && cp -rl mimic4/hosp physionet.org/files/mimiciv/3.1",
        "mkdir -p physionet.org/files/mimic-iv-note/2.2 && cp -rl mimic4/note physionet.org/files/mimic-iv-note/2.2",
        "nosology prepare mimic3 MIMIC_FOLDER --out data/mimic3 --config tiny.yaml",
        "nosology prepare table local.csv --out DATASET --text TEXT --category CATEGORY --patient PATIENT",
        "nosology train DATASET --out from-a-table --config tiny.yaml --set train.title_weight=0",
        "nosology train data/mimic3 --out run --config tiny.yaml",
        "nosology evaluate run",
        "nosology report run",
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout tls.key -out tls.pem",
    ):
        done = shell.run(words)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return folder


@pytest.fixture
def folder(world: Path, tmp_path: Path, page: Path) -> Path:
    """A page's own folder, with what it takes for granted."""
    made = MADE_HERE.get(page.name, set())
    for given in world.iterdir():
        if given.name != "data":
            (tmp_path / given.name).symlink_to(given)
    (tmp_path / "data").mkdir()
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "ours").symlink_to(world / "data" / "mimic3")
    if "data/mimic3" not in made:
        (tmp_path / "data" / "mimic3").symlink_to(world / "data" / "mimic3")
    if "MIMIC_IV" not in made:
        (tmp_path / "MIMIC_IV").symlink_to(world / "mimic4")
    for run in RUNS:
        if run not in made:
            kind = "from-a-table" if (page.name, run) in FROM_A_TABLE else "run"
            shutil.copytree(world / kind, tmp_path / run)
    if page.name == "serve.md":  # one run under the two names that the page has for it
        shutil.rmtree(tmp_path / "demo" / "run")
        (tmp_path / "demo" / "run").symlink_to(tmp_path / "runs" / "first")
    if found := re.search(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE):
        (tmp_path / "space.yaml").write_text(found[1], encoding="utf-8")
    return tmp_path


@pytest.fixture
def shell(wheels: Path, folder: Path, page: Path) -> Iterator[Shell]:
    """A shell in the page's folder, in an environment with the extras that the page names."""
    shell = Shell(environment(wheels, extras_of(page.read_text(encoding="utf-8"))), folder)
    yield shell
    shell.stop()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_run_in_its_order(page: Path, shell: Shell) -> None:
    for command in commands_of(page.read_text(encoding="utf-8")):
        if command.missing is None:
            done = shell.run(command.at_a_tiny_size())
            said = f"{command.at_a_tiny_size()}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            if command.prints is None:
                assert done.returncode == 0, said
            else:
                assert done.returncode != 0, said
                assert " ".join(command.prints.split()) in " ".join(done.stderr.split()), said
