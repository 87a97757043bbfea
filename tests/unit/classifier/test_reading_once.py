"""A note is tokenized once and its own tokens pass the model once, for classify and suggest together.

What is counted is real: calls of the tokenizer that are given the note's text, and rows of the model's embedding that
hold the note's own tokens as one stretch. Titles, answers and sentences that are left out hang below and are not it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from coded_world import train_coded_run
from nosology.classifier.classifier import Classifier
from nosology.cli import app, register_commands
from nosology.dataset.folder import open_dataset
from nosology.evaluation import evaluate
from nosology.evaluation.suggestions import evaluate_suggestions
from nosology.modeling import encoding
from nosology.modeling.loading import decoder
from nosology.runs.run import Run
from nosology.serve.model import ServedModel

NOTE = "CHEST PAIN with troponin rise.\nDenies melena. Mother had palpitations."


@dataclass
class Counts:
    """What was seen.

    Attributes:
        tokenized: Texts that were tokenized, in order.
        rows: Rows of token ids that the model read, by the model.
    """

    tokenized: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[int]]] = field(default_factory=list)

    def n_tokenized(self, text: str) -> int:
        return self.tokenized.count(text.strip())

    def n_read(self, tokens: tuple[int, ...]) -> dict[int, int]:
        """Return how many rows of each model hold a note's own tokens."""
        wanted = " ".join(map(str, tokens))
        found: dict[int, int] = {}
        for model, row in self.rows:
            n = f" {' '.join(map(str, row))} ".count(f" {wanted} ")
            if n:
                found[model] = found.get(model, 0) + n
        return found


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counts]:
    """Count what every encoder tokenizes and what every model reads, while leaving both as they are."""
    counts = Counts()
    make = encoding.PromptEncoder.__init__
    adapt = Classifier.__init__

    def counting_encoder(self: Any, tokenizer: Any, *arguments: Any, **settings: Any) -> None:
        class Counting:
            def __call__(self, text: str, **options: Any) -> Any:
                counts.tokenized.append(text)
                return tokenizer(text, **options)

            def __getattr__(self, name: str) -> Any:
                return getattr(tokenizer, name)

        make(self, tokenizer if type(tokenizer).__name__ == "Counting" else Counting(), *arguments, **settings)

    hooked: set[int] = set()

    def counting_model(self: Any, engine: Any, *arguments: Any, **settings: Any) -> None:
        adapt(self, engine, *arguments, **settings)
        layer = decoder(engine.model).get_input_embeddings()
        if id(layer) not in hooked:
            hooked.add(id(layer))
            number = len(hooked)
            layer.register_forward_pre_hook(lambda _, inputs: counts.rows.append((number, inputs[0][0].tolist())))

    monkeypatch.setattr(encoding.PromptEncoder, "__init__", counting_encoder)
    monkeypatch.setattr(Classifier, "__init__", counting_model)
    yield counts


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = train_coded_run(tmp_path_factory.mktemp("once"))
    evaluate_suggestions(run)
    return run


def own_tokens(run: Path, text: str) -> tuple[int, ...]:
    note = Classifier.load(run).encode([text])[0]
    assert not note.truncated_tokens
    return note.tokens


def test_classify_and_suggest_share_one_reading(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = Classifier.load(run).aligned(NOTE).text
    tokens = own_tokens(run, prepared)
    with counted(monkeypatch) as counts:
        classifier = Classifier.load(run)
        ((prediction, suggestions),) = classifier.classify_and_suggest([NOTE], k=3)
    assert (counts.n_tokenized(prepared), counts.n_read(tokens)) == (1, {1: 1})
    alone = classifier.classify([NOTE])[0]
    assert prediction.label == alone.label
    assert prediction.probability == pytest.approx(alone.probability, abs=1e-5)
    assert [item.code for item in suggestions] == [item.code for item in classifier.suggest([NOTE], k=3)[0]]


def test_the_service_and_with_it_the_page_read_a_note_once(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = Classifier.load(run).aligned(NOTE).text
    tokens = own_tokens(run, prepared)
    with counted(monkeypatch) as counts:
        model = ServedModel.load(Run.open(run), replaces_identifiers=False)
        (reading,) = model.read([NOTE], 3)
    assert (counts.n_tokenized(prepared), counts.n_read(tokens)) == (1, {1: 1})
    assert len(reading.suggestions["items"]) == 3


@pytest.mark.parametrize("command", ["classify", "suggest"])
def test_the_command_line_reads_a_note_once(run: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    prepared = Classifier.load(run).aligned(NOTE).text
    tokens = own_tokens(run, prepared)
    register_commands()
    with counted(monkeypatch) as counts:
        done = CliRunner().invoke(app, [command, str(run), "-"], input=NOTE)
    assert done.exit_code == 0, done.output
    assert (counts.n_tokenized(prepared), counts.n_read(tokens)) == (1, {1: 1})


def test_evaluating_categories_and_suggestions_reads_a_note_once(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    dataset = open_dataset(Run.open(run).manifest.dataset.path)
    texts = dataset.split("test")["clean_text"].to_list()
    notes = {note.text: note.tokens for note in Classifier.load(run).encode(texts) if not note.truncated_tokens}
    assert len(notes) > 5
    register_commands()
    with counted(monkeypatch) as counts:
        done = CliRunner().invoke(app, ["evaluate", str(copied)])
    assert done.exit_code == 0, done.output
    assert "suggest" in done.output.lower()
    for text, tokens in notes.items():
        assert counts.n_tokenized(text) == 1
        # Robustness reads the same note under another order of the categories: once more, and that is all.
        assert counts.n_read(tokens) == {1: 2}


def test_what_is_read_together_is_what_each_evaluation_finds_alone(run: Path, tmp_path: Path) -> None:
    together, apart = (Path(shutil.copytree(run, tmp_path / name)) for name in ("together", "apart"))
    register_commands()
    assert CliRunner().invoke(app, ["evaluate", str(together)]).exit_code == 0
    alone = evaluate(apart)
    suggested = evaluate_suggestions(apart)
    found = Run.open(together)
    assert found.results().systems["tuned"].accuracy == alone["systems"]["tuned"]["accuracy"]
    assert found.suggestion_results().systems["suggester"].mrr.value == pytest.approx(
        suggested.systems["suggester"].mrr.value, abs=1e-6
    )
