"""`nosology schema`: the JSON Schemas of what other commands write."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from nosology.cli import app


class Output(StrEnum):
    """What has a schema."""

    SUGGESTIONS = "suggestions"
    CONFIG = "config"


@app.command()
def schema(
    output: Annotated[
        Output,
        typer.Argument(help="suggestions: a line of `nosology suggest`. config: a configuration file."),
    ],
) -> None:
    """Print the JSON Schema of what a command writes or reads, to validate it with or to generate readers from.

    Example: nosology schema suggestions > suggestions.schema.json
    """
    if output is Output.CONFIG:
        from nosology.config import Config

        found = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    else:
        from nosology.export.lines import schema as suggestions_schema

        found = suggestions_schema()
    print(json.dumps(found, indent=2, ensure_ascii=False))
