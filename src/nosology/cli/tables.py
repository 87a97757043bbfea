"""What commands that read a user's table have in common: its options, and saying how it was read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli.console import say
from nosology.errors import ConfigError

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
