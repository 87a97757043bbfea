"""Whose notes a run was trained on, as far as that decides who may have an export of it."""

from pathlib import Path

from nosology.errors import NosologyError, RunError
from nosology.files import MANIFEST, read_json, sha256_file
from nosology.runs.run import Run

MIMIC = ("mimic3", "mimic4")
COURSE = "course"
UNKNOWN = "unknown"

AGREEMENT = (
    "PhysioNet's data use agreement for MIMIC forbids passing the data or access to it on to anybody, and PhysioNet "
    "counts models trained on it as derived from it: they are shared through PhysioNet alone, with people under the "
    "same agreement"
)


def origins(run: Run) -> set[str]:
    """Return the kinds of sources that a run's notes came from, those of runs before it included.

    Args:
        run: A finished run. Its dataset is asked where it still lies; where it does not, the kind is `UNKNOWN`. One
            that was packed to be given away names what it learned from, its licences checked then: `COURSE`.
    """
    if run.manifest.packed is not None:
        return {COURSE}
    dataset = run.manifest.dataset
    path = Path(dataset.path) / MANIFEST
    found = {UNKNOWN}
    if path.is_file() and sha256_file(path) == dataset.manifest_sha256:
        source = read_json(path).get("source")
        found = {str(source["kind"])} if isinstance(source, dict) and "kind" in source else {UNKNOWN}
    start = run.manifest.start
    if start is not None:
        found |= _before(run.manifest.config.train.start, start.manifest_sha256)
    return found


def _before(folder: str, manifest_sha256: str) -> set[str]:
    """Return the origins of the run that a training went on from."""
    try:
        before = Run.open(folder)
    except NosologyError:
        return {UNKNOWN}
    return origins(before) if before.sha256 == manifest_sha256 else {UNKNOWN}


def expect_allowed(run: Run, *, allow_restricted: bool) -> set[str]:
    """Return a run's origins; refuse to pack one of MIMIC's notes, or of nobody knows whose, unless it was allowed.

    Args:
        run: A finished run.
        allow_restricted: Whether whoever asks answers for who receives the export.

    Raises:
        RunError: It was not allowed; says what the agreement says.
    """
    found = origins(run)
    if allow_restricted or not found & {*MIMIC, UNKNOWN}:
        return found
    is_mimic = bool(found & set(MIMIC))
    what = "of MIMIC's files" if is_mimic else "of a dataset that lies no longer where it was, so nobody knows whose"
    raise RunError(
        f"this run was trained on notes {what}. {AGREEMENT}",
        place=str(run.folder),
        hint="--allow-restricted, where the export stays with people who may have the notes, or the notes are invented",
    )
