"""The few rows a terminal shows: majority, TF-IDF, encoder, base model at its best, starter, tuned, ensemble."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from nosology.runs.results import Interval, Results


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One system's line.

    Attributes:
        system: Its key in the results.
        title: Its name for people.
        ece: None where the system gives no probability.
    """

    system: str
    title: str
    trained_on: str
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval
    ece: float | None


def summary_rows(results: Results) -> list[SummaryRow]:
    """Return one row each for the majority, TF-IDF, encoder, base model, starter, tuned model and ensemble."""
    wanted = ["majority", "tfidf", "encoder", results.summary.best_base, "starter", "tuned", "ensemble"]
    return [
        SummaryRow(
            system=name,
            title=found.title,
            trained_on=found.trained_on,
            accuracy=found.accuracy,
            accuracy_interval=found.accuracy_interval,
            macro_f1=found.macro_f1,
            macro_f1_interval=found.macro_f1_interval,
            ece=found.ece,
        )
        for name in wanted
        if name is not None and (found := results.systems.get(name)) is not None
    ]


def summary_table(results: Results) -> Table:
    """Return the summary as a table for a terminal."""
    table = Table(
        title=f"{results.n:,} notes of the {results.provenance.split} split, {len(results.labels)} categories",
        title_justify="left",
        caption="in brackets: 95 % intervals",
        caption_justify="left",
    )
    for column in ("system", "trained on", "accuracy", "macro-F1", "ECE"):
        table.add_column(column, justify="left" if column in ("system", "trained on") else "right", no_wrap=True)
    for row in summary_rows(results):
        table.add_row(
            row.title,
            row.trained_on,
            _with_interval(row.accuracy, row.accuracy_interval),
            _with_interval(row.macro_f1, row.macro_f1_interval),
            "" if row.ece is None else f"{row.ece:.3f}",
            style="bold" if row.system == "tuned" else None,
        )
    return table


def print_summary(results: Results) -> None:
    """Print the summary to stdout; as wide as it needs to be where no terminal limits it."""
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    console.print(summary_table(results))


def _with_interval(value: float, interval: Interval) -> str:
    return f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
