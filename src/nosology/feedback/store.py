"""Decisions, in SQLite or PostgreSQL: what was predicted of a note, and what a person made of it.

One table of decisions and one of CDS cards. A decision is in the database when `add` returns, and adding the same one
again changes nothing, so a caller that got no answer may simply repeat itself. Notes are told apart by the hash of
their text; the text itself is kept only where the service was told to, and then de-identified. A store that goes away
does not stop the service from reading notes; decisions are refused until it is back.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from nosology.errors import ConfigError
from nosology.feedback.audit import AuditError
from nosology.files import sha256_text

Verdict = Literal["accepted", "corrected", "undone"]
"""What a person made of a prediction; ``undone`` takes back what was decided on the note before."""

BUSY_MILLISECONDS = 5_000  # as long as another program's lock is waited for

_METADATA = sa.MetaData()
DECISIONS = sa.Table(
    "decisions",
    _METADATA,
    sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("decision_id", sa.String(36), nullable=False, unique=True),
    sa.Column("decided_at", sa.String(32), nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("note_id", sa.String(200), nullable=False),
    sa.Column("patient_id", sa.String(200), nullable=False),
    sa.Column("note_sha256", sa.String(64), nullable=False, index=True),
    sa.Column("model_sha256", sa.String(64), nullable=False),
    sa.Column("predicted", sa.String(200), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("abstained", sa.Boolean, nullable=False),
    sa.Column("prediction_set", sa.Text, nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("category", sa.String(200), nullable=False),
    sa.Column("code", sa.String(16), nullable=True),
    sa.Column("icd_version", sa.Integer, nullable=True),
    sa.Column("text", sa.Text, nullable=True),
    sa.Column("blind", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_autoincrement=True,
)
CARDS = sa.Table(
    "cards",
    _METADATA,
    sa.Column("card_id", sa.String(36), primary_key=True),
    sa.Column("made_at", sa.String(32), nullable=False),
    sa.Column("receipt", sa.Text, nullable=False),
    sa.Column("suggestions", sa.Text, nullable=False),
)


class StoreError(Exception):
    """The store cannot be used at the moment. Carries the kind of trouble, never values."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person made of a prediction.

    Attributes:
        decision_id: A UUID, made by the caller or for it.
        decided_at: In UTC.
        actor: The name of the key, or ``local``.
        note_id: As the caller named it; may be empty.
        patient_id: Whose note it is, for splits by patient; may be empty.
        note_sha256: Of the note's text.
        model_sha256: Of the run that predicted.
        predicted: The category predicted.
        probability: Its probability.
        abstained: Whether the run was not sure.
        prediction_set: The categories of the prediction set.
        verdict: Whether the person agreed.
        category: The category that the person decided for.
        code: The ICD code that the person decided for, where one was chosen.
        icd_version: Of the code.
        text: The de-identified text; None where none is kept.
        blind: Whether the person decided before the prediction was shown.
    """

    decision_id: str
    actor: str
    note_id: str
    patient_id: str
    note_sha256: str
    model_sha256: str
    predicted: str
    probability: float
    abstained: bool
    prediction_set: tuple[str, ...]
    verdict: Verdict
    category: str
    code: str | None = None
    icd_version: int | None = None
    text: str | None = field(default=None, repr=False)
    decided_at: str = ""
    blind: bool = False

    @property
    def sha256(self) -> str:
        """Stands for the whole decision in the audit log, so that one that was edited shows."""
        values = asdict(self)
        if not self.blind:  # as decisions were hashed before there were blind ones
            del values["blind"]
        return sha256_text(json.dumps(values, sort_keys=True))

    def says_the_same(self, other: "Decision") -> bool:
        """Return whether two decisions decide the same of the same note."""
        names = ("note_sha256", "verdict", "category", "code", "icd_version", "blind")
        return all(getattr(self, name) == getattr(other, name) for name in names)


class FeedbackStore:
    """The store of one service.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/DATABASE``.

    Raises:
        ConfigError: The URL is none, or names another kind of database.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = sa.make_url(url)
        except SQLAlchemyError:
            raise ConfigError("not a database URL", place="--database", hint="postgresql://user@host/name") from None
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ConfigError(
                f"databases of kind {parsed.get_backend_name()!r} are not supported",
                place="--database",
                hint="use sqlite:///FILE or postgresql://...",
            )
        self._is_sqlite = parsed.get_backend_name() == "sqlite"
        parsed = parsed.set(drivername="sqlite" if self._is_sqlite else "postgresql+psycopg")  # the drivers we bring
        self._engine = _sqlite_engine(parsed) if self._is_sqlite else _postgres_engine(parsed)
        self._is_current = False

    def create(self) -> None:
        """Make the tables that are missing.

        Raises:
            StoreError: The database cannot be reached or written.
        """
        if self._is_sqlite and (file := self._engine.url.database):
            _make_sqlite_file(file)
        self._run(lambda connection: _METADATA.create_all(connection))

    def check(self) -> None:
        """Ask the database for one row.

        Raises:
            StoreError: It does not answer.
        """
        self._run(lambda connection: connection.execute(sa.select(DECISIONS.c.number).limit(1)).all())

    def add(self, decision: Decision, before_commit: Callable[[], None] | None = None) -> bool:
        """Store a decision; return False where it is stored already.

        Args:
            decision: What to store.
            before_commit: Called when the database has taken it and can still let go of it; what it raises goes on, and
                nothing is stored.

        Raises:
            StoreError: The database cannot be written.
        """
        values = asdict(decision) | {
            "prediction_set": json.dumps(decision.prediction_set),
            "decided_at": decision.decided_at or now(),
        }

        def insert(connection: sa.Connection) -> None:
            connection.execute(DECISIONS.insert().values(**values))
            if before_commit:
                before_commit()

        try:
            self._run(insert)
        except _AlreadyThere:
            return False
        return True

    def get(self, decision_id: str) -> Decision | None:
        """Return a decision by its id.

        Raises:
            StoreError: The database does not answer.
        """
        query = sa.select(DECISIONS).where(DECISIONS.c.decision_id == decision_id)
        rows = self._run(lambda connection: connection.execute(query).mappings().all())
        return _decision(rows[0]) if rows else None

    def latest(self, limit: int = 50) -> list[Decision]:
        """Return the newest decisions, newest first.

        Raises:
            StoreError: The database does not answer.
        """
        query = sa.select(DECISIONS).order_by(DECISIONS.c.number.desc()).limit(limit)
        return [_decision(row) for row in self._run(lambda connection: connection.execute(query).mappings().all())]

    def all(self) -> list[Decision]:
        """Return every decision, oldest first.

        Raises:
            StoreError: The database does not answer.
        """
        query = sa.select(DECISIONS).order_by(DECISIONS.c.number)
        return [_decision(row) for row in self._run(lambda connection: connection.execute(query).mappings().all())]

    def add_card(self, card_id: str, receipt: str, suggestions: Mapping[str, Mapping[str, Any]]) -> None:
        """Remember a CDS card: its receipt, and what each of its suggestions stands for.

        Args:
            card_id: The card.
            receipt: Of its prediction.
            suggestions: What each of its suggestions stands for, by id.

        Raises:
            StoreError: The database cannot be written.
        """
        values = {"card_id": card_id, "made_at": now(), "receipt": receipt, "suggestions": json.dumps(suggestions)}
        self._run(lambda connection: connection.execute(CARDS.insert().values(**values)))

    def card(self, card_id: str) -> tuple[str, dict[str, dict[str, Any]]] | None:
        """Return a card's receipt and suggestions; None where there is no such card.

        Raises:
            StoreError: The database does not answer.
        """
        query = sa.select(CARDS.c.receipt, CARDS.c.suggestions).where(CARDS.c.card_id == card_id)
        rows = self._run(lambda connection: connection.execute(query).all())
        return (rows[0].receipt, json.loads(rows[0].suggestions)) if rows else None

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _run(self, work: Any) -> Any:
        try:
            with self._engine.begin() as connection:
                if not self._is_current:
                    _add_missing_column(connection)
                    self._is_current = True
                return work(connection)
        except IntegrityError:
            raise _AlreadyThere from None
        except AuditError:  # of the caller's, while the database was waiting for it
            raise
        except (SQLAlchemyError, OSError) as error:
            # A driver's message may quote values, so only its kind goes on.
            kind = type(getattr(error, "orig", None) or error).__name__
            raise StoreError(kind) from None


class _AlreadyThere(Exception):
    pass


def _add_missing_column(connection: sa.Connection) -> None:
    """Give a table of before there were blind decisions the column for them."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(DECISIONS.name):
        return
    if DECISIONS.c.blind.name not in {column["name"] for column in inspector.get_columns(DECISIONS.name)}:
        connection.execute(sa.text("ALTER TABLE decisions ADD COLUMN blind BOOLEAN NOT NULL DEFAULT FALSE"))


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    """Return an engine that opens the file anew each time, so that a file that vanished is noticed and never remade."""
    file = url.database or ""
    if url.query or file.startswith("file:") or file in ("", ":memory:"):
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True)
    else:
        opened = url.set(database=f"file:{quote(file)}", query={"uri": "true", "mode": "rw"})
        engine = sa.create_engine(opened, poolclass=sa.pool.NullPool, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    return engine


def _make_sqlite_file(file: str) -> None:
    """Make an empty database where there is none, in the mode in which readers do not wait for the writer."""
    import sqlite3
    from pathlib import Path
    from urllib.parse import unquote

    path = Path(unquote(file.removeprefix("file:")))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
            connection = sqlite3.connect(path)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.close()
    except (OSError, sqlite3.Error) as error:
        raise StoreError(type(error).__name__) from None


def _postgres_engine(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=4,
        pool_timeout=5,
        connect_args={"connect_timeout": 5, "options": "-c statement_timeout=10000"},
        hide_parameters=True,
    )


def _decision(row: Mapping[Any, Any]) -> Decision:
    values = {item.name: row[item.name] for item in fields(Decision)}
    chosen: Sequence[str] = json.loads(values["prediction_set"])
    return Decision(**values | {"prediction_set": tuple(chosen)})


def now() -> str:
    """Return the time, in UTC, as decisions carry it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
