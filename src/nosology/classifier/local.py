"""A calibration on local notes, kept beside the one that a run came with: the newest answers, and can be undone.

``RUN/calibrated/0001`` and so on each hold the calibration of the tuned model, the blend's exponents and calibration
where the run holds an ensemble, what the notes looked like to the model, and where all that is from. No weight of the
model changes, and nothing that `evaluate` fitted is touched.
"""

import shutil
from dataclasses import dataclass, field, replace
from typing import Any, Self

from nosology.classifier.calibration import Calibration
from nosology.classifier.ensemble import Ensemble
from nosology.classifier.typicality import Typicality
from nosology.errors import RunError
from nosology.files import new_folder, read_json, write_json
from nosology.runs.files import LocalFiles, RunFiles
from nosology.runs.integrity import record_again
from nosology.runs.plausible import all_within

_REMEDY = "`nosology calibrate RUN --undo` goes back to the one before"


@dataclass(frozen=True)
class LocalCalibration:
    """What was fitted on local notes.

    Attributes:
        tuned: The calibration of the tuned model.
        exponents: Of the tuned and the linear model's probabilities; None where the run holds no ensemble.
        blend: The calibration of the blend; None likewise.
        typicality: What the notes looked like to the model; None where its head shows nothing.
        about: Where it is from: dataset, notes, day, figures before and after. Plain values, no text of a note.
    """

    tuned: Calibration
    exponents: tuple[float, float] | None
    blend: Calibration | None
    typicality: Typicality | None = field(repr=False)
    about: dict[str, Any]

    def of(self, ensemble: Ensemble | None) -> Ensemble | None:
        """Return an ensemble blended and calibrated as local notes say; as it is where they say nothing."""
        if ensemble is None or self.exponents is None or self.blend is None:
            return ensemble
        return replace(ensemble, exponents=self.exponents, calibration=self.blend)

    def save(self, files: RunFiles) -> LocalFiles:
        """Write it as the newest one of a run, record the run's hashes anew, and return where it lies."""
        numbers = [int(found.folder.name) for found in files.local_calibrations()]
        own = LocalFiles(files.calibrated / f"{max(numbers, default=0) + 1:04d}")
        files.calibrated.mkdir(exist_ok=True)
        with new_folder(own.folder) as folder:
            part = LocalFiles(folder)
            self.tuned.save(part.calibration)
            if self.blend is not None:
                self.blend.save(part.blend)
            if self.typicality is not None:
                self.typicality.save(part.typicality)
            exponents = list(self.exponents) if self.exponents else None
            write_json(part.about, {"kind": "local calibration", "format": 1, "exponents": exponents, **self.about})
        record_again(files)
        return own

    @classmethod
    def newest(cls, files: RunFiles) -> Self | None:
        """Return the newest local calibration of a run; None where there is none.

        Raises:
            RunError: A file of it is missing or something else.
        """
        found = files.local_calibrations()
        if not found:
            return None
        own = found[-1]
        about = read_json(own.about)
        tuned = Calibration.load(own.calibration)
        if not isinstance(about, dict) or (about.get("kind"), about.get("format")) != ("local calibration", 1):
            raise RunError("not a local calibration of format 1", place=str(own.about), hint=_REMEDY)
        if tuned is None:
            raise RunError("this file is missing", place=str(own.calibration), hint=_REMEDY)
        exponents = about.pop("exponents", None)
        pair: tuple[float, float] | None = None
        try:
            if exponents is not None:
                of_tuned, of_linear = all_within("an exponent", exponents, 0, 1e3)
                pair = (of_tuned, of_linear)
        except (TypeError, ValueError) as error:
            raise RunError(f"impossible settings: {error}", place=str(own.about), hint=_REMEDY) from None
        return cls(
            tuned,
            pair,
            Calibration.load(own.blend),
            Typicality.load(own.typicality) if own.typicality.exists() else None,
            {key: value for key, value in about.items() if key not in ("kind", "format")},
        )


def undo(files: RunFiles) -> str:
    """Remove the newest local calibration of a run, and return its number.

    Raises:
        RunError: There is none.
    """
    found = files.local_calibrations()
    if not found:
        raise RunError("this run holds no local calibration to undo", place=str(files.folder))
    newest = found[-1].folder
    gone = newest.rename(newest.with_name(f".{newest.name}"))  # what is only half removed is not taken for whole
    record_again(files)
    shutil.rmtree(gone)
    return newest.name
