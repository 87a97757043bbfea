"""What an error tells a person: the place, what is wrong, and what to do about it."""

import pickle

import pytest

from nosology.errors import ConfigError, DataError, LabelError, ModelError, NosologyError, RunError

KINDS = (ConfigError, DataError, LabelError, ModelError, RunError)


def test_an_error_reads_as_place_then_matter_then_remedy() -> None:
    error = DataError("3 fields instead of 4", place="notes.csv, line 7", hint="quote the text")
    assert str(error) == "notes.csv, line 7: 3 fields instead of 4\n  hint: quote the text"


@pytest.mark.parametrize(
    ("place", "hint", "words"),
    [
        ("", "", "wrong"),
        ("here", "", "here: wrong"),
        ("", "mend it", "wrong\n  hint: mend it"),
    ],
)
def test_what_is_not_known_is_left_out(place: str, hint: str, words: str) -> None:
    assert str(NosologyError("wrong", place=place, hint=hint)) == words


@pytest.mark.parametrize("kind", KINDS)
def test_one_except_catches_every_kind(kind: type[NosologyError]) -> None:
    with pytest.raises(NosologyError) as caught:
        raise kind("wrong", place="here", hint="mend it")
    assert (caught.value.message, caught.value.place, caught.value.hint) == ("wrong", "here", "mend it")


def test_no_kind_is_a_kind_of_another() -> None:
    related = [(one, other) for one in KINDS for other in KINDS if one is not other and issubclass(one, other)]
    assert related == []


def test_an_error_of_ours_is_no_error_of_pythons_that_others_catch() -> None:
    assert not issubclass(NosologyError, ValueError | OSError | RuntimeError | LookupError)


def test_an_error_keeps_its_words_on_the_way_out_of_a_worker() -> None:
    error = pickle.loads(pickle.dumps(DataError("wrong", place="here", hint="mend it")))
    assert isinstance(error, DataError)
    assert str(error) == "here: wrong\n  hint: mend it"
