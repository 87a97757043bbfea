"""Phrases among the notes of linear models: what they teach, how much they weigh, and that no category drowns."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_sample_weight

from nosology.classifier.knowledge import STRENGTHS, USUAL_STRENGTH, Texts, fit_taught
from nosology.classifier.words import fit_hashed
from nosology.coding.labels import LabelSet
from nosology.course.phrases import Phrase
from nosology.evaluation.baselines import Majority, fit_tfidf_knowledge

PHRASES = Texts(
    [
        *(f"{word} pneumonia" for word in ("viral", "lobar", "bacterial", "aspiration")),
        *(f"{word} fracture" for word in ("femoral", "tibial", "open", "hip")),
        *(f"{word} eczema" for word in ("hand", "atopic", "nummular", "dry")),
    ],
    np.repeat([0, 1, 2], 4),
)
NO_NOTES = np.zeros(0, np.int64)


def cases(n: int, words: tuple[str, ...] = ("cough", "fall", "rash")) -> tuple[list[str], np.ndarray]:
    """Return notes that each hold one word of their category, and nothing of the phrases."""
    true = np.arange(n) % len(words)
    return [f"patient {i % 7} seen with {words[c]}" for i, c in enumerate(true)], true


def groups(n: int) -> list[str]:
    return [f"p{i}" for i in range(n)]


def test_phrases_alone_tell_notes_apart_that_no_training_note_resembles() -> None:
    notes = ["admitted with pneumonia", "an old fracture of the wrist", "eczema of both hands"]
    for model in (
        fit_tfidf_knowledge(PHRASES, [], NO_NOTES, 3, groups=[]),
        fit_hashed([], NO_NOTES, 3, groups=[], phrases=PHRASES),
    ):
        assert model is not None
        log_probs = model.log_probs(notes)
        assert log_probs.argmax(axis=1).tolist() == [0, 1, 2]
        np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1)
        assert model.settings["phrases"] == 12
        assert model.settings["phrase_weight"] == 1


def test_notes_and_phrases_are_both_learned_from() -> None:
    texts, true = cases(60)
    held_out = Texts(*cases(12))
    for model in (
        fit_tfidf_knowledge(PHRASES, texts, true, 3, groups=groups(60), held_out=held_out),
        fit_hashed(texts, true, 3, groups=groups(60), phrases=PHRASES, held_out=held_out),
    ):
        assert model is not None
        new = ["seen with cough", "seen with fall", "seen with rash", "tibial fracture", "atopic eczema"]
        assert model.log_probs(new).argmax(axis=1).tolist() == [0, 1, 2, 1, 2]
        possible = [strength / model.settings["C"] for strength in STRENGTHS]
        assert model.settings["phrase_weight"] in possible


def test_without_phrases_the_hashed_model_is_the_one_of_notes_alone() -> None:
    texts, true = cases(45)
    plain = fit_hashed(texts, true, 3, groups=groups(45))
    given = fit_hashed(texts, true, 3, groups=groups(45), held_out=Texts(*cases(9)))
    assert plain is not None
    assert given is not None
    np.testing.assert_array_equal(plain.log_probs(texts), given.log_probs(texts))


def test_the_weight_of_phrases_is_the_best_on_held_out_notes() -> None:
    # Phrases are wrong about these notes: the less they weigh, the better.
    texts, true = cases(90)
    wrong = Texts([f"seen with {word}" for word in ("fall", "rash", "cough")] * 60, np.array([0, 1, 2] * 60))
    words = TfidfVectorizer().fit([*texts, *wrong.texts])
    held, held_true = cases(30)
    taught = fit_taught(
        (words.transform(texts), true),
        (words.transform(wrong.texts), wrong.true),
        (words.transform(held), held_true),
        3,
        (1.0, None),
        0,
    )
    assert taught.weight == pytest.approx(min(STRENGTHS))
    assert (taught.linear.predict(words.transform(held)) == held_true).all()


def test_a_category_of_many_phrases_does_not_drown_the_others() -> None:
    many = Texts(["disease of the leg"] * 300 + ["disease of the arm"] * 3, np.array([0] * 300 + [1] * 3))
    model = fit_tfidf_knowledge(many, [], NO_NOTES, 2, groups=[])
    assert model.log_probs(["the arm", "the leg"]).argmax(axis=1).tolist() == [1, 0]


def test_phrases_are_balanced_as_scikit_learn_balances_samples() -> None:
    texts = ["red one", "red two", "red three", "blue one", "blue two", "green one"]
    true = np.array([0, 0, 0, 1, 1, 2])
    features = TfidfVectorizer().fit_transform(texts)
    nothing = (None, NO_NOTES)
    taught = fit_taught(nothing, (features, true), nothing, 3, (USUAL_STRENGTH, "balanced"), 0)
    oracle = LinearSVC(C=USUAL_STRENGTH, max_iter=5000, random_state=0)
    oracle.fit(features, true, sample_weight=compute_sample_weight("balanced", true))
    np.testing.assert_allclose(taught.linear.coef_, oracle.coef_, rtol=1e-6)


def test_phrases_of_one_category_teach_nothing() -> None:
    one = Texts(["a", "b"], np.array([1, 1]))
    found = fit_tfidf_knowledge(one, [], NO_NOTES, 3, groups=[])
    assert isinstance(found, Majority)
    assert found.shares.argmax() == 1
    assert fit_hashed([], NO_NOTES, 3, groups=[], phrases=one) is None


def test_held_out_notes_set_the_sharpness_even_without_training_notes() -> None:
    held = Texts(["pneumonia", "fracture", "eczema"] * 20, np.array([0, 1, 0] * 20))  # right two times of three
    told = fit_tfidf_knowledge(PHRASES, [], NO_NOTES, 3, groups=[], held_out=held)
    assert np.exp(told.log_probs(["eczema"])).max() == pytest.approx(2 / 3, abs=0.03)


def test_phrases_come_with_the_places_of_their_categories_and_out_of_the_repr() -> None:
    labels = LabelSet.load("icd-chapters-18")
    phrases = [
        Phrase("zebra pox", "B04", 10, "Infectious Disease", "name", "ICD"),
        Phrase("hives", "L50", 10, "Skin Disorders", "name", "ICD"),
    ]
    texts = Texts.of_phrases(phrases, labels)
    assert list(texts.texts) == ["zebra pox", "hives"]
    assert [labels.names[place] for place in texts.true] == ["Infectious Disease", "Skin Disorders"]
    assert "zebra" not in repr(texts)
