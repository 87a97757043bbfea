"""A run as a bundle for reviewers: what was done, with what, and what came of it, without a weight and without a note.

It holds configuration, manifest, hashes, versions of all packages, splits, results, and of each evaluation the report
with its figures and forms. Word models stay behind whole, and so does every prompt that an evaluation may have kept.

Ids are hashed with a salt that stays with whoever made the bundle, beside it and not in it: with the salt one can show
that a note was in a split, without it nobody can. `differences` sets a bundle beside a run.
"""

import hmac
import os
import platform
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import yaml

from nosology.dataset.folder import open_dataset
from nosology.errors import NosologyError
from nosology.files import MANIFEST, new_folder, read_json, read_manifest, sha256_tree, write_json, write_text
from nosology.runs.integrity import Recorded
from nosology.runs.integrity import differences as changed_since
from nosology.runs.run import Run

_HASHES = "hashes.json"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was made.

    Attributes:
        folder: The bundle.
        salt: The file with the salt; it does not leave.
        n_notes: Notes in the list of splits.
    """

    folder: Path
    salt: Path
    n_notes: int


class WritesReport(Protocol):
    """Writes the report of an evaluation; `nosology.report.write_report` does."""

    def __call__(
        self, run: Run, *, evaluation: str, out: Path, name_of: Callable[[str], str], portable: Callable[[Any], Any]
    ) -> object:
        """Write it.

        Args:
            run: The run.
            evaluation: Name of the evaluation.
            out: The folder.
            name_of: Returns what stands for the id of a note.
            portable: Returns what stands for plain values of the manifest or the results.
        """
        ...


def write_bundle(run: Path | str | Run, out: Path, *, write_report: WritesReport) -> Bundle:
    """Write what a run is and what came of it; return where.

    Args:
        run: A finished run.
        out: The folder to make. The salt is written beside it, for its owner alone.
        write_report: Writes the report of each evaluation.

    Raises:
        RunError: The folder holds something already, or the run recorded no hashes.
    """
    run = Run.open(run)
    recorded = Recorded.read(run.files)
    salt = secrets.token_hex(32)
    with new_folder(out) as folder:
        splits = _splits(run)
        write_json(folder / "run.json", portable(run.manifest.model_dump(mode="json")))
        config = portable(run.manifest.config.model_dump(mode="json"))
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        write_json(folder / _HASHES, asdict(recorded))
        run.labels.save(folder / "labels.tsv")
        (folder / "prompt.jinja").write_bytes(run.files.prompt.read_bytes())
        rows = sorted(f"{salted(salt, note_id)}\t{split}" for note_id, split in splits)
        write_text(folder / "splits.tsv", "\n".join(["note\tsplit", *rows]) + "\n")
        write_text(folder / "environment.txt", "\n".join(_environment()) + "\n")
        for name in run.evaluations():
            results = run.results(name).model_dump(mode="json")
            for example in results["examples"]:
                example["note_id"] = salted(salt, example["note_id"])
            write_json(folder / "results" / f"{name}.json", portable(results))
            out_of_one = folder / "report" / name
            write_report(run, evaluation=name, out=out_of_one, name_of=partial(salted, salt), portable=portable)
        manifest = {"kind": "bundle", "format": 1, "run_sha256": run.sha256, "files": sha256_tree(folder)}
        write_json(folder / MANIFEST, manifest)
    path = out.with_name(f"{out.name}.salt")
    write_text(path, salt + "\n", is_private=True)
    return Bundle(out, path, len(splits))


def differences(bundle: Path, run: Path | str | Run) -> Iterator[str]:
    """Yield by what a bundle is not what was written, and by what a run is not the one that it tells of.

    Raises:
        RunError: There is no bundle, or no run.
    """
    manifest = read_manifest(bundle, "bundle")
    found = sha256_tree(bundle)
    for name in sorted(manifest["files"].keys() | found.keys()):
        if manifest["files"].get(name) != found.get(name):
            yield f"{name}: not as it was bundled"
    run = Run.open(run)
    told, recorded = read_json(bundle / _HASHES), asdict(Recorded.read(run.files))
    for kind in ("files", "base_model"):
        for name in sorted(told[kind].keys() | recorded[kind].keys()):
            if told[kind].get(name) != recorded[kind].get(name):
                yield f"{name}: another one in the run"
    for item in changed_since(run.files, Recorded.read(run.files)):
        if item.matters:
            yield f"{item.name}: {item.what} in the run"


def salted(salt: str, note_id: str) -> str:
    """Return what stands for an id: its keyed hash."""
    return hmac.digest(bytes.fromhex(salt), note_id.encode("utf-8", "surrogatepass"), "sha256").hex()


def portable(values: Any) -> Any:
    """Return values in which a path of this machine is its last part alone, and its platform the kind of system."""
    if isinstance(values, dict):
        return {name: _system(value) if name == "platform" else portable(value) for name, value in values.items()}
    if isinstance(values, list):
        return [portable(value) for value in values]
    return Path(values).name if isinstance(values, str) and _is_path(values) else values


def _is_path(value: str) -> bool:
    """Return whether a value is a path: by its beginning, or because something lies there."""
    return "\n" not in value and (value.startswith(("/", "~", "./", "../")) or os.path.exists(value))


def _system(platform_name: Any) -> str:
    """Return the first word of what Python calls a platform, which goes on with the kernel that somebody built."""
    return str(platform_name).partition("-")[0]


def _environment() -> list[str]:
    """Return what a package installer makes the same environment of: Python and system, then every package."""
    installed = sorted({f"{item.name}=={item.version}" for item in metadata.distributions()}, key=str.lower)
    return [f"# Python {platform.python_version()}, {platform.system()} {platform.machine()}", *installed]


def _splits(run: Run) -> list[tuple[str, str]]:
    """Return each note's id with its split; where the dataset lies no longer where it was, of the training notes."""
    dataset = run.manifest.dataset
    try:
        opened = open_dataset(dataset.path)
    except NosologyError:
        return [(note_id, "train") for note_id in run.train_note_ids()]
    if opened.manifest_sha256 != dataset.manifest_sha256:
        return [(note_id, "train") for note_id in run.train_note_ids()]
    return list(opened.notes().select("note_id", "split").iter_rows())
