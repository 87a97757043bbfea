"""What leaves a diagnosis open: an exclusion that failed, is planned or denied, and what only looks like doubt."""

import pytest

from nosology.suggesting.context import Context, context_of, has_cue

OPEN, DENIED, AFFIRMED = Context(uncertain=True), Context(negated=True), Context()


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Nothing so far excludes gout.", OPEN),
        ("Not in a position to exclude gout.", OPEN),
        ("One cannot rule gout out.", OPEN),
        ("We ruled gout out.", DENIED),
        ("Gout is by no means unlikely.", OPEN),
        ("Gout until proven otherwise.", OPEN),
        ("Gout needs excluding.", OPEN),
        ("Suspicion of gout is high.", OPEN),
        ("Suspicion of gout is low.", DENIED),
        ("No reason to suspect gout.", DENIED),
        ("We no longer suspect gout.", DENIED),
        ("The finding would be surprising if this were gout.", DENIED),
        ("The case for gout is thin.", DENIED),
        ("Evidence for gout is thin.", DENIED),
        ("Tested positive for gout.", AFFIRMED),
        ("Keep him in hospital with gout.", AFFIRMED),
        ("Treated as an outpatient for gout.", AFFIRMED),
        ("Gout was the diagnosis.", AFFIRMED),
        ("Gout is the working diagnosis.", OPEN),
        ("Gout, as soon as possible to be seen.", AFFIRMED),
    ],
)
def test_doubt_that_is_settled_is_no_doubt(sentence: str, expected: Context) -> None:
    start = sentence.lower().index("gout")
    assert context_of(sentence, [(start, start + 4)]) == expected
    assert has_cue(sentence) or expected in (AFFIRMED, OPEN), "a denial that is passed over unread is none"
