"""A trial's configuration from what was proposed, and the best one as a file that says where each value came from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from nosology.config import Config
from nosology.errors import ConfigError
from nosology.runs.run import Run
from nosology.tuning.space import ADAPTER_SETTINGS, Searched, Value
from nosology.tuning.trials import Trial

_FROM_START = (*ADAPTER_SETTINGS, "lora_alpha", "head")


@dataclass(frozen=True, slots=True)
class Given:
    """What was given to a search, which all of its trials have in common.

    Attributes:
        config: The configuration, with what its starting run decides.
        source: What the user calls the file that it came from; empty for none.
        overrides: The fields that the command line set.
        n_notes: Training notes that the configuration alone would read.
        max_notes: Training and validation notes of a trial at most; None for the configuration's.
    """

    config: Config
    source: str
    overrides: frozenset[str]
    n_notes: int
    max_notes: int | None

    def for_trial(self, values: Mapping[str, Value]) -> Config:
        """Return the configuration of a trial, on no more notes than were asked for."""
        if self.max_notes is None:
            return configured(self.config, values, self.n_notes)
        train = self.config.train
        limits = {
            "max_train_notes": min(self.max_notes, train.max_train_notes or self.max_notes),
            "max_validation_notes": min(self.max_notes, train.max_validation_notes or self.max_notes),
        }
        limited = _merged(self.config, {"train": limits})
        return configured(limited, values, min(self.max_notes, self.n_notes))


def with_start(config: Config, overrides: frozenset[str]) -> Config:
    """Return a configuration with the rank, targets and head of the run that it starts from, if any.

    Args:
        config: The configuration.
        overrides: Fields that the command line set, which are not changed without a word.

    Raises:
        RunError: There is no such run.
        ConfigError: The command line sets something else than that run has.
    """
    if config.train.start == "base":
        return config
    other = Run.open(config.train.start).manifest.config.train.model_dump(mode="json")
    own = config.train.model_dump(mode="json")
    wrong = [f"train.{name}" for name in _FROM_START if f"train.{name}" in overrides and own[name] != other[name]]
    if wrong:
        hint = "leave it out, or set train.start to base"
        raise ConfigError("the starting run has another value", place=f"--set {', '.join(wrong)}", hint=hint)
    return _merged(config, {"train": {name: other[name] for name in _FROM_START}})


def configured(config: Config, values: Mapping[str, Value], n_notes: int) -> Config:
    """Return a configuration with proposed values.

    Args:
        config: What is not proposed.
        values: By the names of the search space.
        n_notes: Training notes, of which a share of phrases becomes a number of phrases.
    """
    train: dict[str, Any] = {}
    for name in ("learning_rate", "lora_r", "lora_targets", "lora_top_layers", "start_share", "epochs"):
        if name in values:
            train[name] = values[name]
    if "lora_r" in train:
        train["lora_alpha"] = config.train.lora_alpha / config.train.lora_r * train["lora_r"]
    if "course_share" in values:
        share = float(values["course_share"] or 0)
        train["course"] = {"phrases": round(share / (1 - share) * n_notes / config.train.course.epochs)}
    model = {"max_note_tokens": values["max_note_tokens"]} if "max_note_tokens" in values else {}
    return _merged(config, {"train": train, "model": model})


def best_yaml(trial: Trial, n_trials: int, given: Given, searched: Searched) -> str:
    """Return a trial's configuration as YAML, with a comment on each line that says where the value came from.

    Args:
        trial: The best one.
        n_trials: How many there were.
        given: What all trials had in common.
        searched: What was searched.
    """
    config = configured(given.config, trial.values, given.n_notes)
    on = f" on at most {given.max_notes} notes" if given.max_notes else ""
    lines = [
        f"# The best of {n_trials} trials of `nosology tune`{on}: number {trial.number}, validation loss "
        f"{trial.validation_loss:.4f} nats a note, accuracy {trial.accuracy:.3f}.",
        "# Judged by the notes that chose it, so others will show it a little worse. What is not here has its default.",
        "# nosology train DATASET --out RUN --config best.yaml",
    ]
    for section, values in config.model_dump(mode="json", exclude_unset=True).items():
        if values:
            lines += ["", f"{section}:", *_lines(values, section, _sources(trial, given, searched))]
    return "\n".join(lines) + "\n"


def _sources(trial: Trial, given: Given, searched: Searched) -> dict[str, str]:
    """Return where values came from, by field; all others came from the configuration file."""
    sources = {"": f"from {given.source}" if given.source else "from the configuration"}
    if given.config.train.start != "base":
        sources |= {f"train.{name}": "the starting run's" for name in _FROM_START}
    elif "lora_r" in trial.values:
        sources["train.lora_alpha"] = "in the ratio to lora_r that was given"
    sources |= dict.fromkeys(given.overrides, "from --set")
    for setting in searched.settings:
        how = "fixed by --space" if len(setting.choices) == 1 else f"searched: {setting.words}"
        if setting.name == "course_share":
            share = trial.values[setting.name]
            how += f"; a share of {share:.1f} of the texts, beside {given.n_notes} notes"
        sources[setting.field] = how
    return sources


def _lines(values: Mapping[str, Any], prefix: str, sources: Mapping[str, str], depth: int = 1) -> Iterator[str]:
    for key, value in values.items():
        name = f"{prefix}.{key}"
        if isinstance(value, dict):
            if value:
                yield f"{'  ' * depth}{key}:"
                yield from _lines(value, name, sources, depth + 1)
            continue
        yield f"{'  ' * depth}{key}: {_written(value)}  # {sources.get(name, sources[''])}"


def _written(value: Any) -> str:
    """Return a value as YAML on one line; a text with signs that nobody sees has them spelt out in quotation marks."""
    is_seen = not isinstance(value, str) or value.isprintable()
    text: str = yaml.safe_dump(
        value, default_flow_style=True, default_style=None if is_seen else '"', width=10_000_000, allow_unicode=is_seen
    )
    return text.removesuffix("...\n").strip()


def _merged(config: Config, changes: Mapping[str, Mapping[str, Any]]) -> Config:
    """Return a configuration with some fields changed, those of the course one by one."""
    values = config.model_dump(mode="json", exclude_unset=True)
    for section, fields in changes.items():
        own = values.setdefault(section, {})
        for name, value in fields.items():
            own[name] = own.get(name, {}) | value if isinstance(value, dict) else value
    return Config.model_validate(values)


def fields_of(overrides: Sequence[str]) -> frozenset[str]:
    """Return the fields that ``section.key=value`` strings set."""
    return frozenset(override.partition("=")[0].strip() for override in overrides)
