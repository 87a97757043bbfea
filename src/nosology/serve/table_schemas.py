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

    batch_id: str = Field(description="Names the table.", examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])
    name: str = Field(description="What the file is called, as the upload said.")
    state: Literal["reading", "done", "failed", "cancelled"] = Field(description="What became of it so far.")
    n_rows: int = Field(ge=0, description="Rows of the table.")
    n_done: int = Field(ge=0, description="Rows that were read or could not be.")
    n_failed: int = Field(ge=0, description="Rows that could not be read; they come back without a prediction.")
    n_decided: int = Field(ge=0, description="Rows that were decided on.")
    n_hidden: int = Field(ge=0, description="Rows whose prediction is hidden until they are decided.")
    is_fetched: bool = Field(description="Whether its result was fetched, whole and since the last decision.")
    seconds: float = Field(ge=0, description="How long it has been read, or was.")
    format: Literal["csv", "jsonl", "parquet"] = Field(description="The table's own, in which the result comes.")
    problem: str | None = Field(default=None, description="Why it failed; never holds text.")


class BatchesOut(BaseModel):
    """Somebody's tables that the service holds."""

    batches: list[BatchOut] = Field(description="The newest first.")


class BatchRowOut(BaseModel):
    """One row of an uploaded table, for the page's work list."""

    model_config = ConfigDict(hide_input_in_errors=True)

    row: int = Field(description="Its place in the table, from 0.")
    id: str = Field(description="By the column that names rows; its number without one.")
    text: str = Field(repr=False, description="The note.")
    prediction: SuggestedOut | PredictionOut | None = Field(
        description="None while the row waits, where it has a problem, and while a blind row is not decided."
    )
    problem: str | None = Field(default=None, description="Why it could not be read; never holds text.")
    is_blind: bool = Field(default=False, description="Whether its prediction is hidden until it is decided.")
    decision: DecisionOut | None = Field(default=None, description="What was decided on it, if anything.")


class BatchRowsOut(BaseModel):
    """Some rows of an uploaded table."""

    n_rows: int = Field(description="Of the whole table.")
    rows: list[BatchRowOut] = Field(description="Those that were asked for.")


class ListedRow(BaseModel):
    """One row of a work list, without its text."""

    row: int = Field(description="Its place in the table, from 0.")
    id: str = Field(description="By the column that names rows; its number without one.")
    is_read: bool = Field(description="Whether it was read.")
    is_blind: bool = Field(description="Whether its prediction is hidden until it is decided.")
    label: str = Field(description="The predicted category; empty where there is none, or none that may be shown.")
    probability: float | None = Field(description="Of the category; null where none may be shown.")
    abstained: bool = Field(description="True: not sure; a person should read this note.")
    reason: str = Field(description="Why there is no category.")
    problem: str | None = Field(description="Why it could not be read; never holds text.")
    unseen: float | None = Field(description="How unlike the training notes it is, 0 to 1; null where nobody knows.")
    verdict: Literal["accepted", "corrected", "undone"] | None = Field(description="null: not decided.")
    decided: str | None = Field(description="The category that was decided for.")
    was_blind: bool = Field(description="Whether it was decided before its prediction was shown.")


class WorkListOut(BaseModel):
    """The rows of a table in an order to decide on them."""

    batch: BatchOut = Field(description="How far the table has been read.")
    n_rows: int = Field(ge=0, description="Rows that are wanted, shown or not.")
    rows: list[ListedRow] = Field(description="In the order that was asked for.")
    categories: dict[str, int] = Field(description="Rows by category, decided or else predicted, most first.")


class ColumnOut(BaseModel):
    """A column of a table, to choose from."""

    name: str = Field(description="As the table has it.")
    is_text: bool = Field(description="Whether it holds text.")
    mean_characters: float = Field(ge=0, description="Length of its values, on average.")
    share_empty: float = Field(ge=0, le=1, description="Share of rows that have no value in it.")


class ColumnsOut(BaseModel):
    """The columns of a table."""

    columns: list[ColumnOut] = Field(description="In the order of the table.")
