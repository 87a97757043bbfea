"""``nosology report``: a finished evaluation as one page."""

from typing import Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say
from nosology.cli.runs import OwnRunArgument


@app.command()
def report(
    run: OwnRunArgument,
    evaluation: Annotated[
        str, typer.Option(help="Which evaluation: a folder of RUN/eval, named after its split or dataset and split.")
    ] = "test",
    include_text: Annotated[
        bool, typer.Option("--include-text", help="Show the examples' prompts; the page is then readable by you alone.")
    ] = False,
) -> None:
    """Write RUN/report/index.html, one self-contained page, and its figures as SVG and PNG files.

    Example: nosology report runs/mimic3
    """
    from nosology.report import write_report

    page = write_report(run, evaluation=evaluation, include_text=include_text)
    say(f"report: {page}")
