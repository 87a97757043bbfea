"""What the service takes and gives of uploaded tables: their rows, their order, their columns, decisions on them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nosology.serve.schemas import UUID, CodeIn, DecisionOut, Identifier, PredictionOut, Strict, SuggestedOut


class RowDecisionIn(Strict):
    """What a person decided on a row of a table."""

    id: str | None = Field(
        default=None, pattern=UUID, description="A UUID of the caller's; sent twice, it counts once."
    )
    category: Identifier | None = Field(
        default=None, description="The right category; None accepts the prediction, where it was shown."
    )
    code: CodeIn | None = Field(default=None, description="The right diagnosis, where one was chosen.")


class BatchOut(BaseModel):
    """How far an uploaded table has been read."""

    batch_id: str
    name: str = Field(description="What the file is called, as the upload said.")
    state: Literal["reading", "done", "failed", "cancelled"]
    n_rows: int = Field(ge=0)
    n_done: int = Field(ge=0, description="Rows that were read or could not be.")
    n_failed: int = Field(ge=0, description="Rows that could not be read; they come back without a prediction.")
    n_decided: int = Field(ge=0, description="Rows that were decided on.")
    n_hidden: int = Field(ge=0, description="Rows whose prediction is hidden until they are decided.")
    is_fetched: bool = Field(description="Whether its result was fetched, whole and since the last decision.")
    seconds: float = Field(ge=0)
    format: Literal["csv", "jsonl", "parquet"]
    problem: str | None = Field(default=None, description="Why it failed; never holds text.")


class BatchesOut(BaseModel):
    """Somebody's tables that the service holds."""

    batches: list[BatchOut]


class BatchRowOut(BaseModel):
    """One row of an uploaded table, for the page's work list."""

    model_config = ConfigDict(hide_input_in_errors=True)

    row: int
    id: str
    text: str = Field(repr=False)
    prediction: SuggestedOut | PredictionOut | None = Field(
        description="None while the row waits, where it has a problem, and while a blind row is not decided."
    )
    problem: str | None = Field(default=None, description="Why it could not be read; never holds text.")
    is_blind: bool = Field(default=False, description="Whether its prediction is hidden until it is decided.")
    decision: DecisionOut | None = Field(default=None, description="What was decided on it, if anything.")


class BatchRowsOut(BaseModel):
    """Some rows of an uploaded table."""

    n_rows: int
    rows: list[BatchRowOut]


class ListedRow(BaseModel):
    """One row of a work list, without its text."""

    row: int
    id: str
    is_read: bool
    is_blind: bool = Field(description="Whether its prediction is hidden until it is decided.")
    label: str = Field(description="The predicted category; empty where there is none, or none that may be shown.")
    probability: float | None
    abstained: bool
    reason: str = Field(description="Why there is no category.")
    problem: str | None
    unseen: float | None = Field(description="How unlike the training notes it is, 0 to 1; null where nobody knows.")
    verdict: Literal["accepted", "corrected", "undone"] | None = Field(description="null: not decided.")
    decided: str | None = Field(description="The category that was decided for.")
    was_blind: bool


class WorkListOut(BaseModel):
    """The rows of a table in an order to decide on them."""

    batch: BatchOut
    n_rows: int = Field(ge=0, description="Rows that are wanted, shown or not.")
    rows: list[ListedRow]
    categories: dict[str, int] = Field(description="Rows by category, decided or else predicted, most first.")


class ColumnOut(BaseModel):
    """A column of a table, to choose from."""

    name: str
    is_text: bool
    mean_characters: float = Field(ge=0)
    share_empty: float = Field(ge=0, le=1)


class ColumnsOut(BaseModel):
    """The columns of a table."""

    columns: list[ColumnOut]
