"""What a course may learn from: the shipped terms, and files whose licence allows it."""

import gzip
from pathlib import Path

import pytest

from nosology.coding.labels import LabelSet
from nosology.course.phrases import collect, read_phrases
from nosology.errors import DataError, LabelError

HEADER = "text\tcode\ticd_version\tkind\tsource\tlicence\n"
LABELS = LabelSet.load("icd-chapters-18")


def written(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_a_row_becomes_a_phrase_with_the_category_of_its_code(tmp_path: Path) -> None:
    file = written(tmp_path / "more.tsv", "pink eye\tH10.9\t10\tname\tExample\tCC0-1.0")
    (phrase,) = read_phrases(file, LABELS)
    assert (phrase.code, phrase.category, phrase.kind) == ("H109", "Nervous System", "name")


def test_a_gzipped_file_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "more.tsv.gz"
    file.write_bytes(gzip.compress((HEADER + "pink eye\t372.30\t9\tname\tExample\tMIT\n").encode()))
    assert [phrase.code for phrase in read_phrases(file, LABELS)] == ["37230"]


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "CC BY-NC", "unknown", "", "research use"])
def test_a_source_that_weights_may_not_learn_from_is_refused_with_its_line(tmp_path: Path, licence: str) -> None:
    file = written(
        tmp_path / "more.tsv",
        "pink eye\tH10.9\t10\tname\tExample\tCC0-1.0",
        f"gout\tM10.9\t10\tname\tExample\t{licence}",
    )
    with pytest.raises(DataError, match="licence") as caught:
        read_phrases(file, LABELS)
    assert "line 3" in str(caught.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("pink eye\tH10.9\t10\tname\tExample", "5 columns"),
        ("pink eye\tH10.9\t11\tname\tExample\tMIT", "no ICD version"),
        ("pink eye\tHELLO\t10\tname\tExample\tMIT", "no ICD-10-CM code"),
        ("pink eye\tH10.9\t10\trumour\tExample\tMIT", "no kind of phrase"),
        ("\tH10.9\t10\tname\tExample\tMIT", "no text"),
    ],
)
def test_a_broken_row_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_phrases(written(tmp_path / "more.tsv", row), LABELS)
    assert "line 2" in str(caught.value)


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "more.tsv").write_text("name\tcode\n", encoding="utf-8")
    with pytest.raises(DataError, match="columns"):
        read_phrases(tmp_path / "more.tsv", LABELS)


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_phrases(tmp_path / "none.tsv", LABELS)
    (tmp_path / "bytes.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="UTF-8"):
        read_phrases(tmp_path / "bytes.tsv", LABELS)


def test_a_label_set_without_codes_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\nA\nB\n", encoding="utf-8")
    with pytest.raises(LabelError, match="no code ranges"):
        collect(LabelSet.load(tmp_path / "own.tsv"))


def test_the_shipped_terms_cover_every_category() -> None:
    assert {phrase.category for phrase in collect(LABELS)} == set(LABELS.names)


def test_no_phrase_of_a_category_is_there_twice(tmp_path: Path) -> None:
    file = written(tmp_path / "more.tsv", "ESSENTIAL  (primary) hypertension\tI10\t10\tname\tExample\tMIT")
    texts = [phrase.text.lower() for phrase in collect(LABELS, [file]) if phrase.category == "Cardiovascular"]
    assert texts.count("essential (primary) hypertension") == 1
    assert "essential  (primary) hypertension" not in texts
