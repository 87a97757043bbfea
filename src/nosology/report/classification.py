"""Classification reports as plain text, in scikit-learn's layout: the base model beside the tuned one."""

from nosology.runs.results import Averages, Results, SystemResult

_COLUMNS = ("precision", "recall", "f1-score", "support")
_GAP = "    "


def classification_report(result: SystemResult) -> str:
    """Return one system's report exactly as `sklearn.metrics.classification_report` would lay it out, two decimals.

    One difference in content: the macro average is over the categories that occur in the split.
    """
    width = max(len("weighted avg"), *map(len, result.report))
    lines = [" " * width + " " + "".join(f" {column:>9}" for column in _COLUMNS), ""]
    for name, scores in result.report.items():
        lines.append(_line(name, width, scores.precision, scores.recall, scores.f1, scores.support))
    lines += [
        "",
        f"{'accuracy':>{width}} " + " " * 20 + f" {result.accuracy:9.2f} {result.n:9}",
        _average_line("macro avg", width, result.macro_average, result.n),
        _average_line("weighted avg", width, result.weighted_average, result.n),
    ]
    return "\n".join(lines) + "\n"


def side_by_side(results: Results) -> str:
    """Return the reports of the base model, at its best, and of the tuned model in two columns of text.

    Where one of them was not evaluated, the other stands alone.
    """
    chosen = [name for name in (results.summary.best_base, "tuned") if name is not None and name in results.systems]
    columns = [
        [results.systems[name].title, "", *classification_report(results.systems[name]).splitlines()] for name in chosen
    ]
    if not columns:
        return ""
    widths = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    lines = [_GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    heading = f"{results.n} notes of the {results.provenance.split} split"
    return "\n".join([heading, "", *lines]) + "\n"


def _line(name: str, width: int, precision: float, recall: float, f1: float, support: int) -> str:
    return f"{name:>{width}} " + "".join(f" {value:9.2f}" for value in (precision, recall, f1)) + f" {support:9}"


def _average_line(name: str, width: int, average: Averages, n: int) -> str:
    return _line(name, width, average.precision, average.recall, average.f1, n)
