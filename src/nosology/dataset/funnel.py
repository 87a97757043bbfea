"""The funnel: how many rows came into each step of a preparation, how many were lost there, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


class Funnel:
    """Counts losses by step and reason; the rows of each step follow from the first one's.

    Args:
        steps: Names of the steps, in order.
    """

    def __init__(self, steps: Sequence[str]) -> None:
        self._lost: dict[str, Counter[str]] = {step: Counter() for step in steps}
        self._left_out: dict[str, Counter[str]] = {step: Counter() for step in steps}
        self.rows_in = 0

    def lose(self, step: str, reason: str, n: int = 1) -> None:
        """Count ``n`` rows as lost at a step.

        Args:
            step: The name of one of the steps that the funnel was made with.
            reason: Why, in words that are the same for many rows and hold none of a note.
            n: How many rows; 0 counts nothing.
        """
        if n:
            self._lost[step][reason] += n

    def leave_out(self, step: str, kind: str, n_characters: int) -> None:
        """Count characters that a step took out of notes.

        Args:
            step: The name of one of the steps that the funnel was made with.
            kind: What they were, in words that are the same for many notes and hold none of a note's own.
            n_characters: How many.
        """
        self._left_out[step][kind] += n_characters

    def add(self, rows_in: int, steps: Sequence[Mapping[str, Any]]) -> None:
        """Count what another funnel of the same steps has counted.

        Args:
            rows_in: Its rows.
            steps: What its `steps` returned.
        """
        self.rows_in += rows_in
        for step in steps:
            self._lost[step["step"]].update(step["lost"])
            self._left_out[step["step"]].update(step.get("left_out", {}))

    @property
    def rows_out(self) -> int:
        """How many rows have come through all steps."""
        return self.rows_in - sum(lost.total() for lost in self._lost.values())

    def steps(self) -> list[dict[str, Any]]:
        """Return the steps as ``funnel.json`` holds them; reasons by count, then by name.

        A step that took characters out of notes says how many, by kind, as ``left_out``.
        """
        rows = self.rows_in
        steps = []
        for step, lost in self._lost.items():
            reasons = dict(sorted(lost.items(), key=lambda item: (-item[1], item[0])))
            one: dict[str, Any] = {"step": step, "rows_in": rows, "rows_out": rows - lost.total(), "lost": reasons}
            if left_out := self._left_out[step]:
                one["left_out"] = dict(sorted(left_out.items(), key=lambda item: (-item[1], item[0])))
            steps.append(one)
            rows -= lost.total()
        return steps

    def describe(self) -> str:
        """Return the funnel as lines for people."""
        lines = [f"  {self.rows_in:>12,}  rows"]
        for step in self.steps():
            lines += [f"  {-n:>12,}  {reason} ({step['step']})" for reason, n in step["lost"].items()]
        return "\n".join([*lines, f"  {self.rows_out:>12,}  notes stay"])
