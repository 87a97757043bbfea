"""How good a run's suggestions are, as a table for a terminal."""

from rich.console import Console
from rich.table import Table

from nosology.runs.suggestion_results import Estimate, SuggestionResults

_COLUMNS = ("hit_1", "hit_5", "hit_10", "recall_5", "recall_10", "mrr", "mean_average_precision", "main_1")
_HEADINGS = ("hit@1", "hit@5", "hit@10", "recall@5", "recall@10", "MRR", "mAP", "main@1")


def ranking_table(results: SuggestionResults) -> Table:
    """Return every system's figures, intervals below each."""
    table = Table(
        title=f"{results.n:,} notes, each coded with {results.rubrics_a_note:.1f} of {results.n_rubrics:,} rubrics",
        title_justify="left",
        caption="in brackets: 95 % intervals; a suggestion is right if its rubric is any coded one",
        caption_justify="left",
    )
    table.add_column("system", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for system in results.systems.values():
        table.add_row(system.title, *(_cell(getattr(system, column)) for column in _COLUMNS))
    return table


def print_ranking(results: SuggestionResults) -> None:
    """Print the table to stdout."""
    Console(width=120).print(ranking_table(results))


def _cell(estimate: Estimate) -> str:
    low, high = estimate.interval
    return f"{_share(estimate.value)}\n[dim]{_share(low)}–{_share(high)}[/dim]"


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
