"""Texts that wait on disk: appended as they come, read back in any order, gone at the end."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.preparation.texts import TextFile


@settings(max_examples=50)
@given(st.lists(st.text(max_size=20), max_size=10))
def test_texts_are_read_back_in_any_order_and_the_file_goes(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("texts") / "texts"
    with TextFile(path) as file:
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        offsets = [file.append(text) for text in encoded]
        for i in reversed(range(len(texts))):
            assert file.read(offsets[i], len(encoded[i])) == texts[i]
    assert not path.exists()


def test_offsets_are_those_of_the_bytes_before(tmp_path: Path) -> None:
    with TextFile(tmp_path / "texts") as file:
        assert [file.append(text.encode()) for text in ("café", "", "x", "☕")] == [0, 5, 5, 6]


def test_reading_between_writing_disturbs_neither(tmp_path: Path) -> None:
    with TextFile(tmp_path / "texts") as file:
        first = file.append(b"first")
        assert file.read(first, 5) == "first"
        second = file.append(b"second")
        assert file.read(second, 6) == "second"
        assert file.read(first, 5) == "first"


def test_half_of_a_surrogate_pair_comes_back(tmp_path: Path) -> None:
    with TextFile(tmp_path / "texts") as file:
        text = "a\ud800b"
        encoded = text.encode("utf-8", "surrogatepass")
        assert file.read(file.append(encoded), len(encoded)) == text


def test_the_file_goes_also_where_the_work_fails(tmp_path: Path) -> None:
    def work() -> None:
        with TextFile(tmp_path / "texts") as file:
            file.append(b"a canary of a note")
            raise KeyError("x")

    with pytest.raises(KeyError):
        work()
    assert list(tmp_path.iterdir()) == [], "no text of a note stays behind"
