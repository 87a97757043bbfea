"""`nosology schema`: the JSON Schemas of what other commands write."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from nosology.cli import app


class Output(StrEnum):
    """What has a schema."""

    SUGGESTIONS = "suggestions"


@app.command()
def schema(output: Annotated[Output, typer.Argument(help="Whose lines: those of `nosology suggest`.")]) -> None:
    """Print the JSON Schema of a command's output, to validate it with or to generate readers from.

    Example: nosology schema suggestions > suggestions.schema.json
    """
    from nosology.export.lines import schema as suggestions_schema

    assert output is Output.SUGGESTIONS
    print(json.dumps(suggestions_schema(), indent=2, ensure_ascii=False))
