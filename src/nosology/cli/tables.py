"""What commands that read a user's table have in common: its options, saying how it was read, and where results go."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nosology.cli.console import say
from nosology.errors import ConfigError, DataError

if TYPE_CHECKING:
    from polars import DataFrame

    from nosology.sources.formats import ReadingOptions
    from nosology.sources.tablefile import WholeTable


class Stdin(StrEnum):
    """What comes through standard input."""

    note = "note"
    csv = "csv"
    tsv = "tsv"
    jsonl = "jsonl"


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help="A configuration file, or the name of a shipped one: demo, table, mimic3, paper, course."
    ),
]
FileArgument = Annotated[Path, typer.Argument(help="A table (CSV, TSV, Parquet, JSON lines), or - for stdin.")]
TextOption = Annotated[str, typer.Option("--text", help="The column that holds the notes.")]
StdinOption = Annotated[Stdin, typer.Option("--stdin", help="What - is: one note, or a table of this format.")]

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


def check_table_out(out: Path | None, file: Path, *, is_forced: bool, escapes_formulas: bool) -> None:
    """Refuse before the work begins what could not be written after it.

    Args:
        out: The table that is about to be written; None for stdout.
        file: What is read; ``-`` for stdin.
        is_forced: Whether the user wants it overwritten without being asked.
        escapes_formulas: Whether cells are to be kept from running as formulas.

    Raises:
        ConfigError: Formulas are to be escaped where there are none.
        DataError: The name says no format, or the file must not be overwritten.
    """
    from nosology.sources.tablefile import table_format

    if out is not None:
        table_format(out)
        check_out(out, file, is_forced=is_forced)
    if escapes_formulas:
        check_escaping(out)


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


def read_user_table(
    source: Path | tuple[bytes, str], *required: str, separator: str | None, encoding: str | None
) -> "WholeTable":
    """Return a user's table, and say how it was read where that is not plain.

    Args:
        source: A file, or bytes with the name that says their format.
        required: Columns that must be there.
        separator: Between the fields of CSV; None to find it.
        encoding: Of the text; None to find it.

    Raises:
        DataError: It cannot be read, or lacks a column.
    """
    from nosology.sources.tablefile import read_whole

    content, name = (source, "") if isinstance(source, Path) else source
    table = read_whole(content, *required, name=name, how=reading_options(separator, encoding))
    for notice in table.notices:
        say(f"note: {notice}")
    return table


@dataclass(frozen=True, slots=True)
class Given:
    """Notes as a user gave them: a table, or one note through stdin.

    Attributes:
        texts: The notes.
        table: The table; None for one note.
        text: The column of notes.
    """

    texts: list[str] = field(repr=False)
    table: "WholeTable | None" = None
    text: str = ""

    def rows(self, *, with_text: bool) -> Iterator[dict[str, Any]]:
        """Yield each note's own columns; none of a note through stdin.

        Args:
            with_text: Whether the column of notes is among them; on stdout it never is.
        """
        if self.table is None:
            yield {}
            return
        frame = self.table.frame
        yield from (frame if with_text else frame.drop(self.table.column(self.text))).iter_rows(named=True)

    def with_columns(self, columns: "DataFrame") -> "DataFrame":
        """Return other columns behind the table's own, if there is a table."""
        return columns if self.table is None else self.table.frame.with_columns(columns.get_columns())

    def patients(self, column: str | None) -> list[str]:
        """Return whose each note is; empty where nobody says."""
        return [""] * len(self.texts) if self.table is None or column is None else self.table.texts(column)

    def ids(self, column: str | None) -> list[str]:
        """Return what each note is called: by a column, or by its number from 1."""
        if self.table is None or column is None:
            return [str(number) for number in range(1, len(self.texts) + 1)]
        return self.table.texts(column)


def read_given(
    file: Path,
    text: str,
    *others: str,
    stdin: Stdin = Stdin.note,
    separator: str | None = None,
    encoding: str | None = None,
    added: Iterable[str] = (),
) -> Given:
    """Return the notes of a file, or those that come through stdin.

    Args:
        file: A table, or ``-``.
        text: The column of notes.
        others: Columns that must be there, too.
        stdin: What ``-`` is.
        separator: Between the fields of CSV; None to find it.
        encoding: Of the text; None to find it.
        added: Columns that are about to be added, which the table must not have.

    Raises:
        ConfigError: ``--stdin`` is given for a file.
        DataError: It cannot be read, is empty, lacks a column, or has one of those to be added.
    """
    if str(file) != "-":
        if stdin is not Stdin.note:
            raise ConfigError("a file's name says its format", place="--stdin", hint="leave it out, or give - as FILE")
        table = read_user_table(file, text, *others, separator=separator, encoding=encoding)
    elif stdin is Stdin.note:
        return Given([_stdin_note()])
    else:
        read = (sys.stdin.buffer.read(), f"stdin.{stdin.value}")
        table = read_user_table(read, text, *others, separator=separator, encoding=encoding)
    from nosology.sources.tablefile import refuse_taken

    refuse_taken(table.frame, file, added)
    return Given(table.texts(text), table, text)


def _stdin_note() -> str:
    from nosology.text.normalize import is_blank

    note = sys.stdin.read()
    if is_blank(note):
        raise DataError("there is no note on stdin", place="-", hint="nosology classify RUN - < note.txt")
    return note


def print_lines(rows: Iterable[dict[str, Any]]) -> None:
    """Print rows as JSON lines; values that JSON does not know become text."""
    for row in rows:
        print(json.dumps(row, ensure_ascii=False, default=str))
