"""The linear model over parts of words: what it learns, that it is tuned fairly, and that its file holds no word."""

import numpy as np
import pytest

from nosology.classifier import words as hashed
from nosology.classifier.words import HashedModel, fit_hashed
from nosology.errors import RunError

STEMS = ("cardio", "nephro", "dermato")
ENDINGS = ("pathy", "logy", "gram", "itis", "megaly", "genic", "toxic", "sclerosis", "pulmonary", "vascular")


def notes_of_new_words(n, seed):
    """Return texts in which each category shows in a stem, joined to endings that differ from note to note."""
    generator = np.random.default_rng(seed)
    true = generator.integers(3, size=n)
    texts = [
        f"seen for {STEMS[category]}{generator.choice(ENDINGS)}{generator.integers(1000)} today" for category in true
    ]
    return texts, true


def patients(n):
    return [f"p{i}" for i in range(n)]


def fitted(n=120, seed=0, **options):
    texts, true = notes_of_new_words(n, seed)
    return fit_hashed(texts, true, 3, groups=patients(n), **options)


def test_parts_of_words_tell_apart_words_never_seen_whole():
    new_texts, new_true = notes_of_new_words(60, 1)
    assert (fitted().log_probs(new_texts).argmax(axis=1) == new_true).mean() > 0.95


def test_rows_sum_to_one_whatever_the_text():
    texts = ["", "a", "患者因胸痛入院。", "\x00\x07\ufffe\ud800", "word " * 100_000]
    np.testing.assert_allclose(np.exp(fitted().log_probs(texts)).sum(axis=1), 1)


def test_a_category_without_training_notes_stays_possible():
    texts, true = notes_of_new_words(60, 2)
    model = fit_hashed(texts, np.where(true == 1, 2, true), 3, groups=patients(60))
    np.testing.assert_allclose(np.exp(model.log_probs(texts))[:, 1], 1 / 63)


def test_a_saved_model_answers_the_same(tmp_path):
    model, (texts, _) = fitted(), notes_of_new_words(20, 3)
    model.save(tmp_path / "model.safetensors")
    loaded = HashedModel.load(tmp_path / "model.safetensors")
    assert (loaded.log_probs(texts) == model.log_probs(texts)).all()
    assert loaded.settings == model.settings


def test_a_saved_model_of_two_categories_answers_the_same(tmp_path):
    texts = ["cardiology visit", "dermatology visit"] * 10
    model = fit_hashed(texts, np.arange(20) % 2, 2, groups=patients(20))
    model.save(tmp_path / "model.safetensors")
    probabilities = np.exp(HashedModel.load(tmp_path / "model.safetensors").log_probs(texts[:2]))
    assert probabilities.argmax(axis=1).tolist() == [0, 1]


def test_no_word_of_a_note_is_in_the_file(tmp_path):
    texts = ["Zebulon Quackenbush has cardiomyopathy", "Zebulon Quackenbush has dermatitis"] * 8
    fit_hashed(texts, np.arange(16) % 2, 2, groups=patients(16)).save(tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes().lower()
    assert not any(word in content for word in (b"zebulon", b"quackenbush", b"cardiomyopathy", b"dermat"))


def test_a_word_of_one_single_note_is_no_feature():
    texts = ["cardiology", "cardiology", "dermatology", "dermatology xyzzyplugh"]
    first, second = (
        fit_hashed(notes, np.array([0, 0, 1, 1]), 2, groups=patients(4))
        for notes in (texts, [*texts[:3], "dermatology"])
    )
    assert first.settings["features"] == second.settings["features"]


@pytest.mark.parametrize("content", [b"", b"damaged", None])
def test_what_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "model.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match="cannot read this linear model"):
        HashedModel.load(path)


def test_copies_of_a_patients_note_do_not_help_its_own_fold():
    true = np.repeat(np.random.default_rng(6).integers(3, size=40), 4)
    texts = [f"{'abcdefghijklmnopqrstuvwxyz'[i // 4 % 26] * 6}{i // 4}" for i in range(160)]
    by_patient = fit_hashed(texts, true, 3, groups=[f"p{i // 4}" for i in range(160)])
    by_note = fit_hashed(texts, true, 3, groups=patients(160))
    assert by_note.settings["cross_validated_accuracy"] > by_patient.settings["cross_validated_accuracy"] + 0.2


def test_large_sets_are_learned_and_tuned_on_a_part(monkeypatch):
    monkeypatch.setattr(hashed, "MOST_NOTES", 80)
    monkeypatch.setattr(hashed, "MOST_TUNING_NOTES", 50)
    model = fitted()
    assert (model._n_notes, model.settings["tuning_notes"]) == (80, 50)


def test_notes_of_one_category_leave_nothing_to_learn():
    assert fit_hashed(["a b", "c d"], np.array([1, 1]), 3, groups=["p", "q"]) is None


def test_no_text_shows_in_a_repr():
    assert "cardio" not in repr(fitted(30))
