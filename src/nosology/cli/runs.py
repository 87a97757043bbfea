"""How commands are told which run: a folder, or a name that stands for one."""

from pathlib import Path
from typing import Annotated

import typer

from nosology.runs.starter import run_folder

RunArgument = Annotated[
    Path,
    typer.Argument(
        parser=run_folder, metavar="RUN", help="A finished run folder, or starter: the run that comes with nosology."
    ),
]
OwnRunArgument = Annotated[Path, typer.Argument(parser=run_folder, metavar="RUN", help="A finished run folder.")]
"""Of commands that write into the run, which the starter does not allow."""
