"""``nosology prepare``: notes of MIMIC-III, MIMIC-IV or a table become a dataset."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nosology.cli import app
from nosology.cli.console import progress, say
from nosology.cli.scale import EngineName, EngineOption, prepare_on_ray, refuse_with_ray
from nosology.cli.tables import EncodingOption, SeparatorOption, reading_options

if TYPE_CHECKING:
    from nosology.config import PrepareConfig
    from nosology.dataset.summary import DatasetSummary

prepare = typer.Typer(
    help="Make a dataset of notes: label, de-identify, normalize, select, split.", no_args_is_help=True
)
app.add_typer(prepare, name="prepare")


class Preset(StrEnum):
    """The presets of `nosology.config.PrepareConfig`."""

    PAPER = "paper"
    FULL = "full"


Out = Annotated[Path, typer.Option("--out", help="The dataset folder to make; it must not hold anything yet.")]
PresetOption = Annotated[
    Preset | None,
    typer.Option(help="paper: lower case, no punctuation, 50-100 words, as in the original project. full: as written."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="A YAML file, or demo, table, mimic3 or paper; its section prepare counts."),
]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="prepare.KEY=VALUE", help="Set one field.")]
Csv = Annotated[bool, typer.Option("--csv", help="Also write df_classification.csv (CLEAN_TEXT, CATEGORY).")]
Workers = Annotated[int | None, typer.Option(min=1, help="Worker processes; one per core if not given.")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as JSON to stdout.")]


@prepare.command()
def mimic3(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of NOTEEVENTS and DIAGNOSES_ICD (.csv, .csv.gz).")
    ],
    out: Out,
    preset: PresetOption = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    csv: Csv = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Prepare MIMIC-III's discharge summaries.

    Example: nosology prepare mimic3 mimiciii/1.4 --out datasets/mimic3 --preset paper
    """
    from nosology.preparation.pipeline import prepare_mimic3

    settings = _settings(config, overrides, preset)
    _report(prepare_mimic3(folder, out, settings, progress=progress, csv=csv, n_workers=workers), as_json)


@prepare.command()
def mimic4(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder that holds note/discharge and hosp/diagnoses_icd.")
    ],
    out: Out,
    preset: PresetOption = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    csv: Csv = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Prepare the discharge summaries of MIMIC-IV-Note with the codes of MIMIC-IV.

    Example: nosology prepare mimic4 MIMIC_IV --out datasets/mimic4
    """
    from nosology.preparation.pipeline import prepare_mimic4

    settings = _settings(config, overrides, preset)
    _report(prepare_mimic4(folder, out, settings, progress=progress, csv=csv, n_workers=workers), as_json)


@prepare.command()
def table(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV, TSV, JSON lines, Parquet, Excel, or a saved datasets folder.")
    ],
    out: Annotated[str, typer.Option(metavar="DIR", help="The dataset folder to make; it must not hold anything yet.")],
    text: Annotated[str, typer.Option(metavar="COL", help="Column of the notes.")],
    category: Annotated[str | None, typer.Option(metavar="COL", help="Column of the categories.")] = None,
    code: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of the ICD codes, the primary one first.")
    ] = None,
    icd_version: Annotated[
        str | None, typer.Option(metavar="9|10|COL", help="Version of the codes, or the column that says so.")
    ] = None,
    note_id: Annotated[str | None, typer.Option("--id", metavar="COL", help="Column of note ids.")] = None,
    patient: Annotated[str | None, typer.Option(metavar="COL", help="Column of patient ids.")] = None,
    split: Annotated[
        str | None, typer.Option(metavar="COL", help="Column that says train, validation or test.")
    ] = None,
    labels: Annotated[str | None, typer.Option(metavar="TSV", help="Your own label set.")] = None,
    separator: SeparatorOption = None,
    encoding: EncodingOption = None,
    preset: PresetOption = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    csv: Csv = False,
    workers: Workers = None,
    engine: EngineOption = EngineName.local,
    as_json: Json = False,
) -> None:
    """Prepare a table of your own notes.

    Example: nosology prepare table notes.csv --out datasets/ours --text body --code icd --icd-version 10 --patient mrn
    """
    from nosology.preparation.pipeline import prepare_table
    from nosology.sources.table import TableColumns

    version: Literal[9, 10] | str | None = 9 if icd_version == "9" else 10 if icd_version == "10" else icd_version
    columns = TableColumns(text, category, code, version, note_id, patient, split)
    settings = _settings(config, overrides, preset, label_set=labels)
    how = reading_options(separator, encoding)
    if engine is EngineName.ray:
        refuse_with_ray(csv=csv)
        _report(prepare_on_ray(file, out, settings, columns, how=how, n_workers=workers), as_json)
        return
    paths = Path(file), Path(out)
    _report(prepare_table(*paths, settings, columns, how=how, progress=progress, csv=csv, n_workers=workers), as_json)


def _settings(
    file: Path | None, overrides: list[str] | None, preset: Preset | None, label_set: str | None = None
) -> "PrepareConfig":
    """Return the section `prepare` of the configuration, options on top of the file and --set."""
    from nosology.config import load_config

    options = {"preset": preset.value if preset else None, "label_set": label_set}
    given = [f"prepare.{key}={json.dumps(value)}" for key, value in options.items() if value is not None]
    return load_config(file, [*(overrides or []), *given]).prepare


def _report(summary: "DatasetSummary", as_json: bool) -> None:
    """Say what came out; print it as JSON where a program asked."""
    for warning in summary.warnings:
        say(f"warning: {warning}")
    for step in summary.funnel:
        for reason, n in step["lost"].items():
            say(f"  {n:>10,} lost: {reason}")
        if left_out := step.get("left_out"):
            say(f"  {sum(left_out.values()):>10,} characters left out, in sections: {_most(left_out)}")
    width = max(map(len, summary.categories))
    say(f"\n{'':{width}}  {'train':>9} {'validation':>11} {'test':>9}")
    for name, counts in [*summary.categories.items(), ("notes", summary.notes), ("patients", summary.patients)]:
        say(f"{name:{width}}  {counts['train']:>9,} {counts['validation']:>11,} {counts['test']:>9,}")
    if summary.n_quarantined:
        say(f"{summary.n_quarantined:,} rows could not be read; they are listed in quarantine.jsonl")
    say(f"\n{summary.n_notes:,} notes in {summary.folder}")
    if as_json:
        print(json.dumps(_as_json(summary), indent=2, ensure_ascii=False))


def _most(left_out: dict[str, int], n_shown: int = 5) -> str:
    """Return the kinds of sections of which most was left out, and how many others there are."""
    shown = [f"{kind} {n:,}" for kind, n in list(left_out.items())[:n_shown]]
    n_more = len(left_out) - len(shown)
    return ", ".join([*shown, *([f"{n_more} more kinds"] if n_more else [])])


def _as_json(summary: "DatasetSummary") -> dict[str, Any]:
    return {
        "folder": str(summary.folder),
        "n_notes": summary.n_notes,
        **summary.contents(),
        "funnel": list(summary.funnel),
    }
