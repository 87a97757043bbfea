"""What the schemas of a run's files have in common."""

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """A part of a file; its values never change, and unknown fields are refused rather than misread."""

    model_config = ConfigDict(extra="forbid", frozen=True)
