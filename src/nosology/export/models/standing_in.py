"""Another program in the place of a run's model: proved to be that model before it answers anything.

The program runs an export of the run: llama.cpp a GGUF file, a server whatever it was started with. Before the first
note it is asked the invented notes of the export, and answers for the run only where it says what the run says, within
the tolerance of the export's number format. So the run's calibration holds, or nothing is answered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nosology.classifier.classifier import Classifier
from nosology.classifier.opening import System, encoder_of, open_parts
from nosology.errors import ModelError, RunError
from nosology.export.models.comparing import Comparison, compare_answers
from nosology.export.models.layout import ExportFiles
from nosology.export.models.workflow import changed_files
from nosology.files import read_json, read_manifest
from nosology.modeling.backends.llama_cpp import LlamaCppModel
from nosology.modeling.backends.scorer import OutsideModel, OutsideScorer
from nosology.modeling.encoding import PromptEncoder
from nosology.runs.run import Run

_SPARE = 64  # tokens of room beyond the longest prompt


@dataclass(frozen=True, slots=True)
class StandIn:
    """A classifier whose model another program runs.

    Attributes:
        classifier: The run's.
        comparison: What the program says beside what the run says.
    """

    classifier: Classifier
    comparison: Comparison


def stand_in(
    run: Path | str | Run,
    export: Path,
    connect: Callable[[PromptEncoder, Path], OutsideModel],
    *,
    system: System | None = None,
) -> StandIn:
    """Return a run's classifier whose model another program runs, once it was proved to be the run's.

    Args:
        run: A finished run.
        export: An export of that run, which the program runs.
        connect: Given what cuts prompts for the run and the export's folder, returns where the model is asked.
        system: As `Classifier.load` has it.

    Raises:
        RunError: The export is damaged or of another run, or the run answers with what words alone do not give.
        ModelError: The program does not answer as the run does; calibration would not hold.
    """
    run = Run.open(run)
    _expect_of(run, export)
    encoder = encoder_of(run)
    model = connect(encoder, export)
    parts = open_parts(run, system=system, outside=model)
    comparison = _compared(encoder, model, export)
    if not comparison.is_same:
        raise ModelError(
            f"this program does not answer as the run does, so its calibration would not hold: {comparison.reason}",
            place=str(export),
            hint=f"{model.advice}; else use --backend torch",
        )
    return StandIn(Classifier.of(parts), comparison)


def llama_cpp(encoder: PromptEncoder, export: Path) -> OutsideModel:
    """Return llama.cpp with the GGUF file of an export; see `stand_in`.

    Raises:
        RunError: The export holds no GGUF file.
        ModelError: llama-cpp-python is not installed, or does not read the file.
    """
    file = read_json(ExportFiles(export).questions).get("gguf_file")
    if not file:
        raise RunError("this export holds no GGUF file", place=str(export), hint="nosology export RUN --to gguf")
    answers = sum(map(len, encoder.answers))
    return LlamaCppModel(
        export / file, n_tokens=len(encoder.root) + encoder.max_note_tokens + len(encoder.cue) + answers + _SPARE
    )


def _expect_of(run: Run, export: Path) -> None:
    if run.has_category_head:
        raise RunError(
            "this run has a classification head, which programs that score words do not know",
            place=str(run.folder),
            hint="use --backend torch",
        )
    if read_manifest(export, "export")["run"]["manifest_sha256"] != run.sha256:
        raise RunError("this export is of another run", place=str(export), hint=f"nosology export {run.folder}")
    changed = changed_files(export)
    if changed:
        raise RunError(f"not as it was exported: {', '.join(changed)}", place=str(export), hint="export again")


def _compared(encoder: PromptEncoder, model: OutsideModel, export: Path) -> Comparison:
    """Return what a program says to the export's questions beside what the run says."""
    files = ExportFiles(export)
    expected, questions = read_json(files.expected), read_json(files.questions)
    scores = OutsideScorer(model, encoder).scores([encoder.note(text) for text in questions["notes"]])
    return compare_answers(expected, scores.tolist())
