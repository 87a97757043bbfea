"""`nosology course`: a model learns diseases from phrases, without a single note."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say
from nosology.cli.tables import ConfigOption

if TYPE_CHECKING:
    from nosology.config import Config


@app.command()
def course(
    out: Annotated[Path, typer.Option(help="The run folder to write.")],
    model: Annotated[str | None, typer.Option(help="A model, as in model.name; empty: the configuration's.")] = None,
    phrases: Annotated[int, typer.Option(min=36, help="How many phrases to compose and read.")] = 12_000,
    notes: Annotated[int, typer.Option(min=0, help="How many invented notes to read besides.")] = 0,
    start: Annotated[str | None, typer.Option(help="Go on from this finished run, as train.start does.")] = None,
    file: Annotated[list[Path] | None, typer.Option(help="A TSV file of more phrases. May be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the texts.")] = 0,
    config: ConfigOption = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Change one field: section.key=value. May be repeated.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an unfinished course.")] = False,
) -> None:
    """Teach a model diseases from official vocabularies, before it reads its first note; no notes are needed.

    Without --config the shipped course.yaml says how. The texts are written beside the run, as a dataset in OUT-course.

    Example: nosology course --model embedded:smollm2-135m-instruct --out runs/course
    """
    from nosology.cli.train import train_with_progress
    from nosology.config import load_config

    chosen = [*(overrides or []), *([f"model.name={model}"] if model else [])]
    chosen += [f"train.start={start}"] if start else []
    settings = load_config(config or "course", chosen)
    texts = out.with_name(f"{out.name}-course")
    if not (resume and texts.exists()):
        _compose(texts, settings, (phrases, notes), file or [], seed)
    train_with_progress(texts, out, settings, resume=resume)


def _compose(texts: Path, settings: "Config", n: tuple[int, int], files: list[Path], seed: int) -> None:
    from nosology.coding.labels import LabelSet
    from nosology.course.folder import write_course
    from nosology.course.notes import compose_notes
    from nosology.course.phrases import collect

    labels = LabelSet.load(settings.prepare.label_set)
    found = collect(labels, files)
    phrases, notes = n
    invented = compose_notes(labels, notes, seed)
    write_course(texts, labels, found, phrases, seed, settings.prepare.model_dump(mode="json"), invented)
    sources = sorted({phrase.source for phrase in found})
    besides = f", and {notes:,} invented notes" if notes else ""
    say(f"{phrases:,} texts from {len(found):,} phrases of {', '.join(sources)}{besides}: {texts}")
