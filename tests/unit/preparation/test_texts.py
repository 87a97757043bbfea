"""Texts that wait on disk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.preparation.texts import TextFile


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
