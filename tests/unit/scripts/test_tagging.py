"""The grammars that the small networks learn from: lines become text, marks stay in their place, slots are filled."""

import random
import re
import sys
from pathlib import Path

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


@pytest.mark.parametrize("name", ["train_headers", "train_marks"])
def test_networks_teach_one_that_learns_something_else_than_from_the_grammar_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    import numpy as np
    import torch

    module, examples = importlib.import_module(name), "--notes" if name == "train_headers" else "--texts"

    def trained(file: str, *teachers: Path) -> Path:
        options = ["--steps", "3", examples, "30", "--size", "4", "--hidden", "6", "--out", str(tmp_path / file)]
        monkeypatch.setattr(sys, "argv", [name, *options, *(["--teachers", *map(str, teachers)] if teachers else [])])
        module.main()
        return tmp_path / file

    alone = trained("alone.npz")
    with np.load(alone) as one, np.load(trained("taught.npz", alone)) as other:
        assert one.files == other.files
        assert not np.array_equal(one["last"], other["last"])
        _, _, layers = module.loaded(alone, module.Net).parts()
        for layer, weights in layers.items():
            assert torch.equal(weights.weight, torch.from_numpy(one[layer].astype(np.float32).T)), layer


def test_of_a_mention_the_grammar_says_half_and_the_teachers_half_elsewhere_they_say_all() -> None:
    import train_marks

    net = train_marks.Net(4, 6).eval()
    corpus = train_marks.Corpus()
    corpus.add(train_marks.Text("No fever, cough.", ((3, 8, "n"),)))
    different, is_hidden, batch, _, _ = train_marks.joined(corpus.texts)
    said = net(corpus.kinds_of(different, is_hidden), batch).sigmoid().detach().numpy()
    corpus.teach([net, net])
    (text,) = corpus.texts
    assert text.marks[1, 0] == pytest.approx((1 + said[1, 0]) / 2, abs=1e-2)
    assert text.marks[3] == pytest.approx(said[3], abs=1e-2)
    assert text.weights.tolist() == pytest.approx([0.2, 1, 0.2, 0.2, 0.2], abs=1e-3)


def test_of_the_lines_of_a_note_the_grammar_says_half_and_the_teachers_half() -> None:
    import torch
    import train_headers

    net = train_headers.Net(4, 6).eval()
    note = train_headers.encoded(train_headers.Note("Seen.\n\nDiagnosis:\nGout\n", ((7, 23),), ()))
    parts, real, _ = train_headers.batch([note])
    said = torch.softmax(net(parts, real), dim=1).detach().numpy()
    ((_, classes),) = train_headers.taught([note], [net, net])
    assert classes == pytest.approx((note[1] + said[: len(classes)]) / 2, abs=1e-5)
    assert note[1].argmax(axis=1).tolist() == [0, 1, 2]
    assert classes.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
