"""Prompt templates: the words around a note, as versioned data files.

A template is a Jinja file with two macros, ``system()`` and ``user(categories, note)``. It says nothing about chat
markup: that comes from the tokenizer's own chat template, in `nosology.modeling.encoding`. A note is never rendered
through Jinja; templates are rendered once, with a marker where the note goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nosology.errors import ConfigError
from nosology.files import sha256_text

NOTE_MARKER = "\u241fNOTE\u241f"
"""Stands for the note while a template is rendered; the symbol for 'unit separator' does not occur in templates."""


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """The words around a note.

    Attributes:
        name: A shipped template's name, or the file it came from.
        source: The Jinja text, saved with every run.
    """

    name: str
    source: str = field(repr=False)

    @classmethod
    def load(cls, name: str) -> "PromptTemplate":
        """Return a shipped template (``"physician-v1"``) or one from a ``.jinja`` file.

        Raises:
            ConfigError: There is no such template, or it does not render.
        """
        shipped = files("nosology") / "data" / "prompts" / f"{name}.jinja"
        if not name.endswith(".jinja") and shipped.is_file():
            return cls(name, shipped.read_text(encoding="utf-8"))
        path = Path(name)
        if not path.is_file():
            known = sorted(f.name.removesuffix(".jinja") for f in (files("nosology") / "data" / "prompts").iterdir())
            raise ConfigError(f"no prompt template {name!r}", place="model.prompt", hint=f"shipped: {', '.join(known)}")
        return cls(path.stem, path.read_text(encoding="utf-8"))

    @property
    def sha256(self) -> str:
        """SHA-256 of the template's text: a model is only used with the prompt that trained it."""
        return sha256_text(self.source)

    def system(self) -> str:
        """Return the system message."""
        return self._render("system")

    def user(self, categories: Sequence[str]) -> str:
        """Return the user message with `NOTE_MARKER` in place of the note.

        Raises:
            ConfigError: The template does not place the note exactly once.
        """
        text = self._render("user", list(categories), NOTE_MARKER)
        if text.count(NOTE_MARKER) != 1:
            raise ConfigError("the template's user() must place the note exactly once", place=self.name)
        return text

    def _render(self, macro: str, *arguments: object) -> str:
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)
        try:
            module = environment.from_string(self.source).module
            return str(getattr(module, macro)(*arguments)).strip("\n")
        except (TemplateError, AttributeError, TypeError) as error:
            raise ConfigError(f"the template's {macro}() does not render: {error}", place=self.name) from None
