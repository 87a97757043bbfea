"""What `nosology audit` finds: lines that are not what was written, lines that are missing, decisions that were edited.

What it cannot see: changes by somebody who has the key; a log, head and key put back together to an earlier state
(unless decisions made since are in the store, or the head was kept elsewhere); unsigned lines of earlier versions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nosology.errors import DataError
from nosology.feedback.chain import (
    HEAD_FILE,
    KEY_FILE,
    START,
    TORN,
    Head,
    HeadFile,
    entries,
    is_signed,
    is_true,
    parsed,
    read_key,
)
from nosology.feedback.store import Decision


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What `check` found.

    Attributes:
        n_entries: Whole lines, up to the first that breaks the chain.
        n_torn: Lines that were cut short by a crash and are marked as such.
        first_broken: Line number, from 1, of the first line that breaks the chain; None where none does.
        n_unsigned: Whole lines of an earlier version, which are chained and not signed.
        head_problem: What is wrong with the head, or with the end of the log; None where both fit.
    """

    n_entries: int
    n_torn: int
    first_broken: int | None
    n_unsigned: int = 0
    head_problem: str | None = None


def check(path: Path, key_file: Path | None = None) -> ChainReport:
    """Return whether an audit log is what was written, from its first line to its last.

    Args:
        path: The log; its head lies beside it.
        key_file: Where its key is; beside it where nothing else is said.

    Raises:
        DataError: There is no such file, or the key of a signed log is missing.
    """
    if not path.is_file():
        raise DataError("there is no audit log here", place=str(path), hint="it is audit.jsonl of a --state folder")
    key_file = key_file or path.with_name(KEY_FILE)
    key = read_key(key_file)
    state = _State(key, key_file)
    line = b"\n"
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not state.take(number, line):
                return ChainReport(state.last_n, state.n_torn, state.broken, state.n_unsigned)
    # The last line may be cut short: the service died while writing it and has not been started since.
    broken = state.unmarked if line.endswith(b"\n") else None
    problem = None if broken or key is None else state.head_problem(HeadFile(path.with_name(HEAD_FILE), key))
    return ChainReport(state.last_n, state.n_torn, broken, state.n_unsigned, problem)


class _State:
    """How far a log has been read."""

    def __init__(self, key: bytes | None, key_file: Path) -> None:
        self._key, self._key_file = key, key_file
        self._last = START
        self.last_n = self.n_torn = self.n_unsigned = 0
        self.unmarked: int | None = None
        self.broken: int | None = None
        self._newest = Head()

    def take(self, number: int, line: bytes) -> bool:
        """Read one line; return whether the chain is whole so far."""
        entry = parsed(line)
        is_mark = entry is not None and entry.get("event") == TORN
        if self.unmarked is not None and not is_mark:
            self.broken = self.unmarked
            return False
        if entry is None:
            self.unmarked, self.n_torn = number, self.n_torn + 1
            return True
        if is_signed(entry) and self._key is None:
            raise DataError("its lines are signed and the key is missing", place=str(self._key_file), hint="give --key")
        is_late = not is_signed(entry) and self.last_n > self.n_unsigned
        if is_late or entry["n"] != self.last_n + 1 or not is_true(entry, self._last, self._key):
            self.broken = number
            return False
        self.last_n, self._last, self.unmarked = self.last_n + 1, entry["hash"], None
        self.n_unsigned += not is_signed(entry)
        self._newest = Head(self.last_n, self._last)
        return True

    def head_problem(self, file: HeadFile) -> str | None:
        """Return what is wrong with the head of a whole log."""
        try:
            head = file.read()
        except DataError as error:
            return error.message
        if head is None:
            return "the head is missing, so lines may be missing at the end"
        if head.n > self.last_n:
            return f"{head.n - self.last_n} lines are missing at the end"
        if head.n == self.last_n and head != self._newest:
            return "the last line is not the one that was written last"
        return None


@dataclass(frozen=True, slots=True)
class DecisionReport:
    """How the decisions of a store compare with the log.

    Attributes:
        n_same: Decisions that are what the log says.
        edited: Ids of decisions that are not.
        missing: Ids of decisions that the log has and the store has not.
        unlogged: Ids of decisions that the store has and the log has not.
        n_unsigned: Decisions whose line, of an earlier version, says less than the whole decision.
    """

    n_same: int
    edited: tuple[str, ...]
    missing: tuple[str, ...]
    unlogged: tuple[str, ...]
    n_unsigned: int


def compare(path: Path, decisions: Iterable[Decision]) -> DecisionReport:
    """Return how the decisions of a store compare with a log that `check` found whole."""
    logged: dict[str, str | None] = {}
    for entry in entries(path):
        if entry.get("event") == "decision":
            logged[entry["decision_id"]] = entry.get("decision_sha256")
        elif entry.get("event") == "decision-withdrawn":
            logged.pop(entry["decision_id"], None)
    stored = {decision.decision_id: decision.sha256 for decision in decisions}
    unsigned = {name for name in stored if name in logged and logged[name] is None}
    both = [name for name in stored if name in logged and name not in unsigned]
    edited = tuple(name for name in both if stored[name] != logged[name])
    return DecisionReport(
        n_same=len(both) - len(edited),
        edited=edited,
        missing=tuple(name for name in logged if name not in stored),
        unlogged=tuple(name for name in stored if name not in logged),
        n_unsigned=len(unsigned),
    )
