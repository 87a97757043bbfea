"""Hashed words against an oracle: scikit-learn's own TF-IDF, probabilities by hand, and what a file may tell."""

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from scipy import special
from sklearn.feature_extraction.text import TfidfVectorizer

from nosology.classifier import linear
from nosology.classifier import words as hashed
from nosology.classifier.knowledge import Texts
from nosology.classifier.words import HashedModel, fit_hashed
from nosology.errors import RunError

TOPICS = (("fever", "sepsis", "culture"), ("tumor", "biopsy", "metastasis"), ("fracture", "fall", "plaster"))
NAMES = ("Zebulon", "Quackenbush", "Wilhelmina", "Featherstonehaugh", "Müller-Lüdenscheidt", "4711-0815")
CORPUS = ["fever and chills", "fever, fever and cough", "a cough; no chills", "no fall", "fever and no cough"]


def notes(n: int, seed: int, categories: tuple[int, ...] = (0, 1, 2)) -> tuple[list[str], Any]:
    """Return notes that name their category's words, and someone's name."""
    draw = random.Random(seed)
    true = [categories[i % len(categories)] for i in range(n)]
    texts = [
        f"{draw.choice(NAMES)} {draw.choice(NAMES)} with {draw.choice(TOPICS[c])} and {draw.choice(TOPICS[c])}"
        for c in true
    ]
    return texts, np.array(true)


def fitted(
    n: int = 45, *, categories: tuple[int, ...] = (0, 1, 2), n_categories: int = 3, seed: int = 0
) -> HashedModel:
    texts, true = notes(n, 1, categories)
    model = fit_hashed(texts, true, n_categories, groups=[f"p{i}" for i in range(n)], seed=seed)
    assert model is not None
    return model


@pytest.fixture(scope="module")
def model() -> HashedModel:
    return fitted()


@pytest.fixture(scope="module")
def saved(model: HashedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hashed") / "model.safetensors"
    model.save(path)
    return path


# Features.


@pytest.mark.parametrize(("kind", "analyzer", "lengths"), [(0, "word", (1, 2)), (1, "char_wb", (3, 5))])
def test_features_are_those_of_scikit_learn_with_a_vocabulary(
    kind: int, analyzer: str, lengths: tuple[int, int]
) -> None:
    counts = hashed._counts(CORPUS)
    features = hashed._fit_blocks(counts)[kind].features(counts[kind]).toarray()
    oracle = TfidfVectorizer(analyzer=analyzer, ngram_range=lengths, min_df=2, sublinear_tf=True)
    expected = oracle.fit_transform(CORPUS).toarray()
    assert features.shape == expected.shape
    # Columns stand in another order, so compare them as sets, and notes by their angles.
    np.testing.assert_allclose(features @ features.T, expected @ expected.T, atol=1e-5)
    ours, theirs = (np.array(sorted(matrix.T.round(4).tolist())) for matrix in (features, expected))
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_notes_that_share_nothing_leave_one_column_of_zeros() -> None:
    counts = hashed._counts(["alpha", "omicron"])
    block, *_ = hashed._fit_blocks(counts)
    assert block.columns.tolist() == [0]
    assert block.features(counts[0]).toarray().tolist() == [[0], [0]]


def test_a_note_is_read_up_to_the_limit_and_no_further(model: HashedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashed, "MOST_CHARACTERS", 12)
    same, as_cut, other = model.log_probs(["fever sepsis fracture", "fever sepsis", "fever"])
    assert (same == as_cut).all()
    assert (same != other).any()


def test_half_a_surrogate_pair_is_read_as_a_question_mark(model: HashedModel) -> None:
    broken, mended = model.log_probs(["fever\ud83d tumor", "fever? tumor"])
    assert (broken == mended).all()


# Saved and loaded.


@settings(max_examples=40)
@given(text=st.one_of(st.text(max_size=60), st.sampled_from([word for topic in TOPICS for word in topic])))
def test_a_loaded_model_says_the_same_of_any_text(model: HashedModel, saved: Path, text: str) -> None:
    expected = model.log_probs([text])
    assert (HashedModel.load(saved).log_probs([text]) == expected).all()
    assert np.exp(expected).sum() == pytest.approx(1)


def test_a_note_scores_the_same_alone_and_among_others(model: HashedModel) -> None:
    texts, _ = notes(12, 5)
    alone = np.vstack([model.log_probs([text]) for text in texts])
    np.testing.assert_allclose(model.log_probs(texts), alone, atol=1e-6)


def test_saving_what_was_loaded_gives_the_same_numbers(saved: Path, tmp_path: Path) -> None:
    HashedModel.load(saved).save(tmp_path / "again.safetensors")
    first, again = load_file(saved), load_file(tmp_path / "again.safetensors")
    assert first.keys() == again.keys()
    assert all((first[name] == again[name]).all() and first[name].dtype == again[name].dtype for name in first)
    with safe_open(saved, framework="numpy") as one, safe_open(tmp_path / "again.safetensors", "numpy") as two:
        assert one.metadata() == two.metadata()


@pytest.mark.parametrize("categories", [(0, 1), (0, 2), (1, 2), (2, 4), (0, 1, 2)])
def test_categories_keep_their_places_and_unseen_ones_their_share_when_loaded(
    tmp_path: Path, categories: tuple[int, ...]
) -> None:
    draw = [c if c < 3 else 0 for c in categories]  # the words of the topic that stands in
    texts = [f"{TOPICS[draw[i % len(draw)]][i % 2]} seen" for i in range(24)]
    true = np.array([categories[i % len(categories)] for i in range(24)])
    made = fit_hashed(texts, true, 5, groups=[str(i) for i in range(24)])
    assert made is not None
    made.save(tmp_path / "model.safetensors")
    probabilities = np.exp(HashedModel.load(tmp_path / "model.safetensors").log_probs(texts))
    unseen = [c for c in range(5) if c not in categories]
    np.testing.assert_allclose(probabilities[:, unseen], 1 / (24 + 5))
    np.testing.assert_allclose(probabilities[:, categories].sum(axis=1), 1 - len(unseen) / 29)
    assert probabilities.argmax(axis=1).tolist() == true.tolist()


# What a file may tell.


def test_neither_words_nor_names_nor_parts_of_them_are_in_the_file(saved: Path) -> None:
    content = saved.read_bytes().decode("latin-1").lower()
    words = [*NAMES, *(word for topic in TOPICS for word in topic)]
    parts = {word.lower()[i : i + 5] for word in words for i in range(len(word) - 4)}
    assert not [part for part in parts if part in content or part.encode().decode("latin-1") in content]


def test_all_text_in_the_file_is_settings_and_all_else_is_numbers(saved: Path) -> None:
    with safe_open(saved, framework="numpy") as file:
        metadata = file.metadata()
        assert {file.get_tensor(name).dtype.kind for name in file.keys()} <= {"i", "f"}  # noqa: SIM118
    assert metadata.keys() == {"about"}
    about = json.loads(metadata["about"])
    texts = [value for value in [*about.values(), *about["settings"].values()] if isinstance(value, str)]
    assert set(texts) <= {"none", "balanced", hashed._FORMAT}


def test_a_file_of_another_version_is_refused(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with safe_open(saved, framework="numpy") as file:
        metadata = file.metadata()
    for given_metadata in (metadata | {"format": "nosology-hashed-0"}, {}):
        save_file(load_file(saved), path, metadata=given_metadata)
        with pytest.raises(RunError, match="not a linear model of this version"):
            HashedModel.load(path)


@pytest.mark.parametrize("missing", ["weights", "intercepts", "classes", "columns.0", "idf.1"])
def test_a_file_without_one_of_its_tensors_is_refused(saved: Path, tmp_path: Path, missing: str) -> None:
    path = tmp_path / "model.safetensors"
    with safe_open(saved, framework="numpy") as file:
        metadata = file.metadata()
    save_file({name: tensor for name, tensor in load_file(saved).items() if name != missing}, path, metadata=metadata)
    with pytest.raises(RunError, match="KeyError"):
        HashedModel.load(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_short_is_refused(saved: Path, tmp_path: Path, share: float) -> None:
    content = saved.read_bytes()
    path = tmp_path / "model.safetensors"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(RunError, match="cannot read this linear model"):
        HashedModel.load(path)


# Determinism.


def test_equal_notes_and_seed_give_the_same_file(tmp_path: Path) -> None:
    for name in ("first", "again"):
        fitted(seed=3).save(tmp_path / name)
    first, again = load_file(tmp_path / "first"), load_file(tmp_path / "again")
    assert all((first[name] == again[name]).all() for name in first)


def test_learning_leaves_numpys_own_generator_as_it_was() -> None:
    before = np.random.get_state()[1].copy()
    fitted(15)
    assert (np.random.get_state()[1] == before).all()


# Folds, margins, probabilities.


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=40), st.integers(1, 5), st.integers(0, 9))
def test_a_patients_notes_share_a_fold_and_folds_differ_by_one_patient_at_most(
    groups: list[str], n_folds: int, seed: int
) -> None:
    folds = linear.folds_by_group(groups, n_folds, np.random.default_rng(seed))
    fold_of = dict(zip(groups, folds.tolist(), strict=True))
    assert [fold_of[group] for group in groups] == folds.tolist()
    sizes = [list(fold_of.values()).count(fold) for fold in range(n_folds)]
    assert sum(sizes) == len(set(groups))
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("margins", "classes", "n_categories", "expected"),
    [
        ([[1.0, -2.0, 0.5]], [0, 1, 2], 3, [[1.0, -2.0, 0.5]]),
        ([[1.0, -2.0]], [1, 3], 4, [[-3.0, 1.0, -3.0, -2.0]]),
        ([0.5, -4.0], [0, 1], 2, [[-0.5, 0.5], [4.0, -4.0]]),
        ([0.5, -4.0], [0, 2], 3, [[-0.5, -1.5, 0.5], [4.0, -5.0, -4.0]]),
    ],
)
def test_margins_are_spread_over_the_label_set(
    margins: list[Any], classes: list[int], n_categories: int, expected: list[list[float]]
) -> None:
    assert linear.spread_margins(np.array(margins), np.array(classes), n_categories).tolist() == expected


def test_probabilities_by_hand() -> None:
    # Categories 0 and 2 were seen in 6 notes, 1 and 3 not: each of these gets 1 / 10, the others share 8 / 10.
    scores = np.array([[math.log(3), -9.0, 0.0, -9.0]])
    plain, sharp = (np.exp(linear.margins_to_log_probs(scores, np.array([0, 2]), factor, 6)) for factor in (1.0, 2.0))
    np.testing.assert_allclose(plain, [[0.6, 0.1, 0.2, 0.1]])
    np.testing.assert_allclose(sharp, [[0.72, 0.1, 0.08, 0.1]])


@given(
    st.integers(2, 7).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=2))),
    st.integers(2, 10_000),
    st.floats(0.05, 148),
    st.integers(0, 99),
)
def test_probabilities_sum_to_one_and_keep_the_order_of_the_margins(
    shape: tuple[int, set[int]], n_notes: int, sharpness: float, seed: int
) -> None:
    n_categories, classes = shape[0], np.array(sorted(shape[1]))
    margins = np.random.default_rng(seed).normal(size=(5, len(classes)))
    scores = linear.spread_margins(margins, classes, n_categories)
    log_probs = linear.margins_to_log_probs(scores, classes, sharpness, n_notes)
    np.testing.assert_allclose(special.logsumexp(log_probs, axis=1), 0, atol=1e-9)
    assert (log_probs[:, classes].argsort(axis=1) == margins.argsort(axis=1)).all()


def test_sharpness_is_the_one_that_drew_the_truth() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(20_000, 3))
    for sharpness in (0.5, 3.0):
        gumbel = generator.gumbel(size=scores.shape)  # the largest of score and noise is a draw from the softmax
        true = (scores * sharpness + gumbel).argmax(axis=1)
        assert linear.fit_sharpness(scores, true) == pytest.approx(sharpness, rel=0.06)


def test_one_perfect_note_is_believed_as_far_as_the_imagined_one_allows() -> None:
    # The doubt is 1 / 3, half of it for the truth: the loss is least where the softmax gives the truth 2/3 + 1/6.
    sharpness = linear.fit_sharpness(np.array([[1.0, 0.0]]), np.array([0]))
    assert special.expit(sharpness) == pytest.approx(5 / 6, abs=1e-4)


STEMS = ("cardio", "nephro", "dermato")
ENDINGS = ("pathy", "logy", "gram", "itis", "megaly", "genic", "toxic", "sclerosis", "pulmonary", "vascular")


def notes_of_new_words(n: Any, seed: Any) -> Any:
    """Return texts in which each category shows in a stem, joined to endings that differ from note to note."""
    generator = np.random.default_rng(seed)
    true = generator.integers(3, size=n)
    texts = [
        f"seen for {STEMS[category]}{generator.choice(ENDINGS)}{generator.integers(1000)} today" for category in true
    ]
    return texts, true


def patients(n: Any) -> Any:
    return [f"p{i}" for i in range(n)]


def fitted_on_stems(n: int = 120, seed: int = 0, **options: Any) -> Any:
    texts, true = notes_of_new_words(n, seed)
    return fit_hashed(texts, true, 3, groups=patients(n), **options)


def test_parts_of_words_tell_apart_words_never_seen_whole() -> None:
    new_texts, new_true = notes_of_new_words(60, 1)
    assert (fitted_on_stems().log_probs(new_texts).argmax(axis=1) == new_true).mean() > 0.95


def test_rows_sum_to_one_whatever_the_text() -> None:
    texts = ["", "a", "患者因胸痛入院。", "\x00\x07\ufffe\ud800", "word " * 100_000]
    np.testing.assert_allclose(np.exp(fitted_on_stems().log_probs(texts)).sum(axis=1), 1)


def test_a_category_without_training_notes_stays_possible() -> None:
    texts, true = notes_of_new_words(60, 2)
    model = fit_hashed(texts, np.where(true == 1, 2, true), 3, groups=patients(60))
    np.testing.assert_allclose(np.exp(model.log_probs(texts))[:, 1], 1 / 63)


def test_a_saved_model_answers_the_same(tmp_path: Path) -> None:
    model, (texts, _) = fitted_on_stems(), notes_of_new_words(20, 3)
    model.save(tmp_path / "model.safetensors")
    loaded = HashedModel.load(tmp_path / "model.safetensors")
    assert (loaded.log_probs(texts) == model.log_probs(texts)).all()
    assert loaded.settings == model.settings


def test_a_saved_model_of_two_categories_answers_the_same(tmp_path: Path) -> None:
    texts = ["cardiology visit", "dermatology visit"] * 10
    model = fit_hashed(texts, np.arange(20) % 2, 2, groups=patients(20))
    model.save(tmp_path / "model.safetensors")
    probabilities = np.exp(HashedModel.load(tmp_path / "model.safetensors").log_probs(texts[:2]))
    assert probabilities.argmax(axis=1).tolist() == [0, 1]


def test_no_word_of_a_note_is_in_the_file(tmp_path: Path) -> None:
    texts = ["Zebulon Quackenbush has cardiomyopathy", "Zebulon Quackenbush has dermatitis"] * 8
    fit_hashed(texts, np.arange(16) % 2, 2, groups=patients(16)).save(tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes().lower()
    assert not any(word in content for word in (b"zebulon", b"quackenbush", b"cardiomyopathy", b"dermat"))


def test_a_word_of_one_single_note_is_no_feature() -> None:
    texts = ["cardiology", "cardiology", "dermatology", "dermatology xyzzyplugh"]
    first, second = (
        fit_hashed(notes, np.array([0, 0, 1, 1]), 2, groups=patients(4))
        for notes in (texts, [*texts[:3], "dermatology"])
    )
    assert first.settings["features"] == second.settings["features"]


@pytest.mark.parametrize("content", [b"", b"damaged", None])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match="cannot read this linear model"):
        HashedModel.load(path)


def test_copies_of_a_patients_note_do_not_help_its_own_fold() -> None:
    true = np.repeat(np.random.default_rng(6).integers(3, size=40), 4)
    texts = [f"{'abcdefghijklmnopqrstuvwxyz'[i // 4 % 26] * 6}{i // 4}" for i in range(160)]
    by_patient = fit_hashed(texts, true, 3, groups=[f"p{i // 4}" for i in range(160)])
    by_note = fit_hashed(texts, true, 3, groups=patients(160))
    assert by_note.settings["cross_validated_accuracy"] > by_patient.settings["cross_validated_accuracy"] + 0.2


def test_large_sets_are_learned_and_tuned_on_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashed, "MOST_NOTES", 80)
    monkeypatch.setattr(hashed, "MOST_TUNING_NOTES", 50)
    model = fitted_on_stems()
    assert (model._n_notes, model.settings["tuning_notes"]) == (80, 50)


def test_notes_of_one_category_leave_nothing_to_learn() -> None:
    assert fit_hashed(["a b", "c d"], np.array([1, 1]), 3, groups=["p", "q"]) is None


def test_no_text_shows_in_a_repr() -> None:
    assert "cardio" not in repr(fitted_on_stems(30))


# Smaller files.


def test_pruning_keeps_the_features_that_say_most(model: HashedModel) -> None:
    texts, true = notes(60, 5)
    small = model.pruned(40)
    assert small.settings["features"] == small._weights.shape[1] == 40
    assert (small.log_probs(texts).argmax(axis=1) == true).mean() > 0.95
    assert model.settings["features"] > 40


def test_pruning_to_more_than_there_is_only_rounds(model: HashedModel) -> None:
    texts, _ = notes(9, 6)
    pruned, whole = model.pruned(10**9).log_probs(texts), model.log_probs(texts)
    np.testing.assert_allclose(np.exp(pruned), np.exp(whole), atol=0.002)


def test_a_kind_of_feature_never_vanishes(model: HashedModel) -> None:
    texts, _ = notes(3, 7)
    assert np.isfinite(model.pruned(1).log_probs(texts)).all()


def test_a_pruned_model_takes_half_the_place_and_answers_the_same_once_stored(
    model: HashedModel, tmp_path: Path
) -> None:
    texts, _ = notes(60, 8)
    whole, half, again = (tmp_path / f"{name}.safetensors" for name in ("whole", "half", "again"))
    pruned = model.pruned(10**9)
    model.save(whole)
    pruned.save(half)
    assert half.stat().st_size < 0.7 * whole.stat().st_size
    loaded = HashedModel.load(half)
    assert loaded.is_half
    np.testing.assert_array_equal(loaded.log_probs(texts), pruned.log_probs(texts))
    loaded.save(again)
    assert again.read_bytes() == half.read_bytes()


def test_a_feature_takes_the_bytes_that_its_docstring_states(model: HashedModel, tmp_path: Path) -> None:
    sizes = []
    for n in (20, 60):
        model.pruned(n).save(tmp_path / f"{n}")
        sizes.append((tmp_path / f"{n}").stat().st_size)
    assert sizes[1] - sizes[0] == pytest.approx(40 * (6 + 2 * 3), abs=16)


def test_a_model_says_whether_notes_are_in_it(model: HashedModel) -> None:
    texts, true = notes(30, 9)
    phrases = Texts(texts, true)
    alone = fit_hashed([], np.zeros(0, np.int64), 3, groups=[], phrases=phrases)
    both = fit_hashed(texts, true, 3, groups=texts, phrases=phrases)
    assert alone is not None
    assert alone.knows_phrases_alone
    assert both is not None
    assert not both.knows_phrases_alone
    assert not model.knows_phrases_alone
    same = fit_hashed(["kowalski came", "kowalski left"], np.array([0, 0]), 3, groups=["p", "q"], phrases=phrases)
    assert same is not None
    assert not same.knows_phrases_alone, "notes of one category are learned from too"
