"""What commands that read a user's table have in common: its options, saying how it was read, and where results go."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli.console import say
from nosology.errors import ConfigError, DataError

if TYPE_CHECKING:
    from nosology.sources.formats import ReadingOptions
    from nosology.sources.tablefile import WholeTable

SeparatorOption = Annotated[
    str | None,
    typer.Option(
        "--separator",
        metavar="SIGN",
        help="Between the fields of a CSV file, or comma, semicolon, tab, pipe; found if not given.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Of the file's text, such as cp1252; UTF-8 and UTF-16 are found."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite --out if it is there; never the input.")]
EscapeOption = Annotated[
    bool,
    typer.Option(
        "--escape-formulas",
        help="Put ' before cells of CSV and TSV that a table program would run as formulas (= + - @).",
    ),
]


def check_out(out: Path, file: Path, *, is_forced: bool) -> None:
    """Refuse an output that is the input, and ask before another file is overwritten.

    Args:
        out: What is about to be written.
        file: What is read; ``-`` for stdin.
        is_forced: Whether the user wants it overwritten without being asked.

    Raises:
        DataError: It is the input, by whatever name; or it is there and nobody said that it may be overwritten.
    """
    if not os.path.lexists(out):
        return
    if out.is_dir():
        raise DataError("is a folder", place=str(out), hint="give the name of a file as --out")
    if _is_input(out, file):
        raise DataError("is the input, which is never overwritten", place=str(out), hint="give another --out")
    if is_forced or (_is_terminal() and typer.confirm(f"{out} exists already. Overwrite it?", err=True)):
        return
    raise DataError("exists already", place=str(out), hint="give another --out, or --force to overwrite it")


def check_escaping(out: Path | None) -> None:
    """Refuse to escape formulas where a file has none.

    Raises:
        ConfigError: The output is no CSV or TSV file.
    """
    from nosology.sources.tablefile import table_format

    if out is None or table_format(out) not in ("csv", "tsv"):
        raise ConfigError("only CSV and TSV files are run as formulas", place="--escape-formulas", hint="leave it out")


def _is_input(out: Path, file: Path) -> bool:
    """Return whether both are one file on disk, whatever links and names lead to it."""
    try:
        read = os.fstat(sys.stdin.fileno()) if str(file) == "-" else file.stat()
        return os.path.samestat(out.stat(), read)
    except (OSError, ValueError):  # one of them is not there, or stdin is no file
        return False


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def reading_options(separator: str | None, encoding: str | None) -> "ReadingOptions":
    """Return what the user says of a file.

    Raises:
        ConfigError: The separator is not one character, or there is no such encoding.
    """
    from nosology.sources.encodings import check_encoding
    from nosology.sources.formats import ReadingOptions
    from nosology.sources.separators import NAMES

    sign = NAMES.get(separator.lower(), separator) if separator is not None else None
    if sign is not None and (len(sign) != 1 or not sign.isascii() or sign in '"\r\n'):
        hint = "give one character, or comma, semicolon, tab or pipe"
        raise ConfigError("a separator is one character", place="--separator", hint=hint)
    return ReadingOptions(sign, check_encoding(encoding) if encoding is not None else None)


def read_user_table(file: Path, *required: str, separator: str | None, encoding: str | None) -> "WholeTable":
    """Return a user's table, and say how it was read where that is not plain.

    Raises:
        DataError: It cannot be read, or lacks a column.
    """
    from nosology.sources.tablefile import read_whole

    table = read_whole(file, *required, how=reading_options(separator, encoding))
    for notice in table.notices:
        say(f"note: {notice}")
    return table
