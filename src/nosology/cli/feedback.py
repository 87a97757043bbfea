"""``nosology feedback`` and ``nosology audit``: what people decided, as figures and as a dataset; the log, checked."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nosology.cli import app
from nosology.cli.console import say, say_cautions
from nosology.cli.tables import EncodingOption, SeparatorOption, read_user_table
from nosology.errors import DataError, NosologyError
from nosology.runs.starter import run_folder, state_folder

if TYPE_CHECKING:
    from nosology.feedback.store import Decision

feedback = typer.Typer(help="What people decided: agreement, drift, and a dataset to train on.", no_args_is_help=True)
app.add_typer(feedback, name="feedback")

RunArgument = Annotated[Path, typer.Argument(parser=run_folder, metavar="RUN", help="The run that was served.")]
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
    separator: SeparatorOption = None,
    encoding: EncodingOption = None,
) -> None:
    """Write what was decided as a dataset that `nosology train` takes.

    Example: nosology feedback export runs/first --with data/mimic3 --out data/with-feedback
    """
    _expect_store()
    from nosology.preparation.pipeline import prepare_feedback

    texts: list[str] = []
    if notes is not None:
        texts = read_user_table(notes, text, separator=separator, encoding=encoding).texts(text)
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
    _expect_store()
    from nosology.feedback.audit import AUDIT_FILE, entries
    from nosology.feedback.monitoring import agreement_report
    from nosology.runs.run import Run

    opened = Run.open(run)
    log = (state or opened.state) / AUDIT_FILE
    predictions = (
        entry
        for entry in (entries(log) if log.is_file() else ())
        if entry.get("model_sha256") == opened.prediction_sha256 and "abstained" in entry
    )
    decisions = _decisions(run, state, database)
    found = agreement_report(decisions, predictions, opened.labels.names, opened.training_shares())
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    say_cautions([opened.caution])
    _print(found)


@app.command()
def audit(
    file: Annotated[Path, typer.Argument(help="audit.jsonl of a service's --state folder.")],
    key: Annotated[Path | None, typer.Option(help="The service's --audit-key.  [default: audit.key beside it]")] = None,
    database: DatabaseOption = None,
) -> None:
    """Check that no line of an audit log was changed, left out or moved, and no decision edited.

    Decisions are compared with the store beside the log, or with --database.

    Example: nosology audit runs/first/service/audit.jsonl
    """
    _expect_store()
    from nosology.feedback.checking import check, compare

    found = check(file, key)
    hint = "keep the files as they are, and compare them with your backups"
    if found.first_broken is not None:
        what = f"line {found.first_broken} breaks the chain after {found.n_entries} whole entries"
        raise DataError(what, place=str(file), hint=hint)
    if found.head_problem:
        raise DataError(f"{found.head_problem}; {found.n_entries} entries are whole", place=str(file), hint=hint)
    say(f"{found.n_entries:,} entries, the chain is whole; {found.n_torn} lines were cut short by a crash")
    if found.n_unsigned:
        say(
            f"note: {found.n_unsigned:,} of them are of an earlier version and not signed; anybody could have made them"
        )
    if not database and not file.with_name("feedback.db").is_file():
        say("note: no store of decisions lies beside it, so they were not compared; give --database")
        return
    decisions = compare(file, _decisions(file, file.parent, database))
    for problem in ("edited", "missing", "unlogged"):
        if ids := getattr(decisions, problem):
            what = f"{len(ids)} decisions were {_WORDS[problem]}, the first is {ids[0]}"
            raise DataError(what, place=(database and "--database") or str(file.with_name("feedback.db")), hint=hint)
    say(f"{decisions.n_same:,} decisions are what the log says; {decisions.n_unsigned:,} are of an earlier version")


_WORDS = {
    "edited": "edited in the store",
    "missing": "removed from the store",
    "unlogged": "put into the store beside the service",
}


def _expect_store() -> None:
    from nosology.machine.extras import expect_extra, expect_file_locks

    expect_extra("serve", "the store of decisions")
    expect_file_locks("the store of decisions")


def _decisions(run: Path, state: Path | None, database: str | None) -> "list[Decision]":
    from nosology.feedback.store import FeedbackStore, StoreError
    from nosology.serve.settings import Settings

    settings = Settings(state=state or state_folder(run), keys_file=Path(), database=database)
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
        for name, words in (("blind", "before the prediction was shown"), ("seen", "by people who saw it first")):
            if part := found[name]["n_decisions"]:
                low, high = found[name]["agreement_interval"]
                n, rate = found[name]["n_accepted"], found[name]["agreement"]
                print(f"  {name}: {n} of {part} {words}: {rate:.1%} ({low:.1%} to {high:.1%})")
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
