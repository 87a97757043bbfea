"""Denials and relatives: what ConText's rules say of sentences that clinicians write."""

import pytest

from nosology.suggesting.context import Context, context_of

AFFIRMED, DENIED, RELATIVE = Context(), Context(negated=True), Context(family_history=True)
OPEN = Context(uncertain=True)


@pytest.mark.parametrize(
    ("sentence", "mention", "expected"),
    [
        ("No evidence of pneumonia.", "pneumonia", DENIED),
        ("He denies chest pain, fever, or cough.", "cough", DENIED),
        ("Pneumonia was ruled out.", "Pneumonia", DENIED),
        ("DVT: negative.", "DVT", DENIED),
        ("CT without hemorrhage.", "hemorrhage", DENIED),
        ("Chest clear, no wheezes, pneumonia unlikely.", "pneumonia", DENIED),
        ("No fever; pneumonia on the left.", "pneumonia", AFFIRMED),
        ("No fever but pneumonia on the left.", "pneumonia", AFFIRMED),
        ("Patient has heart failure.", "heart failure", AFFIRMED),
        ("No change in heart failure.", "heart failure", AFFIRMED),
        ("Not only asthma.", "asthma", AFFIRMED),
        ("Pneumonia cannot be excluded.", "Pneumonia", OPEN),
        ("Known asthma, nodules on CT.", "asthma", AFFIRMED),
        ("Mother had breast cancer.", "cancer", RELATIVE),
        ("Family history: diabetes in two brothers.", "diabetes", RELATIVE),
        ("FH of stroke.", "stroke", RELATIVE),
        ("Brought in by his mother with asthma.", "asthma", AFFIRMED),
        ("Her asthma worries the daughter.", "asthma", AFFIRMED),
    ],
)
def test_a_mention_is_affirmed_denied_or_of_a_relative(sentence: str, mention: str, expected: Context) -> None:
    start = sentence.index(mention)
    assert context_of(sentence, [(start, start + len(mention))]) == expected


def test_one_affirmed_mention_is_enough() -> None:
    sentence = "No pneumonia last year, now pneumonia."
    first = sentence.index("pneumonia")
    second = sentence.rindex("pneumonia")
    assert context_of(sentence, [(first, first + 9)]).negated
    assert context_of(sentence, [(first, first + 9), (second, second + 9)]) == AFFIRMED


def test_a_sentence_without_a_mention_is_not_marked() -> None:
    assert context_of("No fever.", []) == AFFIRMED
