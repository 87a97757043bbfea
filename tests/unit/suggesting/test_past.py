"""What says that a diagnosis is over, what takes that back, and what only looks like a time that is gone."""

import pytest

from nosology.suggesting.context import Context, context_of, has_cue

PAST, NOW = Context(history=True), Context()


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Gout, long since cleared.", PAST),
        ("Gout on admission, which has now resolved.", PAST),
        ("Gout is better and has resolved.", PAST),
        ("Gout is no longer present.", PAST),
        ("Completed treatment for gout.", PAST),
        ("Gout two winters ago.", PAST),
        ("Gout when she was thirty.", PAST),
        ("No longer troubled by gout.", PAST),
        ("Gout has not resolved.", NOW),
        ("Gout is slow to resolve.", NOW),
        ("Gout as before.", NOW),
        ("3/7 history of gout.", NOW),
        ("Gout first noted in 2011 and still active.", NOW),
        ("Gout since last winter.", NOW),
    ],
)
def test_what_is_over_is_told_from_what_has_lasted(sentence: str, expected: Context) -> None:
    start = sentence.lower().index("gout")
    assert context_of(sentence, [(start, start + 4)]) == expected
    assert has_cue(sentence) or expected != PAST
