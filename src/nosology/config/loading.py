"""A configuration from a YAML file, or a shipped one by its name, with fields that are set on the command line on top.

All errors are named at once; a field that does not exist comes with the one that may be meant.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from nosology.config.fields import Config
from nosology.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def load_config(file: Path | str | None = None, overrides: Sequence[str] | None = None) -> Config:
    """Return the configuration of a file with ``section.key=value`` overrides on top.

    Args:
        file: A YAML file, or the name of a shipped one such as ``paper`` (a file of your own that is called so is
            ``./paper``); None for the defaults.
        overrides: Strings such as ``"train.epochs=2"``; the value is read as YAML.

    Raises:
        ConfigError: The file is missing or no YAML mapping, or fields are unknown or impossible; all of them are named.
    """
    values = _read_yaml(config_file(file)) if file else {}
    for override in overrides or []:
        _apply_override(values, override)
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc'])) or 'config'}: {_told(item)}" for item in error.errors()]
        raise ConfigError(
            f"{len(lines)} {'field is' if len(lines) == 1 else 'fields are'} wrong:\n  " + "\n  ".join(lines),
            place=str(file) if file else "--set",
            hint="`nosology schema config` lists every field",
        ) from None


def _told(problem: "ErrorDetails") -> str:
    """Return what is wrong with a field; of one that does not exist, which one may be meant."""
    if problem["type"] != "extra_forbidden":
        return problem["msg"]
    *section, key = map(str, problem["loc"])
    known = [path for path, _ in field_names(Config)]
    beside = {path.rpartition(".")[2]: path for path in known if path.rpartition(".")[0] == ".".join(section)}
    meant = [beside[name] for name in get_close_matches(key, beside, n=1)] or _called(key)
    return "there is no such field" + (f"; did you mean {' or '.join(meant)}?" if meant else "")


def _called(key: str) -> list[str]:
    """Return every field of a name, in whatever section, the nearest to the top first."""
    found = [path for path, _ in field_names(Config) if path.rpartition(".")[2] == key]
    return sorted(found, key=lambda path: path.count("."))


def field_names(section: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every field below a section by its dotted name, sections among them.

    Args:
        section: `Config`, or a part of it.
        prefix: Stands before each name.
    """
    for key, field in section.model_fields.items():
        yield prefix + key, field
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from field_names(field.annotation, f"{prefix}{key}.")


def shipped_configs() -> dict[str, Path]:
    """Return the shipped configurations by name: of the installed package, or of the checkout it is installed from."""
    package = Path(__file__).parents[1]
    folder = next(path for path in (package / "data" / "configs", package.parents[1] / "configs") if path.is_dir())
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def config_file(name: Path | str) -> Path:
    """Return the file of a configuration as a user names it: a shipped one by its name, else the path itself."""
    return shipped_configs().get(str(name), Path(name))


def shipped_config(name: str) -> Path:
    """Return the file of a shipped configuration.

    Raises:
        ConfigError: There is none of that name.
    """
    shipped = shipped_configs()
    if name not in shipped:
        raise ConfigError(f"no shipped configuration {name!r}", hint=f"shipped are {', '.join(shipped)}")
    return shipped[name]


class _EachKeyOnce(yaml.SafeLoader):
    """Reads YAML, and refuses a key that stands twice in one section: the first one's fields would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping.

        Args:
            node: Its keys and values.
            deep: Whether to construct these at once.
        """
        seen = set()
        for key in [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands here twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        values = yaml.load(file.read_text(encoding="utf-8"), _EachKeyOnce) or {}
    except FileNotFoundError:
        hint = f"give a file, or the name of a shipped one: {', '.join(shipped_configs())}"
        raise ConfigError("no such configuration file", place=str(file), hint=hint) from None
    except IsADirectoryError:
        raise ConfigError("this is a folder", place=str(file), hint="give a configuration file in it") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"not readable as YAML: {error}", place=str(file)) from None
    if not isinstance(values, dict):
        raise ConfigError("the file must hold a mapping of sections", place=str(file))
    return values


def _apply_override(values: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    *sections, key = path.strip().split(".")
    if not equals or len(sections) not in (1, 2) or not all((*sections, key)):
        meant = _called(key) if equals and not sections else []
        hint = f"write section.key=value, e.g. {meant[0] if meant else 'train.epochs'}={text or 2}"
        raise ConfigError(f"cannot read {override!r}", place="--set", hint=hint)
    for depth, name in enumerate(sections, 1):
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{'.'.join(sections[:depth])!r} is not a section", place="--set")
    try:
        values[key] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "no YAML"
        hint = f"put the value into quotes: {path}='...'"
        raise ConfigError(f"cannot read the value of {override!r}: {problem}", place="--set", hint=hint) from None
