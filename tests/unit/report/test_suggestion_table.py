"""The table of suggestion figures on a terminal."""

import re

import pytest
from rich.console import Console

from nosology.report.suggestion_table import print_ranking, ranking_table
from nosology.runs.suggestion_results import Estimate, RankedSystem, SuggestionResults

FIGURES = {
    "hit_1": 0.4, "hit_5": 0.72, "hit_10": 1.0, "recall_1": 0.1, "recall_5": 0.3, "recall_10": 0.45,
    "mrr": 0.512345, "mean_average_precision": 0.0, "main_1": 0.25, "main_10": 0.5,
}  # fmt: skip


def system(title: str, **other: float) -> RankedSystem:
    """Return a system with the figures above, each with an interval of .05 to either side."""
    estimates = {
        name: Estimate(value=value, interval=(max(0.0, value - 0.05), min(1.0, value + 0.05)))
        for name, value in (FIGURES | other).items()
    }
    return RankedSystem(title=title, description="", seconds=1.5, **estimates)


def results(**systems: RankedSystem) -> SuggestionResults:
    """Return results of 1,234 notes."""
    none = Estimate(value=0.1, interval=(0.05, 0.15))
    return SuggestionResults(
        n=1_234,
        n_rubrics=1_036,
        n_seen=900,
        n_train_notes=5_000,
        n_validation_notes=500,
        rubrics_a_note=3.26,
        unseen_share=0.01,
        unseen_recall_10=None,
        systems=systems,
        reliability=[],
        debiased_ece=none,
        none_of_these=none,
        none_was_right=none,
        mass_left_out=0.01,
    )


def rendered(found: SuggestionResults) -> str:
    """Return the table as text."""
    console = Console(width=140, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as captured:
        console.print(ranking_table(found))
    return captured.get()


def test_the_title_says_on_how_many_notes_of_how_many_rubrics() -> None:
    assert "1,234 notes, each coded with 3.3 of 1,036 rubrics" in rendered(results(tuned=system("tuned model")))


def test_every_system_has_a_row_with_its_figures_and_an_interval_below() -> None:
    text = rendered(results(frequency=system("most frequent", hit_1=0.1), tuned=system("tuned model")))
    assert "most frequent" in text
    row = next(line for line in text.splitlines() if "tuned model" in line)
    assert re.findall(r"\d*\.\d{3}", row) == [".400", ".720", "1.000", ".300", ".450", ".512", ".000", ".250"]
    below = text.splitlines()[text.splitlines().index(row) + 1]
    assert re.findall(r"\S+–\S+", below)[0] == ".350–.450"
    assert len(re.findall(r"\S+–\S+", below)) == 8


def test_headings_stand_above_their_figures() -> None:
    text = rendered(results(tuned=system("tuned model")))
    heading = next(line for line in text.splitlines() if "hit@1" in line)
    names = ["hit@1", "hit@5", "hit@10", "recall@5", "recall@10", "MRR", "mAP", "main@1"]
    assert [heading.index(name) for name in names] == sorted(heading.index(name) for name in names)


def test_the_table_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    print_ranking(results(tuned=system("tuned model")))
    out, err = capsys.readouterr()
    assert "tuned model" in out
    assert err == ""


def test_without_systems_there_are_headings_alone() -> None:
    text = rendered(results())
    assert "hit@10" in text
    assert not re.search(r"\.\d{3}", text)
