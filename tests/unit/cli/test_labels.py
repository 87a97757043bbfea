"""``nosology labels``: the categories, a check of one's own set, and the category of a code."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from nosology.cli import main
from nosology.coding.labels import LabelSet


@pytest.fixture
def labels(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a command and gives its exit status, stdout and stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nosology", "labels", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        shown = capsys.readouterr()
        return int(stop.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture
def triage(tmp_path: Path) -> Path:
    path = tmp_path / "triage.tsv"
    path.write_text("category\ticd9\ticd10\nHeart\t390-459\tI00-I99\nRest\t001-139,V08\t\n", encoding="utf-8")
    return path


def test_show_prints_a_table_to_stdout_and_the_hash_to_stderr(labels: Any, triage: Path) -> None:
    status, printed, said = labels("show", triage)
    assert status == 0
    assert printed.splitlines() == [
        "category  ICD-9-CM     ICD-10-CM",
        "Heart     390-459      I00-I99",
        "Rest      001-139,V08",
    ]
    assert said == f"2 categories, sha256 {LabelSet.load(triage).sha256[:12]}\n"


def test_show_as_json_has_the_same_rows(labels: Any, triage: Path) -> None:
    assert json.loads(labels("show", triage, "--json")[1]) == [
        {"category": "Heart", "icd9": "390-459", "icd10": "I00-I99"},
        {"category": "Rest", "icd9": "001-139,V08", "icd10": ""},
    ]


def test_show_without_a_name_shows_the_eighteen(labels: Any) -> None:
    rows = json.loads(labels("show", "--json")[1])
    assert len(rows) == 18
    assert [row["category"] for row in rows][:2] == ["Infectious Disease", "Neoplasms"]


def test_check_counts_categories_and_those_with_codes(labels: Any, triage: Path, tmp_path: Path) -> None:
    status, printed, said = labels("check", triage)
    assert (status, printed) == (0, "")
    assert "2 categories, 2 with code ranges, no two ranges overlap" in said
    (tmp_path / "plain.tsv").write_text("category\nUrgent\nRoutine\n", encoding="utf-8")
    assert "2 categories, 0 with code ranges" in labels("check", tmp_path / "plain.tsv")[2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("category\ticd9\nHeart\t390-459\nVessels\t440-450\n", "overlap"),
        ("category\nHeart\nHeart\n", "categories given twice"),
        ("name\nHeart\n", "found the columns"),
        ("category\ticd9\nHeart\t459-390\n", "459-390"),
    ],
)
def test_check_refuses_a_set_that_contradicts_itself(labels: Any, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "bad.tsv").write_text(content, encoding="utf-8")
    status, printed, said = labels("check", tmp_path / "bad.tsv")
    assert (status, printed) == (2, "")
    assert message in said
    assert "bad.tsv" in said


@pytest.mark.parametrize(
    ("code", "version", "category"),
    [
        ("41071", 9, "Cardiovascular"),
        ("410.71", 9, "Cardiovascular"),
        ("0389", 9, "Infectious Disease"),
        ("e870.0", 9, "Supplementary"),
        (" i21.4 ", 10, "Cardiovascular"),
        ("K640", 10, "Digestive"),
        ("V270", 9, "Supplementary"),
        ("V270", 10, "Supplementary"),
        ("E119", 10, "Endocrine"),
    ],
)
def test_map_prints_the_category_alone(labels: Any, code: str, version: int, category: str) -> None:
    assert labels("map", code, "--icd-version", version) == (0, f"{category}\n", "")


def test_map_follows_the_mapping_rule(labels: Any) -> None:
    words = ("map", "K64.0", "--icd-version", 10, "--icd10-mapping")
    assert labels(*words, "chapter")[1] == "Digestive\n"
    assert labels(*words, "equivalence")[1] == "Cardiovascular\n"


def test_map_reads_a_label_set_of_ones_own(labels: Any, triage: Path) -> None:
    assert labels("map", "V08", "--icd-version", 9, "--labels", triage)[1] == "Rest\n"
    status, printed, said = labels("map", "4870", "--icd-version", 9, "--labels", triage)
    assert (status, printed) == (2, "")
    assert "'4870' has no category: code outside every range of the label set" in said


def test_map_as_json_gives_the_reason_and_still_exits_with_2(labels: Any) -> None:
    status, printed, said = labels("map", "ABC", "--icd-version", 9, "--json")
    assert status == 2
    assert json.loads(printed) == {
        "code": "ABC", "icd_version": 9, "category": None, "reason": "not an ICD-9-CM diagnosis code",
    }  # fmt: skip
    assert "check the code and its --icd-version" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("map", "41071"), "--icd-version"),
        (("map", "41071", "--icd-version", "ten"), "Invalid value"),
        (("map", "41071", "--icd-version", "8"), "8 is no ICD version"),
        (("map", "41071", "--icd-version", "9", "--icd10-mapping", "guess"), "Invalid value"),
        (("show", "icd-99"), "there is no label set 'icd-99'"),
        (("check", "none.tsv"), "no such label set file"),
        (("check",), "Missing argument"),
    ],
)
def test_what_the_user_can_fix_ends_with_status_2(labels: Any, words: tuple[str, ...], message: str) -> None:
    status, printed, said = labels(*words)
    assert (status, printed) == (2, "")
    assert message in said


@pytest.mark.parametrize("command", ["show", "check", "map"])
def test_each_help_ends_with_an_example(labels: Any, command: str) -> None:
    assert f"Example: nosology labels {command}" in " ".join(labels(command, "--help")[1].split())


def test_search_finds_codes_by_misspelt_names(labels: Any) -> None:
    status, printed, _ = labels("search", "hart", "attack")
    assert status == 0
    assert printed.splitlines()[0] == "I21   I21      Cardiovascular: heart attack (common name)"


def test_search_as_json_gives_the_columns_of_the_terms(labels: Any) -> None:
    found = json.loads(labels("search", "gout", "--json", "-n", 2, "--icd-version", 9)[1])
    assert found[0]["rubric"] == "274"
    assert set(found[0]) == {"rubric", "code", "icd_version", "term", "kind", "category", "score"}


def test_search_takes_terms_of_ones_own(labels: Any, tmp_path: Path) -> None:
    own = tmp_path / "own.tsv"
    own.write_text("term\tcode\ticd_version\nzwickel fever\tA79.0\t10\n", encoding="utf-8")
    assert labels("search", "zwikel", "fever", "--terms", own)[1].startswith("A79   A790")


def test_search_that_finds_nothing_is_refused_with_advice(labels: Any) -> None:
    status, printed, said = labels("search", "xqzwv")
    assert (status, printed) == (2, "")
    assert "other words" in said
