"""What is searched: one record a setting, with its bounds and the reason for them; a YAML file may narrow or fix each.

A setting that is fixed is one with a single choice. What the command line sets, what a starting run decides and what a
dataset cannot have is left out of the search, and a file that names it all the same is refused.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from nosology.config import Config
from nosology.errors import ConfigError

Value = float | int | str | None
"""A setting's value; None is the configuration's own empty value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that is searched.

    Attributes:
        name: What tables and files call it.
        field: The configuration field that it sets.
        reason: Why these values and no others, as a sentence.
        choices: The values to choose from; empty where there are bounds.
        bounds: The lowest and the highest value; None where there are choices.
        step: Between two values within bounds; None for any value.
        is_log: Whether values are as likely between 1 and 2 as between 2 and 4.
    """

    name: str
    field: str
    reason: str
    choices: tuple[Value, ...] = ()
    bounds: tuple[float, float] | None = None
    step: float | None = None
    is_log: bool = False

    @property
    def words(self) -> str:
        """What it may be, in words."""
        if self.bounds is None:
            return " or ".join("empty" if value is None else str(value) for value in self.choices)
        steps = f" in steps of {self.step:g}" if self.step else ""
        return f"{self.bounds[0]:g} to {self.bounds[1]:g}{steps}{', on a logarithmic scale' if self.is_log else ''}"

    def allows(self, value: Any) -> bool:
        """Return whether a value lies within."""
        if self.bounds is None:
            return any(value == choice and type(value) is type(choice) for choice in self.choices)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and self.bounds[0] <= value <= self.bounds[1]

    def narrowed(self, wish: Any) -> "Setting":
        """Return it within a value, a list of values, or a mapping with ``low`` and ``high``.

        Raises:
            ValueError: The wish is none of these, or goes beyond what is searched.
        """
        if isinstance(wish, dict):
            if self.bounds is None or not wish or set(wish) - {"low", "high"}:
                raise ValueError("give a value, a list of values" + (", or low and high" if self.bounds else ""))
            low, high = wish.get("low", self.bounds[0]), wish.get("high", self.bounds[1])
            if not (self.allows(low) and self.allows(high) and low <= high):
                raise ValueError(f"{low!r} to {high!r} is not within {self.words}")
            return replace(self, bounds=(low, high))
        values = tuple(wish) if isinstance(wish, list) else (wish,)
        wrong = [value for value in values if not self.allows(value)]
        if wrong or not values:
            raise ValueError(f"{', '.join(map(repr, wrong)) or 'an empty list'} is not among {self.words}")
        return replace(self, choices=values, bounds=None, step=None, is_log=False)


SPACE = (
    Setting(
        "learning_rate",
        "train.learning_rate",
        "From half the rate of a 3B model to twice that of the embedded one: lower moves little in a few hundred "
        "steps, higher diverges.",
        bounds=(1e-4, 4e-3),
        is_log=True,
    ),
    Setting(
        "lora_r",
        "train.lora_r",
        "Below 4 there is little to learn with; above 32 memory grows, and classification has not gained. "
        "`lora_alpha` keeps its ratio to it, so that the rank alone changes.",
        choices=(4, 8, 16, 32),
    ),
    Setting(
        "lora_targets",
        "train.lora_targets",
        "The two usual ones: feed-forward layers adapted, or not.",
        choices=("attention", "all-linear"),
    ),
    Setting(
        "lora_top_layers",
        "train.lora_top_layers",
        "All layers, or the topmost 16 or 8, which is about half and a quarter of the models here and saves as much of "
        "the backward pass.",
        choices=(None, 16, 8),
    ),
    Setting(
        "course_share",
        "train.course.phrases",
        "Share of course phrases among all texts; with more than half it would be a course with notes in it.",
        bounds=(0.0, 0.5),
        step=0.1,
    ),
    Setting(
        "start_share",
        "train.start_share",
        "From nothing kept of the starting run to four fifths; at 1 nothing is learned.",
        bounds=(0.0, 0.8),
        step=0.1,
    ),
    Setting(
        "epochs",
        "train.epochs",
        "From one pass to three: an adapter on some hundred notes learns them by heart after that.",
        choices=(1, 2, 3),
    ),
    Setting(
        "max_note_tokens",
        "model.max_note_tokens",
        "From a note of 100 words, whole, to the sections of a discharge summary that tell most; beyond, memory and "
        "time grow.",
        choices=(256, 512, 1024, 2048),
    ),
)
"""Every setting that is searched, each with the reason for its values."""

ADAPTER_SETTINGS = ("lora_r", "lora_targets", "lora_top_layers")
"""What a run that training goes on from decides."""


@dataclass(frozen=True, slots=True)
class Searched:
    """The settings of one search.

    Attributes:
        settings: What is searched.
        left_out: Why some others are not, by name.
    """

    settings: tuple[Setting, ...]
    left_out: Mapping[str, str]

    def as_json(self) -> dict[str, str]:
        """Return what is searched in words, by name: what a resumed search compares."""
        return {setting.name: setting.words for setting in self.settings}


def searched(file: Path | None, config: Config, overrides: Collection[str], *, has_codes: bool) -> Searched:
    """Return what to search.

    Args:
        file: YAML that narrows or fixes settings by name; None for everything.
        config: What every trial has in common.
        overrides: Fields that the command line set; they are not searched.
        has_codes: Whether the label set has codes, which a course needs.

    Raises:
        ConfigError: The file cannot be read, or asks for something impossible; all that is wrong is named.
    """
    wishes = _read(file) if file else {}
    left_out = _left_out(config, overrides, has_codes)
    problems = [f"{name}: there is no such setting" for name in wishes if name not in {item.name for item in SPACE}]
    problems += [f"{name}: {left_out[name]}, so it is not searched" for name in wishes if name in left_out]
    settings = []
    for setting in SPACE:
        if setting.name in left_out:
            continue
        try:
            settings.append(setting.narrowed(wishes[setting.name]) if setting.name in wishes else setting)
        except ValueError as error:
            problems.append(f"{setting.name}: {error}; to fix another value, --set {setting.field}=VALUE")
    if problems:
        hint = f"settings are {', '.join(item.name for item in SPACE)}"
        raise ConfigError("this cannot be searched:\n  " + "\n  ".join(problems), place=str(file), hint=hint)
    return Searched(tuple(settings), left_out)


def _left_out(config: Config, given: Collection[str], has_codes: bool) -> dict[str, str]:
    """Return why settings are not searched, by name."""
    reasons = {item.name: f"--set gives {item.field}" for item in SPACE if item.field in given}
    if config.train.start == "base":
        reasons["start_share"] = "training starts from the base model"
    else:
        reasons |= dict.fromkeys(ADAPTER_SETTINGS, "the starting run decides")
    if not has_codes:
        reasons["course_share"] = "a course needs a label set with codes"
    return reasons


def _read(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError("there is no such file", place=str(file), hint="check --space") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"not readable as YAML: {error}", place=str(file)) from None
    if values is None:  # an empty file
        return {}
    if not isinstance(values, dict):
        raise ConfigError("the file must map settings to values", place=str(file), hint="e.g. `lora_r: [8, 16]`")
    return values
