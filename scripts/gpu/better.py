"""Stage 3 on a GPU: what longer learning gives, with the embedded model; needs nosology's commands and its model file.

    python scripts/gpu/better.py --out RESULTS --limit 500   # as long as there is time; 2 minutes by default
    python scripts/gpu/better.py --out RESULTS --size tiny   # the rehearsal on a CPU

The course with more phrases, more passes and other ranks, judged on phrases of its own that it never read; and, where
``NOSOLOGY_DEV_DATA`` names the development data, three seeds of the accuracy benchmark's training on its chapters task,
judged on its validation notes. The locked third is not looked at.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driving import Stage, main
from measuring import Measurement, Report
from needs import ROOT

COURSE_NEEDS = ("commands", "model", "course")


@dataclass(frozen=True, slots=True)
class Course:
    """A course of some phrases, passes and rank; a tiny one reads few phrases with a random model."""

    phrases: int = 12_000
    epochs: int = 1
    rank: int = 16

    def __call__(self, report: Report, size: str) -> None:
        """Run it and report its last validation."""
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            phrases = self.phrases if size == "full" else 36
            settings = [f"train.epochs={self.epochs}", f"train.lora_r={self.rank}", "train.report_to=[]"]
            settings += [f"train.lora_alpha={2 * self.rank}", "train.max_validation_notes=400"]
            settings += [] if size == "full" else ["train.max_steps=2", "train.eval_every_steps=1"]
            command = ["course", "--model", _model(folder, size), "--phrases", str(phrases), "--out", "run"]
            report.figure("phrases", phrases)
            _train(report, folder, [*command, *(word for value in settings for word in ("--set", value))])


@dataclass(frozen=True, slots=True)
class Seed:
    """The accuracy benchmark's training on chapters with one seed."""

    seed: int

    def __call__(self, report: Report, size: str) -> None:
        """Train and report the last validation."""
        sys.path.append(str(ROOT / "benchmarks"))
        import accuracy
        from nosology.config import PrepareConfig
        from nosology.preparation.pipeline import prepare_table
        from nosology.sources.table import TableColumns

        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            rows = [row for row in accuracy.documents("chapters") if row["split"] != "test"]
            (folder / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            columns = TableColumns("text", "category", note_id="id", split="split")
            settings = PrepareConfig(**accuracy.NO_FILTERS)
            prepare_table(folder / "notes.jsonl", folder / "dataset", settings, columns)
            chosen = [*accuracy.TRAINING, f"train.seed={self.seed}", "train.epochs=2", "train.report_to=[]"]
            chosen += ["train.max_validation_notes=400", f"model.name={_model(folder, size)}"]
            chosen += [] if size == "full" else ["train.max_steps=2", "train.eval_every_steps=1"]
            command = ["train", "dataset", "--out", "run"]
            _train(report, folder, [*command, *(word for value in chosen for word in ("--set", value))])


def _model(folder: Path, size: str) -> str:
    """Return the embedded model's name, or for a rehearsal the folder of a tiny random one that is written now."""
    if size == "full":
        return "embedded:smollm2-135m-instruct"
    if size == "stuck":
        time.sleep(3600)
    from stand_ins import random_model, tokenizer

    random_model("tiny", "tiny").save_pretrained(folder / "model")
    tokenizer().save_pretrained(folder / "model")
    return str(folder / "model")


def _train(report: Report, folder: Path, arguments: list[str]) -> None:
    """Run one command that trains; report its validations as they come, so that a cut keeps the last."""
    began = time.perf_counter()
    with (folder / "said.txt").open("w", encoding="utf-8") as said:
        process = subprocess.Popen([sys.executable, "-m", "nosology", *arguments], cwd=folder, stdout=said, stderr=said)
        while process.poll() is None:
            time.sleep(0.2)
            _tell(report, folder / "run" / "training_log.jsonl")
    _tell(report, folder / "run" / "training_log.jsonl")
    report.figure("seconds_of_command", time.perf_counter() - began)
    if process.returncode:
        report.figure("said", (folder / "said.txt").read_text(encoding="utf-8")[-600:])
    report.check("status", process.returncode, at_least=0, at_most=0)


def _tell(report: Report, log: Path) -> None:
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines if line.endswith("}")]
    judged = [entry for entry in entries if "eval/accuracy" in entry]
    if judged:
        report.figure("steps", judged[-1]["step"])
        report.figure("validation_accuracy", judged[-1]["eval/accuracy"])
        report.figure("validation_loss", judged[-1]["eval/loss"])


STAGE = Stage(
    "better",
    120.0,
    "better",
    (
        Measurement("course", Course(), 120, 10, COURSE_NEEDS),
        Measurement("seed_0", Seed(0), 180, 10, ("commands", "model", "data")),
        Measurement("course_more_phrases", Course(phrases=48_000), 300, 10, COURSE_NEEDS),
        Measurement("course_more_passes", Course(epochs=4), 300, 10, COURSE_NEEDS),
        Measurement("seed_1", Seed(1), 180, 10, ("commands", "model", "data")),
        Measurement("course_rank_64", Course(rank=64), 120, 10, COURSE_NEEDS),
        Measurement("course_rank_4", Course(rank=4), 120, 10, COURSE_NEEDS),
        Measurement("seed_2", Seed(2), 180, 10, ("commands", "model", "data")),
    ),
)

if __name__ == "__main__":
    sys.exit(main(STAGE, __doc__))
