"""The grammars that the small networks learn from: lines become text, marks stay in their place, slots are filled."""

import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import nosology

TAGGING = Path(nosology.__file__).parents[2] / "scripts" / "tagging"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the scripts' modules importable."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(TAGGING)])


def test_a_template_chooses_fills_slots_and_leaves_other_brackets_alone() -> None:
    from templates import template

    said = {
        "".join(text for text, _ in template(line).pieces(random.Random(seed), lambda name: (name.upper(), "x")))
        for line in [r"(He|She) has {p:s} (mild) {\n\(\{x"]
        for seed in range(20)
    }
    assert said == {f"{who} has P:S (mild) {{\n({{x" for who in ("He", "She")}


def test_a_choice_may_hold_another() -> None:
    from templates import template

    pieces = [template("a(b|(c|d)e|)").pieces(random.Random(seed), lambda name: (name, "")) for seed in range(40)]
    assert {"".join(text for text, _ in found) for found in pieces} == {"ab", "ace", "ade", "a"}


def test_every_mention_of_a_text_of_marks_stands_at_its_offsets_and_every_slot_is_filled() -> None:
    from mark_texts import LETTERS, Writer

    texts = list(Writer(["zoster", "gout"], 1).texts(400))
    mentions = [(text.text[start:end], letters) for text in texts for start, end, letters in text.mentions]
    assert len(mentions) > 600
    assert all(said.strip() == said != "" for said, _ in mentions)
    assert all(set(letters) <= {*LETTERS, "p"} for _, letters in mentions)
    assert {"n", "h", "f", "u", "p"} <= {letters for _, letters in mentions}
    assert [text.text for text in texts if re.search(r"\{-?\w+(:\w)?\}", text.text)] == []
    assert texts == list(Writer(["zoster", "gout"], 1).texts(400)), "same seed, same texts"


def test_the_sections_of_a_note_of_headers_lie_in_order_and_hold_text() -> None:
    from header_notes import Writer

    notes = list(Writer(["zoster", "gout"], 1).notes(300))
    spans = [(note, span) for note in notes for span in note.stated]
    assert len(spans) > 200
    assert all(note.text[start:end].strip() for note, (start, end) in spans)
    assert all(one[1] <= other[0] for note in notes for one, other in zip(note.stated, note.stated[1:], strict=False))
    assert all(not start <= place < end for note, (start, end) in spans for place in note.others)
    assert notes == list(Writer(["zoster", "gout"], 1).notes(300)), "same seed, same notes"


def test_names_of_diseases_say_nothing_of_whose_they_are() -> None:
    from diseases import diseases

    found = diseases()
    assert len(found) > 5_000
    assert [name for name in found if re.search(r"history|family|without", name)] == []
    assert "gout" in found


@pytest.mark.parametrize("name", ["train_headers", "train_marks"])
def test_a_short_training_writes_weights_that_the_program_reads(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    import numpy as np

    module = importlib.import_module(name)
    out = tmp_path / "weights.npz"
    examples = "--notes" if name == "train_headers" else "--texts"
    options = ["--out", str(out), "--steps", "2", examples, "30", "--size", "4", "--hidden", "4"]
    monkeypatch.setattr(sys, "argv", [name, *options])
    module.main()
    with np.load(out) as stored:
        assert {"table", "table_scale", "first", "last", "last_bias", "further0"} <= set(stored.files)
        assert stored["table"].dtype == np.int8


def test_networks_of_marks_teach_one_that_learns_something_else_than_the_grammar_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np
    import torch
    import train_marks

    def trained(name: str, *teachers: Path) -> Path:
        options = ["--steps", "3", "--texts", "30", "--size", "4", "--hidden", "4", "--out", str(tmp_path / name)]
        taught = ["--teachers", *map(str, teachers)] if teachers else []
        monkeypatch.setattr(sys, "argv", ["train_marks", *options, *taught])
        train_marks.main()
        return tmp_path / name

    alone = trained("alone.npz")
    with np.load(alone) as one, np.load(trained("taught.npz", alone)) as other:
        assert one.files == other.files
        assert not np.array_equal(one["last"], other["last"])
    net = train_marks.loaded(alone)
    with np.load(alone) as stored:
        assert torch.allclose(net.convolutions.first.weight, torch.from_numpy(stored["first"].astype(np.float32).T))
    corpus = train_marks.Corpus()
    corpus.add(train_marks.Text("No fever, cough.", ((3, 8, "n"),)))
    corpus.teach([net, net])
    (text,) = corpus.texts
    (said,) = net(*_read_by(corpus, text)).sigmoid().detach().numpy()[None]
    assert text.marks[1, 0] == pytest.approx((1 + said[1, 0]) / 2, abs=1e-2), "half the grammar, half the teachers"
    assert text.marks[3] == pytest.approx(said[3], abs=1e-2), "outside mentions the teachers alone"
    assert text.weights.tolist() == pytest.approx([0.2, 1, 0.2, 0.2, 0.2], abs=1e-3)


def _read_by(corpus: Any, text: Any) -> tuple[Any, Any]:
    import train_marks

    different, is_hidden, batch, _, _ = train_marks.joined([text])
    return corpus.kinds_of(different, is_hidden), batch
