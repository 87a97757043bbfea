"""Pack a finished, evaluated run as the starter: small, free of note ids and of this machine's paths, with its card.

    python scripts/starter/pack.py RUN --out src/nosology/data/starter --calibrated-on "..." --figures figures.json

The adapter is written in bfloat16, labels, prompt, rubrics, calibration and suggester as they are. Training log, note
ids and evaluations stay behind, and an ensemble too whose words are from notes; one whose words are from phrases alone
(`words.py`) goes along and answers. What is packed loads like any run and passes `nosology verify`; the same run gives
the same bytes.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from safetensors.torch import load_file, save_file

from nosology.classifier.calibration import Calibration
from nosology.classifier.ensemble import Ensemble
from nosology.classifier.local import LocalCalibration
from nosology.config import Config
from nosology.course.phrases import LICENCES
from nosology.errors import NosologyError, RunError
from nosology.files import as_json, read_json, replaced_folder, sha256_file, sha256_text, write_json, write_text
from nosology.runs.files import LocalFiles, RunFiles
from nosology.runs.integrity import check, record
from nosology.runs.manifest import Packed, RunManifest, Source
from nosology.runs.run import Run
from nosology.runs.starter import CARD

MOST_ADAPTER_BYTES = 10_000_000
MOST_BYTES = 12_000_000
"""What the starter may add to the package, before the wheel compresses it."""

_HERE = Path(__file__).parent
SOURCES = _HERE / "sources.json"
"""What the shipped starter learned from and was calibrated on."""


@dataclass(frozen=True, slots=True)
class About:
    """What a card says that the run does not know of itself.

    Attributes:
        sources: Everything that it learned from or was calibrated on.
        calibrated_on: What it was calibrated on, in words; goes with every answer.
        figures: Rows of ``what``, ``value`` and ``on``: how good it is, on what.
    """

    sources: tuple[Source, ...]
    calibrated_on: str
    figures: tuple[dict[str, str], ...] = ()


def read_sources(path: Path) -> tuple[Source, ...]:
    """Return the sources that a file lists.

    Raises:
        RunError: The licence of one does not allow that weights which learned from it are given away.
    """
    found = tuple(Source.model_validate(values) for values in read_json(path))
    refuse_licences(found, path)
    return found


def refuse_licences(sources: Sequence[Source], place: Path) -> None:
    """Refuse sources that may not be learned from by weights which are given away, commercially too.

    Raises:
        RunError: There is such a source, or none at all.
    """
    if not sources:
        raise RunError("no source is named", place=str(place), hint="name everything that the run learned from")
    for source in sources:
        if source.licence not in LICENCES:
            raise RunError(
                f"{source.name} is under {source.licence!r}, which does not allow it",
                place=str(place),
                hint=f"train without it; accepted are {', '.join(LICENCES)}",
            )


def pack(folder: Path, out: Path, about: About) -> Run:
    """Pack a run and return it as it was packed.

    Args:
        folder: The run, evaluated.
        out: The folder to write or to replace.
        about: What its card says.

    Raises:
        RunError: The run changed, has no calibration or a head of its own, or a source or its size does not allow it.
    """
    run = Run.open(folder)
    recorded = check(run.files)
    refuse_licences(about.sources, folder)
    if run.has_category_head:
        raise RunError("a run with a classification head is no start for others", place=str(folder))
    local = run.files.local_calibrations()
    if not local and Calibration.load(run.files.calibration) is None:
        raise RunError("this run was not calibrated", place=str(folder), hint="evaluate or calibrate it first")
    with replaced_folder(out) as hidden:
        files = RunFiles(hidden)
        _write_adapter(run, files)
        for kept in (run.files.labels, run.files.prompt, run.files.rubrics, run.files.calibration):
            if kept.is_file():
                shutil.copyfile(kept, hidden / kept.name)
        if run.files.suggester.settings.is_file():
            shutil.copytree(run.files.suggester.folder, files.suggester.folder, copy_function=shutil.copyfile)
        ensemble = _words_of_phrases(run)
        if local:
            _copy_local(local[-1], LocalFiles(files.calibrated / "0001"), with_blend=ensemble is not None)
        manifest = _manifest(run, files, about, answers="ensemble" if ensemble else "tuned")
        settings = manifest.config.model_dump(mode="json")
        write_text(files.config, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
        write_text(hidden / CARD, _card(manifest, about))
        text = as_json(manifest.model_dump(mode="json"))
        if ensemble:
            replace(ensemble, fitted_on={"run_manifest_sha256": sha256_text(text)}).save(files.ensemble)
            files.ensemble.linear.chmod(0o644)
        record(files, recorded.base_model, manifest=text)
        write_text(files.manifest, text)
        _refuse_size(files)
    return Run.open(out)


def _write_adapter(run: Run, files: RunFiles) -> None:
    files.adapter.mkdir()
    tensors = load_file(run.files.adapter_weights)
    small = {name: tensors[name].to(torch.bfloat16).contiguous() for name in sorted(tensors)}
    save_file(small, files.adapter_weights, metadata={"format": "pt"})
    files.adapter_weights.chmod(0o644)
    settings = read_json(run.files.adapter / "adapter_config.json")
    settings |= {
        "base_model_name_or_path": run.manifest.model.name,
        "target_modules": sorted(settings["target_modules"]),
    }
    write_json(files.adapter / "adapter_config.json", dict(sorted(settings.items())))


def _words_of_phrases(run: Run) -> Ensemble | None:
    """Return the run's ensemble if its words are nobody's notes and its blend was calibrated; None otherwise."""
    ensemble, local = Ensemble.load(run.files.ensemble), LocalCalibration.newest(run.files)
    if ensemble is None or not ensemble.linear.knows_phrases_alone or local is None or local.blend is None:
        return None
    return replace(ensemble, calibration=None)


def _copy_local(newest: LocalFiles, own: LocalFiles, *, with_blend: bool) -> None:
    """Keep the newest calibration on other notes, which is what answers; the blend's only where its words go along.

    What those notes looked like stays behind. Whoever uses the starter has notes of another kind, so nearly all of them
    would be withheld (five of the demo's five were); that it was calibrated elsewhere goes with every answer instead.
    """
    own.folder.mkdir(parents=True)
    shutil.copyfile(newest.calibration, own.calibration)
    about = read_json(newest.about)
    if with_blend:
        shutil.copyfile(newest.blend, own.blend)
    else:
        about["exponents"] = None
    write_json(own.about, about)


def _manifest(run: Run, files: RunFiles, about: About, *, answers: Literal["tuned", "ensemble"]) -> RunManifest:
    """Return the run's manifest without what belongs to the machine that trained it."""
    found = run.manifest
    calibration = sha256_file(files.calibration) if files.calibration.is_file() else None
    return found.model_copy(
        update={
            "dataset": found.dataset.model_copy(update={"path": "not included"}),
            "adapter_sha256": sha256_file(files.adapter_weights),
            "config": _without_paths(found.config, answers),
            "environment": {name: value for name, value in found.environment.items() if name != "platform"},
            "packed": Packed(sources=about.sources, calibrated_on=about.calibrated_on, calibration_sha256=calibration),
        }
    )


def _without_paths(config: Config, answers: Literal["tuned", "ensemble"]) -> Config:
    """Return a configuration that names files by their last part, and what answers."""
    train = config.train.model_copy(update={"start": Path(config.train.start).name})
    model = config.model.model_copy(update={"prompt": Path(config.model.prompt).name})
    prepare = config.prepare.model_copy(update={"label_set": Path(config.prepare.label_set).name})
    evaluate = config.evaluate.model_copy(update={"answer_with": answers})
    return config.model_copy(update={"train": train, "model": model, "prepare": prepare, "evaluate": evaluate})


def _card(manifest: RunManifest, about: About) -> str:
    environment = Environment(
        loader=FileSystemLoader(_HERE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("CARD.md.jinja").render(
        manifest=manifest, sources=about.sources, calibrated_on=about.calibrated_on, figures=about.figures
    )


def _refuse_size(files: RunFiles) -> None:
    """Refuse a starter that is too large to ship.

    Raises:
        RunError: It is; names the largest files.
    """
    sizes = {path: path.stat().st_size for path in files.folder.rglob("*") if path.is_file()}
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:3]
    said = ", ".join(f"{path.relative_to(files.folder)} {sizes[path]:,} bytes" for path in largest)
    if sizes[files.adapter_weights] > MOST_ADAPTER_BYTES or sum(sizes.values()) > MOST_BYTES:
        raise RunError(
            f"too large to ship: {said}", place=str(files.folder), hint=f"at most {MOST_BYTES:,} bytes in all"
        )


def main(arguments: list[str] | None = None) -> int:
    """Pack a run; return the exit status: 0 done, 2 refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="a finished run that was evaluated or calibrated")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write or replace")
    parser.add_argument("--calibrated-on", required=True, help="what its calibration was fitted on, in words")
    parser.add_argument("--sources", type=Path, default=SOURCES, help="JSON list of sources with licences")
    parser.add_argument("--figures", type=Path, help="JSON list of objects with what, value and on, for the card")
    options = parser.parse_args(arguments)
    try:
        figures = json.loads(options.figures.read_text(encoding="utf-8")) if options.figures else []
        about = About(read_sources(options.sources), options.calibrated_on, tuple(figures))
        packed = pack(options.run, options.out, about)
    except NosologyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    total = sum(path.stat().st_size for path in packed.folder.rglob("*") if path.is_file())
    print(f"{packed.folder}: {total:,} bytes, {packed.prediction_sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
