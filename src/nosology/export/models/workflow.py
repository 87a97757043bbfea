"""From a run to an export that was proved equal, and the proof repeated."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetensors.torch import save_file

from nosology.errors import ModelError, RunError
from nosology.export.models import gate
from nosology.export.models.asking import N_NOTES, N_NOTES_OF_8_BITS, Asked, ask
from nosology.export.models.card import Facts, card_of
from nosology.export.models.comparing import Comparison
from nosology.export.models.gguf_file import GgufFormat, write_gguf
from nosology.export.models.layout import ExportFiles, Target
from nosology.export.models.licences import licence_of, model_name, write_papers
from nosology.export.models.origin import expect_allowed
from nosology.export.models.word_models import WordModels, shared_words
from nosology.export.models.writing import StoredFormat, merged_model, write_adapter, write_merged, write_tokenizer
from nosology.files import new_folder, read_manifest, sha256_tree, write_json
from nosology.modeling.loading import model_folder
from nosology.modeling.prompts import PromptTemplate
from nosology.runs.run import Run
from nosology.suggesting.sharing import FEWEST_PATIENTS

NumberFormat = Literal["auto", "float32", "float16", "bfloat16", "f16", "q8_0"]


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an export.

    Attributes:
        folder: Where it lies.
        comparison: The gate's figures.
        name: What it is called.
        left_to_do: What the base model's licence asks of whoever passes it on; empty where its text is in the folder.
        words: What left of the run's word models.
    """

    folder: Path
    comparison: Comparison
    name: str
    left_to_do: str
    words: WordModels


class NotProvedError(ModelError):
    """An export answers otherwise than its run.

    Attributes:
        comparison: By how much.
    """

    def __init__(self, comparison: Comparison, place: str, hint: str) -> None:
        """Say so.

        Args:
            comparison: The export beside its run.
            place: The folder that was not made.
            hint: What else to try.
        """
        super().__init__(f"this export would not answer as the run does: {comparison.reason}", place=place, hint=hint)
        self.comparison = comparison


def export_run(
    run: Path | str | Run,
    to: Target,
    out: Path,
    *,
    number_format: NumberFormat = "auto",
    name: str | None = None,
    allow_restricted: bool = False,
    word_patients: int = FEWEST_PATIENTS,
    observe: gate.Observe | None = None,
) -> Exported:
    """Write a run as a model of another program, once it was proved that it answers there as it does here.

    Args:
        run: A finished run.
        to: For which program.
        out: The folder to make; appears whole or not at all.
        number_format: Of the weights; ``auto`` is the base model's.
        name: What the export is called; None for the run's name, with what the base model's licence puts before it.
        allow_restricted: Pack a run of notes that an agreement protects, or of nobody knows whose notes.
        word_patients: Patients that have to share a word of the word models; 0 for no word at all.
        observe: See `nosology.export.models.gate.check`.

    Raises:
        NotProvedError: The export answers otherwise; names the first thing that differs.
        RunError: The run cannot be exported so, or may not without `allow_restricted`.
    """
    _expect_exportable(run := Run.open(run), to)
    sources = expect_allowed(run, allow_restricted=allow_restricted)
    base = _base_folder(run)
    tokenizer = _tokenizer(base)
    licence = licence_of(run.manifest.model.name, base, tokenizer)
    name = model_name(licence, run.name, name)
    words = shared_words(run, word_patients)
    asked = ask(run, tokenizer, n_notes=N_NOTES_OF_8_BITS if number_format == "q8_0" else N_NOTES)
    with new_folder(out) as folder:
        files = ExportFiles(folder)
        files.own.mkdir()
        stored, file = _write(folder, run, to, asked, tokenizer, number_format)
        _write_own(files, run, asked, to, stored, file)
        words.save(files.words, word_patients)
        has_licence = write_papers(folder, base, licence)
        found = _proved(folder, base if to == "adapter" else None, out, observe)
        base_name = portable_name(run.manifest.model.name)
        facts = Facts(name, base_name, stored, licence, sources, found, words, word_patients)
        page = card_of(run, to, {**asked.questions, "gguf_file": file}, facts)
        files.card.write_text(page, encoding="utf-8")
        write_json(files.manifest, _manifest(files, run, to, asked, stored, found) | {"name": name})
    return Exported(out, found, name, "" if has_licence else licence.asks, words)


def _proved(folder: Path, base: Path | None, out: Path, observe: gate.Observe | None) -> Comparison:
    """Return an export beside its run.

    Raises:
        NotProvedError: It answers otherwise.
    """
    found = gate.check(folder, base, observe=observe)
    if not found.is_same:
        other = "float32, for GGUF f16"
        hint = f"nothing was written; another number format may do (--number-format {other}), else report it"
        raise NotProvedError(found, str(out), hint)
    return found


def verify_export(folder: Path, *, base: Path | None = None, observe: gate.Observe | None = None) -> Comparison:
    """Return an export beside its run once more, wherever it lies now.

    Args:
        folder: The export.
        base: Folder of the base model, for an adapter; None to find it by the name that the run had it by.
        observe: See `nosology.export.models.gate.check`.

    Raises:
        RunError: It is no export.
        ModelError: The base model is not found, or the target's own loader does not load the export.
    """
    manifest = read_manifest(folder, "export")
    if manifest["to"] == "adapter" and base is None:
        base = model_folder(manifest["base"]["name"], manifest["base"]["revision"])
    return gate.check(folder, base, observe=observe)


def changed_files(folder: Path) -> list[str]:
    """Return the files of an export that are not the ones that were written, by name.

    Raises:
        RunError: It is no export.
    """
    written = read_manifest(folder, "export")["files"]
    found = sha256_tree(folder)
    return sorted(name for name in written.keys() | found.keys() if written.get(name) != found.get(name))


def _expect_exportable(run: Run, to: Target) -> None:
    if run.manifest.config.model.load_in_4bit:
        raise RunError(
            "this run was trained on a base model of 4 bits, which no export holds: its LoRA fits those weights alone",
            place="model.load_in_4bit",
            hint="train with model.load_in_4bit=false",
        )
    if to == "gguf" and run.has_category_head:
        raise RunError(
            "a GGUF file has no place for a classification head: its programs score words alone",
            place=str(run.folder),
            hint="export it merged (transformers' text-classification reads that), or train with train.head=answer",
        )


def _base_folder(run: Run) -> Path:
    settings, model = run.manifest.config.model, run.manifest.model
    return model_folder(settings.name, model.revision or settings.revision)


def _tokenizer(base: Path) -> Any:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def portable_name(name: str) -> str:
    """Return a base model's name without what it says of this machine: the last part of a folder's path."""
    return Path(name).resolve().name if Path(name).is_dir() else name.removeprefix("embedded:")


def _write(
    folder: Path, run: Run, to: Target, asked: Asked, tokenizer: Any, number_format: NumberFormat
) -> tuple[str, str | None]:
    """Write the target's files; return the number format of its weights, and the GGUF file's name."""
    if to != "gguf":  # a GGUF file holds its tokenizer
        write_tokenizer(folder, tokenizer, asked)
    if to == "adapter":
        model, is_head = run.manifest.model, run.has_category_head
        name = portable_name(model.name)
        return write_adapter(folder, run.files, base=name, revision=model.revision, is_head=is_head), None
    model = merged_model(asked, run.labels.names, tokenizer)
    if to == "gguf":
        kind = _gguf_format(number_format)
        model.config.save_pretrained(ExportFiles(folder).own)
        return write_gguf(folder / (file := f"model-{kind}.gguf"), model, tokenizer, kind), file
    return write_merged(folder, model, _stored(number_format, model)), None


def _stored(number_format: NumberFormat, model: Any) -> StoredFormat:
    """Return the number format for merged weights: that which was asked for, or the base model's own."""
    if number_format == "auto":
        number_format = str(model.config.dtype or "float32").removeprefix("torch.")  # type: ignore[assignment]
    if number_format not in ("float32", "float16", "bfloat16"):
        raise ModelError(
            f"merged weights are not stored as {number_format}",
            place="--number-format",
            hint="float32, float16 or bfloat16",
        )
    return number_format


def _gguf_format(number_format: NumberFormat) -> GgufFormat:
    """Return the number format for a GGUF file's matrices: that which was asked for, or 16 bits."""
    if number_format not in ("auto", "f16", "q8_0"):
        raise ModelError(
            f"GGUF files are not written as {number_format}",
            place="--number-format",
            hint="f16 or q8_0; llama.cpp's llama-quantize makes coarser types of an f16 file",
        )
    return "q8_0" if number_format == "q8_0" else "f16"


def _write_own(files: ExportFiles, run: Run, asked: Asked, to: Target, stored: str, gguf_file: str | None) -> None:
    """Write what the gate asks, what the run says to it, and what reading scores needs."""
    write_json(files.questions, {"kind": "questions", "format": 1, "to": to, "gguf_file": gguf_file, **asked.questions})
    write_json(files.expected, {"kind": "expected", "format": 1, "number_format": stored, **asked.expected})
    save_file(dict(asked.directions), files.directions)
    run.labels.save(files.labels)
    files.prompt.write_text(PromptTemplate.load(str(run.files.prompt)).source, encoding="utf-8")
    if asked.parts.calibration is not None:  # the newest, which is what answers
        asked.parts.calibration.save(files.calibration)


def _manifest(
    files: ExportFiles, run: Run, to: Target, asked: Asked, stored: str, comparison: Comparison
) -> dict[str, Any]:
    model = run.manifest.model
    return {
        "kind": "export",
        "format": 1,
        "to": to,
        "head": asked.questions["head"],
        "number_format": stored,
        "run": {"manifest_sha256": run.sha256, "prediction_sha256": run.prediction_sha256},
        "base": {
            "name": model.name if not Path(model.name).is_dir() else portable_name(model.name),
            "revision": model.revision,
            "weights_sha256": model.weights_sha256,
        },
        "gate": {
            "notes": comparison.n,
            "largest_difference": comparison.largest,
            "mean_difference": comparison.mean,
            "changed_answers": comparison.n_changed,
            "tolerance": comparison.tolerance,
        },
        "files": sha256_tree(files.folder),
    }
