"""Tables of JSON: lines and arrays alike, values as they are, wrong rows counted with their line, depth bounded."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.sources.jsontable import JsonTable
from nosology.sources.limits import LimitReached, ReadLimits


def table(
    folder: Path, content: str | bytes, limits: ReadLimits | None = None, encoding: str | None = None
) -> JsonTable:
    path = folder / "n.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return JsonTable(path, encoding, limits or ReadLimits())


def rows(found: JsonTable) -> list[dict[str, Any]]:
    """Return all rows, each with every key of its chunk."""
    read: list[dict[str, Any]] = []
    for chunk in found.chunks(None):
        assert isinstance(chunk.content, dict)
        read += [dict(zip(chunk.content, values, strict=True)) for values in zip(*chunk.content.values(), strict=True)]
    return read


def rejected(found: JsonTable) -> list[tuple[int, str]]:
    return [(item.line, item.reason) for chunk in found.chunks(None) for item in chunk.rejected]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=15),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)
OBJECTS = st.lists(st.fixed_dictionaries({"text": VALUES, "n": VALUES}), min_size=1, max_size=6)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OBJECTS, st.sampled_from([None, 0, 2]), st.booleans())
def test_lines_and_arrays_hold_the_same_rows(
    tmp_path: Path, objects: list[dict[str, Any]], indent: int | None, is_ascii: bool
) -> None:
    lines = "".join(json.dumps(item, ensure_ascii=is_ascii) + "\n" for item in objects)
    array = json.dumps(objects, indent=indent, ensure_ascii=is_ascii)
    assert rows(table(tmp_path, lines)) == objects
    assert rows(table(tmp_path, array)) == objects


@pytest.mark.parametrize("content", ["", "\n\n", "[]", "[ ]", "[\n]\n"])
def test_a_table_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError):
        table(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("fever\n", "not valid JSON"),
        ("[1, 2]\n", "no JSON object"),
        ('"x"\n', "no JSON object"),
        ("7\n", "no JSON object"),
    ],
)
def test_a_file_whose_first_row_is_none_is_refused_with_its_line(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(DataError, match=f"{what}, where a JSON object was expected") as caught:
        table(tmp_path, "\n" + content)
    assert str(caught.value.place).endswith("line 2")
    assert "fever" not in caught.value.message


def test_rows_that_are_wrong_later_are_counted_with_their_line(tmp_path: Path) -> None:
    content = b'{"text": "a"}\n\nnot json\n{"text": "b"}\n[1]\n{"text": "\xff"}\n{"text": "c"}\n'
    found = table(tmp_path, content, encoding="utf-8")
    assert rejected(found) == [(3, "not valid JSON"), (5, "no JSON object"), (6, "not UTF-8")]
    assert [row["text"] for row in rows(table(tmp_path, content, encoding="utf-8"))] == ["a", "b", "c"]


def test_a_row_stands_on_the_line_on_which_it_begins(tmp_path: Path) -> None:
    found = table(tmp_path, '[\n  {"a": 1},\n\n  {\n    "a": 2\n  }\n]\n')
    (chunk,) = found.chunks(None)
    assert list(chunk.numbers) == [2, 4]


def test_an_array_that_is_cut_off_keeps_its_whole_rows_and_counts_the_rest(tmp_path: Path) -> None:
    content = '[{"text": "a"},\n{"text": "b"},\n{"text": "c'
    assert rejected(table(tmp_path, content)) == [(3, "not valid JSON")]
    assert [row["text"] for row in rows(table(tmp_path, content))] == ["a", "b"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_python_writes_for_no_number_is_missing(tmp_path: Path, number: str) -> None:
    assert rows(table(tmp_path, f'{{"x": {number}, "y": 1}}\n')) == [{"x": None, "y": 1}]


@pytest.mark.parametrize(("depth", "is_read"), [(3, True), (4, True), (5, False), (5000, False)])
def test_depth_is_counted_to_its_limit(tmp_path: Path, depth: int, is_read: bool) -> None:
    content = '{"x": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}\n"
    limits = ReadLimits(depth=4)
    if is_read:
        assert len(rows(table(tmp_path, content, limits))) == 1
        return
    with pytest.raises(LimitReached, match="more than 4 deep"):
        table(tmp_path, content, limits)


def test_brackets_within_a_text_are_no_depth(tmp_path: Path) -> None:
    text = '[{"[[[' * 50
    assert rows(table(tmp_path, json.dumps({"x": text}) + "\n", ReadLimits(depth=2))) == [{"x": text}]


@pytest.mark.parametrize(("n_keys", "is_read"), [(7, True), (8, False)])
def test_different_keys_are_counted_over_all_rows(tmp_path: Path, n_keys: int, is_read: bool) -> None:
    content = "".join(f'{{"k{number}": 1}}\n' for number in range(n_keys))
    found = table(tmp_path, content, ReadLimits(columns=7))
    if is_read:
        assert len(rows(found)) == 7
        assert found.columns == tuple(f"k{number}" for number in range(7))
        return
    with pytest.raises(LimitReached, match="more than 7 columns"):
        rows(found)


def test_a_key_that_comes_late_is_found_in_any_case(tmp_path: Path) -> None:
    found = table(tmp_path, '{"id": 1}\n{"id": 2}\n{"id": 3, "Text": "a"}\n')
    assert found.columns == ("id",)
    assert found.find("ID") == "id"
    assert found.find(" text") == "Text"
    assert found.find("note") is None


def test_a_row_without_a_wanted_key_has_none_there(tmp_path: Path) -> None:
    (chunk,) = table(tmp_path, '{"id": 1}\n{"text": "a", "id": 2}\n').chunks(["text", "id"])
    assert chunk.content == {"text": [None, "a"], "id": [1, 2]}


def test_halves_of_surrogate_pairs_are_replaced_in_keys_lists_and_objects_and_counted(tmp_path: Path) -> None:
    found = table(tmp_path, '{"a": "\\ud800", "b": ["\\udc00x"], "c": {"d": "\\ud83d\\ude00"}}\n')
    assert rows(found) == [{"a": "\ufffd", "b": ["\ufffdx"], "c": {"d": "\U0001f600"}}]
    assert found.notices == ["n.json: 2 halves of surrogate pairs were replaced by U+FFFD"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le"])
def test_other_encodings_of_unicode_are_found_by_themselves(tmp_path: Path, encoding: str) -> None:
    content = (json.dumps({"text": "fièvre"}, ensure_ascii=False) + "\n").encode(encoding)
    assert rows(table(tmp_path, content)) == [{"text": "fièvre"}]
