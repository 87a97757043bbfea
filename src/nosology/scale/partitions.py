"""The files that a job's input consists of, and the job's own record: what was asked for, and what of it is done.

A partition is done when its note of completion lies in the output's folder ``_work``. A job that was stopped goes on
from there if it is asked for the same again; ``_work`` is removed at the end.
"""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from nosology.errors import DataError, RunError
from nosology.files import MANIFEST, sha256_text
from nosology.scale.storage import Storage, file_system, is_local
from nosology.sources.formats import kind_of
from nosology.sources.invented import MARK

WORK = "_work"
_JOB = f"{WORK}/job.json"
_READABLE = (".parquet", ".pq", ".csv", ".txt", ".tsv", ".tab", ".jsonl", ".ndjson")
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Partition:
    """One file of the input.

    Attributes:
        address: Where it lies: a path of this machine, or an address.
        state: What its file system tells it by from a changed one; an empty text where that says nothing.
        is_invented: Whether a mark beside it says that its notes are invented.
    """

    address: str
    state: str
    is_invented: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return PurePosixPath(self.address).name

    @property
    def path(self) -> Path:
        """Its address as a path: that of the file where it lies on this machine, else something to name it by."""
        return Path(self.address) if "://" not in self.address else Path(self.name)


def find_partitions(where: str) -> tuple[Partition, ...]:
    """Return the files of an input, in the order of their addresses.

    Args:
        where: A file, a folder (with those below it), or a pattern with ``*``; a path or an address. What lies there
            by exactly this name is meant first, since names of folders hold brackets. Names that begin with a dot or
            an underscore are left out, as programs that write partitions expect.

    Raises:
        DataError: There is none.
        ConfigError: The address is of a kind that cannot be reached.
    """
    files, place = file_system(where)
    if _GLOB & set(place) and not files.exists(place):
        found = [str(path) for path in files.glob(place) if files.isfile(path)]
        root = place[: min(place.index(sign) for sign in _GLOB if sign in place)].rpartition("/")[0]
    elif files.isdir(place):
        found, root = [str(path) for path in files.find(place)], place
    else:
        found, root = [place] if files.exists(place) else [], place.rpartition("/")[0]
    chosen = sorted(path for path in found if _is_wanted(path.removeprefix(root)))
    if not chosen:
        hint = f"give a folder, a file or a pattern such as DIR/*.parquet; read are {', '.join(_READABLE)} (also .gz)"
        raise DataError("there is no file of notes here", place=where, hint=hint)
    is_here = is_local(files)
    marked = {folder for folder in {path.rpartition("/")[0] for path in chosen} if files.exists(f"{folder}/{MARK}")}
    return tuple(
        Partition(
            path if is_here else files.unstrip_protocol(path), _state(files, path), path.rpartition("/")[0] in marked
        )
        for path in chosen
    )


def _is_wanted(below: str) -> bool:
    is_hidden = any(part.startswith((".", "_")) or part == MARK for part in PurePosixPath(below).parts)
    return not is_hidden and kind_of(PurePosixPath(below).name) in _READABLE


def _state(files: Any, path: str) -> str:
    about = files.info(path)
    return " ".join(str(about[key]) for key in ("size", "mtime", "ETag", "etag", "generation") if about.get(key))


def begin(out: Storage, settings: dict[str, Any], partitions: tuple[Partition, ...]) -> bool:
    """Take an output folder for a job, and return whether the job goes on from where it was stopped.

    Args:
        out: The output folder.
        settings: All that decides what comes out, as plain values.
        partitions: The input.

    Raises:
        RunError: The folder holds something else, or unfinished work of another job.
    """
    inputs = sha256_text(json.dumps([[item.address, item.state] for item in partitions]))
    job = json.dumps({"settings": settings, "n_partitions": len(partitions), "inputs_sha256": inputs}, indent=2)
    if out.exists(MANIFEST):
        out.remove(WORK)  # of a job that was stopped when it had finished all but this
    if out.exists(_JOB):
        if out.read(_JOB) == job.encode():
            return True
        hint = (
            "ask for the same again to finish it (input, settings, secret, version), give another --out, or remove it"
        )
        raise RunError("this output folder holds unfinished work of another job", place=out.address, hint=hint)
    if not out.is_empty():
        hint = "give another --out, or remove it"
        raise RunError("this output folder already holds something", place=out.address, hint=hint)
    out.write(_JOB, job.encode())
    return False


def mark_done(out: Storage, stage: str, number: int, about: dict[str, Any]) -> None:
    """Say that a stage is done with a partition.

    Args:
        out: The output folder.
        stage: The stage's name.
        number: The partition's place in the input.
        about: What is to be known of it later. No text of a note, but names of categories as the table spells them;
            where somebody named the wrong column, these are its cells.
    """
    out.write(f"{WORK}/{stage}/{number:05d}.json", json.dumps(about).encode())


def what_is_done(out: Storage, stage: str, number: int) -> dict[str, Any]:
    """Return what `mark_done` was told of a partition.

    Args:
        out: Where the work lies.
        stage: What was done.
        number: The partition's.
    """
    about: dict[str, Any] = json.loads(out.read(f"{WORK}/{stage}/{number:05d}.json"))
    return about


def missing(out: Storage, stage: str, n_partitions: int) -> list[int]:
    """Return the numbers of the partitions with which a stage is not done.

    Args:
        out: Where the work lies.
        stage: What is to be done.
        n_partitions: How many there are.
    """
    done = out.names(f"{WORK}/{stage}")
    return [number for number in range(n_partitions) if f"{number:05d}.json" not in done]
