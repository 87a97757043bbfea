"""Rows that could not be read: when there are too many, what the message says, and what is written down."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.preparation.quarantine import Quarantine
from nosology.sources.reading import Rejected

REASONS = st.sampled_from(["not UTF-8", "a stray quote", "3 fields instead of 4", "a NUL byte", "Größe fehlt\u2028"])
ROWS = st.lists(st.builds(Rejected, st.sampled_from(["a.csv", "b.csv", "ä.csv"]), st.integers(1, 99), REASONS))


def rows(n: int, reason: str = "not UTF-8", *, file: str = "a.csv", first: int = 2) -> list[Rejected]:
    return [Rejected(file, line, reason) for line in range(first, first + n)]


def stopped(quarantine: Quarantine, n_rows: int, file: str = "a.csv") -> DataError:
    with pytest.raises(DataError) as caught:
        quarantine.check(file, n_rows)
    return caught.value


def filled(*rejected: Rejected, share: float = 0.0) -> Quarantine:
    quarantine = Quarantine(share)
    quarantine.add(rejected, len(rejected))
    return quarantine


def test_an_empty_quarantine_is_empty_and_stops_nothing(tmp_path: Path) -> None:
    quarantine = Quarantine(0.0)
    quarantine.add([], 0)
    quarantine.check("a.csv", 0)
    quarantine.check("a.csv", 10)
    quarantine.write(tmp_path / "q.jsonl")
    assert len(quarantine) == 0
    assert (tmp_path / "q.jsonl").read_bytes() == b""


@pytest.mark.parametrize(
    ("n_failed", "n_rows", "share", "stops"),
    [
        (1, 100, 0.0, True),
        (0, 100, 0.0, False),
        (1, 4, 0.25, False),  # the share itself is still allowed
        (2, 8, 0.25, False),
        (3, 8, 0.25, True),
        (2, 4, 0.25, True),
        (1, 1, 1.0, False),
        (9, 9, 1.0, False),
        (1, 0, 1.0, True),  # more failures than rows
    ],
)
def test_a_file_is_refused_above_the_share_and_not_at_it(n_failed: int, n_rows: int, share: float, stops: bool) -> None:
    quarantine = filled(*rows(n_failed), share=share)
    if stops:
        assert f"{n_failed} of {n_rows} rows could not be read" in stopped(quarantine, n_rows).message
    else:
        quarantine.check("a.csv", n_rows)


@given(ROWS, st.integers(0, 60), st.sampled_from([0.0, 0.125, 0.25, 0.5, 1.0]))
def test_a_file_answers_for_its_own_rows_alone(rejected: list[Rejected], n_rows: int, share: float) -> None:
    quarantine = filled(*rejected, share=share)
    failed = Counter(item.file for item in rejected)
    for file in ("a.csv", "b.csv", "ä.csv"):
        if failed[file] * 8 > round(share * 8) * n_rows:  # in whole eighths, so without rounding
            error = stopped(quarantine, n_rows, file)
            assert error.message.startswith(f"{failed[file]} of {n_rows} rows could not be read: ")
            assert error.place.startswith(f"{file}, line ")
        else:
            quarantine.check(file, n_rows)


def test_a_file_without_failures_passes_whatever_the_others_did() -> None:
    filled(*rows(50, file="bad.csv")).check("good.csv", 1)


def test_the_place_is_that_of_the_row_that_came_first() -> None:
    quarantine = filled(Rejected("b.csv", 3, "x"), Rejected("a.csv", 70, "x"), Rejected("a.csv", 8, "x"))
    assert stopped(quarantine, 10).place == "a.csv, line 70"


def test_the_five_commonest_reasons_are_named_with_their_numbers() -> None:
    quarantine = Quarantine(0.0)
    for n, reason in enumerate(["one", "two", "three", "four", "five", "six"], start=1):
        quarantine.add(rows(n, reason), 100)
    expected = "21 of 100 rows could not be read: 6 x six; 5 x five; 4 x four; 3 x three; 2 x two"
    assert stopped(quarantine, 100).message == expected


def test_large_numbers_are_written_with_separators() -> None:
    quarantine = Quarantine(0.25)
    quarantine.add(rows(1_500), 4_000)
    assert stopped(quarantine, 4_000).message == "1,500 of 4,000 rows could not be read: 1,500 x not UTF-8"


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("not UTF-8", "convert the file: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"),
        ("a quote inside a field", "double the quotes inside quoted fields"),
        ("3 fields instead of 4", "quote fields that hold separators or line ends"),
        ("a NUL byte", "remove the NUL bytes: tr -d '\\000' < FILE > NEW"),
        ("no note id", "mend these rows"),
    ],
)
def test_every_kind_of_damage_has_its_remedy(reason: str, remedy: str) -> None:
    hint = stopped(filled(Rejected("a.csv", 2, reason)), 4).hint
    assert hint.startswith(remedy)
    assert hint.endswith("; or allow more with --set prepare.max_failed_share=0.25")


def test_the_remedy_is_that_of_the_commonest_reason() -> None:
    quarantine = filled(*rows(1, "not UTF-8"), *rows(2, "a NUL byte", first=9))
    assert stopped(quarantine, 10).hint.startswith("remove the NUL bytes")


@pytest.mark.parametrize(
    ("n_failed", "n_rows", "share"),
    [(1, 4, "0.25"), (3, 10, "0.3"), (1, 50, "0.02"), (1, 3, "0.34"), (999, 1_000, "1")],
)
def test_the_share_that_the_hint_gives_lets_the_file_pass(n_failed: int, n_rows: int, share: str) -> None:
    hint = stopped(filled(*rows(n_failed)), n_rows).hint
    assert hint.rpartition("=")[2] == share
    filled(*rows(n_failed), share=float(share)).check("a.csv", n_rows)


@pytest.mark.parametrize(
    ("n_failed", "n_rows", "share", "stops"),
    [
        (1_000, 1_000, 0.1, False),  # a thousand are not yet hopeless
        (1_001, 1_001, 0.1, True),
        (1_001, 2_001, 0.1, True),
        (1_001, 2_002, 0.1, False),  # just half of them
        (3_000, 9_000, 0.1, False),
        (1_001, 1_001, 0.5, False),  # whoever allows half has to see the whole file
        (5_000, 5_000, 1.0, False),
    ],
)
def test_reading_goes_on_until_a_thousand_and_half_the_rows_have_failed(
    n_failed: int, n_rows: int, share: float, stops: bool
) -> None:
    quarantine = Quarantine(share)
    if stops:
        with pytest.raises(DataError, match=f"{n_failed:,} of {n_rows:,} rows could not be read"):
            quarantine.add(rows(n_failed), n_rows)
    else:
        quarantine.add(rows(n_failed), n_rows)
    assert len(quarantine) == n_failed


def test_rows_may_come_from_a_generator_and_a_little_at_a_time() -> None:
    quarantine = Quarantine(1.0)
    quarantine.add((row for row in rows(2)), 2)
    quarantine.add(iter(rows(3, first=4)), 5)
    assert len(quarantine) == 5


@given(ROWS)
def test_what_is_written_are_all_rows_in_order_and_the_same_for_any_order_of_arrival(
    tmp_path_factory: pytest.TempPathFactory, rejected: list[Rejected]
) -> None:
    folder = tmp_path_factory.mktemp("quarantine")
    filled(*rejected, share=1.0).write(folder / "one")
    filled(*reversed(rejected), share=1.0).write(folder / "other")
    assert (folder / "one").read_bytes() == (folder / "other").read_bytes()
    lines = (folder / "one").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    found = [tuple(json.loads(line).values()) for line in lines]
    assert found == sorted((item.file, item.line, item.reason) for item in rejected)


def test_letters_beyond_ascii_are_written_as_they_are(tmp_path: Path) -> None:
    filled(Rejected("ä.csv", 7, 'a "quote"'), share=1.0).write(tmp_path / "q.jsonl")
    expected = '{"file": "ä.csv", "line": 7, "reason": "a \\"quote\\""}\n'
    assert (tmp_path / "q.jsonl").read_bytes() == expected.encode("utf-8")


def rejected(n: int, reason: str = "not UTF-8", file: str = "a.csv") -> list[Rejected]:
    return [Rejected(file, line, reason) for line in range(2, 2 + n)]


def test_the_share_of_failed_rows_is_counted_for_each_file() -> None:
    quarantine = Quarantine(0.1)
    quarantine.add(rejected(5, file="a.csv"), 100)
    quarantine.add(rejected(5, file="b.csv"), 20)
    quarantine.check("a.csv", 50)
    with pytest.raises(DataError, match="5 of 20 rows could not be read: 5 x not UTF-8") as caught:
        quarantine.check("b.csv", 20)
    assert caught.value.place == "b.csv, line 2"
    assert "iconv" in caught.value.hint
    assert "max_failed_share=0.25" in caught.value.hint


def test_a_hopeless_file_is_given_up_early() -> None:
    quarantine = Quarantine(0.01)
    quarantine.add(rejected(1_000), 1_500)
    with pytest.raises(DataError, match="2,000 of 2,500"):
        quarantine.add(rejected(1_000), 2_500)


def test_the_quarantine_is_written_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    quarantine = Quarantine(1)
    quarantine.add([Rejected("b", 1, "x"), Rejected("a", 10, "y"), Rejected("a", 9, "z")], 3)
    quarantine.write(tmp_path / "q.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    assert rows == [
        {"file": "a", "line": 9, "reason": "z"},
        {"file": "a", "line": 10, "reason": "y"},
        {"file": "b", "line": 1, "reason": "x"},
    ]
