"""``nosology feedback`` and ``nosology audit``: what people decided, as figures and as a dataset; the log, checked."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nosology.cli import app
from nosology.cli.console import say
from nosology.errors import DataError, NosologyError

if TYPE_CHECKING:
    from nosology.feedback.store import Decision

feedback = typer.Typer(help="What people decided: agreement, drift, and a dataset to train on.", no_args_is_help=True)
app.add_typer(feedback, name="feedback")

RunArgument = Annotated[Path, typer.Argument(help="The run that was served.")]
StateOption = Annotated[Path | None, typer.Option(help="The service's --state.  [default: RUN/service]")]
DatabaseOption = Annotated[
    str | None, typer.Option(envvar="NOSOLOGY_DATABASE", help="The service's --database, where it had one.")
]


@feedback.command()
def export(
    run: RunArgument,
    out: Annotated[Path, typer.Option(help="The dataset folder to write.")],
    state: StateOption = None,
    database: DatabaseOption = None,
    with_dataset: Annotated[
        Path | None, typer.Option("--with", help="A dataset to add the decisions to; its held-out splits stay.")
    ] = None,
    notes: Annotated[
        Path | None, typer.Option(help="The notes as they were sent, for a service that kept no texts.")
    ] = None,
    text: Annotated[str, typer.Option(help="The column of --notes that holds them.")] = "text",
) -> None:
    """Write what was decided as a dataset that `nosology train` takes.

    Example: nosology feedback export runs/first --with data/mimic3 --out data/with-feedback
    """
    from nosology.preparation.pipeline import prepare_feedback

    texts: list[str] = []
    if notes is not None:
        from nosology.sources.tablefile import read_table

        texts = read_table(notes, text)[text].fill_null("").cast(str).to_list()
    decisions = _decisions(run, state, database)
    summary = prepare_feedback(decisions, run, out, texts=texts, with_dataset=with_dataset)
    for step in summary.funnel:
        for reason, n in step["lost"].items():
            say(f"  {-n:>8,}  {reason}")
    for warning in summary.warnings:
        say(f"note: {warning}")
    say(f"{len(decisions):,} decisions, {summary.n_notes:,} notes in the dataset: {out}")


@feedback.command()
def report(
    run: RunArgument,
    state: StateOption = None,
    database: DatabaseOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print how often people agreed with the run, by category, and whether the notes drift from the training notes.

    Example: nosology feedback report runs/first
    """
    from nosology.coding.labels import LabelSet
    from nosology.feedback.agreement import agreement_report
    from nosology.feedback.audit import AUDIT_FILE, entries
    from nosology.files import MANIFEST, sha256_file
    from nosology.serve.model import training_shares

    log = (state or run / "service") / AUDIT_FILE
    sha256 = sha256_file(run / MANIFEST)
    predictions = (
        entry
        for entry in (entries(log) if log.is_file() else ())
        if entry.get("model_sha256") == sha256 and "abstained" in entry
    )
    labels = LabelSet.load(run / "labels.tsv")
    found = agreement_report(_decisions(run, state, database), predictions, labels.names, training_shares(run))
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    _print(found)


@app.command()
def audit(file: Annotated[Path, typer.Argument(help="audit.jsonl of a service's --state folder.")]) -> None:
    """Check that no line of an audit log was changed, left out or moved.

    Example: nosology audit runs/first/service/audit.jsonl
    """
    from nosology.feedback.audit import check

    found = check(file)
    if found.first_broken is not None:
        raise DataError(
            f"line {found.first_broken} breaks the chain after {found.n_entries} whole entries",
            place=str(file),
            hint="keep the file as it is, and compare it with your backups",
        )
    say(f"{found.n_entries:,} entries, the chain is whole; {found.n_torn} lines were cut short by a crash")


def _decisions(run: Path, state: Path | None, database: str | None) -> "list[Decision]":
    from nosology.feedback.store import FeedbackStore, StoreError
    from nosology.serve.settings import Settings

    settings = Settings(state=state or run / "service", keys_file=Path(), database=database)
    store = FeedbackStore(settings.database_url)
    try:
        return store.all()
    except StoreError as error:
        raise NosologyError(
            f"the store of decisions cannot be read ({error})",
            place="--database" if database else str(settings.state),
            hint="give the --state or the --database that the service had",
        ) from None
    finally:
        store.close()


def _print(found: dict[str, Any]) -> None:
    if found["agreement"] is None:
        print("nobody has decided on a note yet")
    else:
        low, high = found["agreement_interval"]
        share = f"{found['agreement']:.1%} ({low:.1%} to {high:.1%})"
        print(f"{found['n_accepted']} of {found['n_decisions']} notes accepted: {share}")
        print(f"\n{'predicted':28} {'accepted':>9} {'corrected':>9}   mostly to")
        for row in found["categories"]:
            if row["n_predicted"]:
                other = next(iter(row["corrected_to"]), "")
                print(f"{row['category']:28} {row['n_accepted']:9} {row['n_corrected']:9}   {other}".rstrip())
    if drift := found["drift"]:
        print(f"\n{drift['n_notes']:,} notes read, not sure about {drift['not_sure_share']:.1%}")
        if drift["psi"] is not None:
            figures = f"stability index {drift['psi']:.3f}, total variation {drift['total_variation']:.3f}"
            print(f"drift from the training notes: {figures}")
