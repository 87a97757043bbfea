"""The mark of invented notes: a file that lies beside them, and says so for whatever is made of them.

`nosology synth` writes it; preparation finds it and writes it into the dataset's manifest, training into the run's, and
a run says it beside every answer (`nosology.runs.run.Run.caution`). Files that are moved without it lose their mark.
"""

from pathlib import Path

from nosology.files import write_text

MARK = "INVENTED.txt"
_WORDS = (
    "The notes in this folder are invented, by `nosology synth`: no patient, no hospital, and no figure that is\n"
    "measured on them says anything about medicine. Keep this file beside them; datasets, runs, reports and answers\n"
    "that come of them say so because of it.\n"
)


def write_mark(folder: Path) -> None:
    """Write the mark into a folder of invented notes."""
    write_text(folder / MARK, _WORDS, is_private=False)


def is_marked(place: Path) -> bool:
    """Return whether the notes of a folder, or in a file, are marked as invented."""
    return ((place if place.is_dir() else place.parent) / MARK).is_file()
