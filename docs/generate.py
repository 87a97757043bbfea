"""Write the reference pages from the program itself, or with ``--check`` say which of them are stale.

Generated are: every command's help, every configuration field, every category with its code ranges, what becomes of
broken input (from the tests' own cases), how much machine so many notes take, the JSON Schema of suggestions, and,
between marks, the figures of README and of the page on GPUs (`marked.py`). What would surprise you: nothing else under
``docs/`` is touched, and a page of the reference that no longer has a source is stale too.
"""

import argparse
import importlib
import json
import sys
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from nosology import cli
from nosology.coding.labels import Category, LabelSet, shipped_names
from nosology.config import Config
from nosology.export.lines import schema as suggestions_schema
from nosology.tuning.space import SPACE

REFERENCE = Path(__file__).parent / "reference"
NOTICE = "<!-- Written by docs/generate.py; do not edit. `make docs` writes it anew. -->\n"
HELP_WIDTH = "100"


def main() -> int:
    """Write the pages; with ``--check`` return 1 if any differs from what would be written."""
    parser = argparse.ArgumentParser(description="Write the generated reference pages.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is stale")
    parser.add_argument("--out", type=Path, default=REFERENCE, help="folder of the pages")
    options = parser.parse_args()
    pages = {name: NOTICE + text for name, text in reference_pages().items()} | reference_schemas()
    marked = marked_pages()
    if not options.check:
        options.out.mkdir(parents=True, exist_ok=True)
        for page, text in ({options.out / name: text for name, text in pages.items()} | marked).items():
            page.write_text(text, encoding="utf-8")
        return 0
    stale = [f"{options.out.name}/{name}" for name in stale_pages(pages, options.out)]
    stale += [page.name for page, text in marked.items() if page.read_text(encoding="utf-8") != text]
    for name in stale:
        print(f"{name} is stale: run `make docs`", file=sys.stderr)
    return 1 if stale else 0


def marked_pages() -> dict[Path, str]:
    """Return the text of each page whose marked parts are written from measured figures."""
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        marked = importlib.import_module("marked")
    finally:
        sys.path.remove(str(Path(__file__).parent))
    parts: dict[Path, dict[str, str]] = marked.marked_parts()
    return {page: marked.written(page.read_text(encoding="utf-8"), found) for page, found in parts.items()}


def reference_pages() -> dict[str, str]:
    """Return each generated page's text by file name."""
    return {
        "cli.md": cli_page(),
        "config.md": config_page(),
        "labels.md": labels_page(),
        "broken-input.md": broken_input_page(),
        "sums.md": page_of("sums", Path(__file__).parent),
    }


def reference_schemas() -> dict[str, str]:
    """Return each published JSON Schema by file name."""
    return {"suggestions.schema.json": json.dumps(suggestions_schema(), indent=2, ensure_ascii=False) + "\n"}


def stale_pages(pages: dict[str, str], folder: Path) -> list[str]:
    """Return the names of pages that are missing, differ, or are left over."""
    found = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.*")}
    return sorted(name for name in pages.keys() | found.keys() if pages.get(name) != found.get(name))


def broken_input_page() -> str:
    """Return the page of what becomes of broken input, written by the tests' own cases."""
    return page_of("broken_input", Path(__file__).parents[1] / "tests")


def page_of(module: str, folder: Path) -> str:
    """Return the page that a module writes.

    Args:
        module: It has a function ``page``.
        folder: Where it lies.
    """
    sys.path.insert(0, str(folder))
    try:
        return str(importlib.import_module(module).page())
    finally:
        sys.path.remove(str(folder))


def cli_page() -> str:
    """Return the page of all commands, in the order of the alphabet."""
    cli.register_commands()
    parts = ["# Commands\n", _help_of([])]
    parts += [f"## `nosology {' '.join(path)}`\n\n{_help_of(path)}" for path in sorted(command_paths(cli.app))]
    return "\n".join(parts)


def command_paths(app: typer.Typer) -> list[list[str]]:
    """Return the words that lead to each command, subcommands included."""
    paths = []
    for command in app.registered_commands:
        assert command.callback is not None
        paths.append([command.name or command.callback.__name__.replace("_", "-")])
    for group in app.registered_groups:
        assert group.typer_instance is not None
        assert isinstance(group.name, str)
        paths += [[group.name, *path] for path in command_paths(group.typer_instance)]
    return paths


def _help_of(path: list[str]) -> str:
    """Return a command's help as a code block, plain and of fixed width."""
    plain = typer.Typer(rich_markup_mode=None)
    plain.__dict__.update(cli.app.__dict__ | {"rich_markup_mode": None})
    shown = CliRunner().invoke(
        plain, [*path, "--help"], prog_name="nosology", env={"COLUMNS": HELP_WIDTH, "TERMINAL_WIDTH": HELP_WIDTH}
    )
    assert shown.exit_code == 0, shown.output
    lines = "\n".join(line.rstrip() for line in shown.output.strip().splitlines())
    return f"```text\n{lines}\n```\n"


def config_page() -> str:
    """Return the page of all configuration fields, section by section."""
    parts = [
        "# Configuration\n",
        "One YAML file holds a whole job; every field has a default, so a file names only what differs. On the\n"
        "command line, `--set section.key=value` wins over the file. An unknown key is an error, and all errors are\n"
        "named at once. The shipped files in `configs/` say why they choose what they choose.\n",
    ]
    for name, info in Config.model_fields.items():
        section = info.annotation
        assert isinstance(section, type)
        assert issubclass(section, BaseModel)
        parts.append(f"## `{name}`\n\n{_first_line(section.__doc__)}\n")
        rows = list(_fields(section))
        parts.append(_table(("field", "values", "default", "what it does"), rows))
    parts.append(
        "## What `nosology tune` searches\n\n"
        "A file given as `--space` narrows or fixes each by its name: [how](../how-to/tune.md).\n"
    )
    found = [(f"`{item.name}`", f"`{item.field}`", item.words, item.reason) for item in SPACE]
    parts.append(_table(("setting", "field", "values", "why these"), found))
    return "\n".join(parts)


def _fields(section: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield a row for each field of a section; those of a section inside it as ``inner.key``."""
    for key, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, f"{prefix}{key}.")
        else:
            yield f"`{prefix}{key}`", _type_of(field), _default_of(field), field.description or ""


def _type_of(field: FieldInfo) -> str:
    """Return a field's values in words, its bounds included."""
    bounds = []
    for metadata in field.metadata:
        for attribute, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
            if getattr(metadata, attribute, None) is not None:
                bounds.append(f"{sign} {getattr(metadata, attribute):g}")
    return ", ".join([_values(field.annotation), *bounds])


def _values(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_of(FieldInfo.from_annotation(annotation))
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_values(argument) for argument in arguments)
    if origin is tuple:
        return "a list" if Ellipsis in arguments else f"{len(arguments)} numbers"
    words = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", type(None): "empty"}
    return words[annotation]


def _default_of(field: FieldInfo) -> str:
    value = field.default
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def labels_page() -> str:
    """Return the page of all shipped label sets."""
    parts = [
        "# Label sets\n",
        "A label set is a file, not code: bring your own with `prepare.label_set=FILE.tsv`, in the same columns.\n",
    ]
    for name in shipped_names():
        labels = LabelSet.load(name)
        parts.append(f"## `{name}`\n")
        columns = ("category", "ICD-9-CM", "ICD-10-CM", "what it holds")
        parts.append(_table(columns, [_label_row(category) for category in labels.categories]))
    return "\n".join(parts)


def _label_row(category: Category) -> tuple[str, ...]:
    nine, ten = (", ".join(map(str, category.ranges(version))) for version in (9, 10))
    return category.name, nine, ten, category.description


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    """Return text that does not end a Markdown table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
