"""Prompt templates: the words around a note, as versioned data files.

A template is a Jinja file with two macros, ``system()`` and ``user(categories, note)``. It says nothing about chat
markup: that comes from the tokenizer's own chat template, in `nosology.modeling.encoding`. A note is never rendered
through Jinja; templates are rendered once, with a marker where the note goes. Of Jinja only what takes time in
proportion to a template's length is allowed: text, names, conditions, one loop over the categories.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nosology.errors import ConfigError
from nosology.files import sha256_text

NOTE_MARKER = "\u241fNOTE\u241f"
"""Stands for the note while a template is rendered; the symbol for 'unit separator' does not occur in templates."""

MOST_CHARACTERS = 100_000
"""Of a template's source."""
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.NSRef, nodes.Const, nodes.Macro, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test, nodes.Getattr,
    nodes.Getitem, nodes.For, nodes.Filter, nodes.Keyword, nodes.Add, nodes.Sub, nodes.Concat,
)  # fmt: skip
_FILTERS = frozenset({"join", "length", "first", "last", "lower", "upper", "trim", "title", "capitalize"})


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
        try:
            return cls(path.stem, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            hint = "a template is a text file in UTF-8"
            raise ConfigError(f"cannot be read: {type(error).__name__}", place=str(path), hint=hint) from None

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
            _refuse_unbounded(environment.parse(self.source), self.name, len(self.source))
            module = environment.from_string(self.source).module
            return str(getattr(module, macro)(*arguments)).strip("\n")
        except (TemplateError, AttributeError, TypeError, ValueError, RecursionError) as error:
            raise ConfigError(f"the template's {macro}() does not render: {error}", place=self.name) from None


def _refuse_unbounded(tree: nodes.Template, name: str, n_characters: int) -> None:
    """Refuse a template that could take more time or memory than its length says.

    Raises:
        ConfigError: It is too long, or uses what is not allowed; says on which line.
    """
    if n_characters > MOST_CHARACTERS:
        raise ConfigError(f"a template has at most {MOST_CHARACTERS:,} characters", place=name)
    hint = "a template may use text, names, if, one loop over the categories, and the filters " + ", ".join(
        sorted(_FILTERS)
    )
    for node in tree.find_all(nodes.Node):
        is_known = isinstance(node, _ALLOWED) and not (isinstance(node, nodes.Filter) and node.name not in _FILTERS)
        is_loop_within = isinstance(node, nodes.For) and (
            next(node.find_all(nodes.For), None) is not None or not isinstance(node.iter, nodes.Name) or node.recursive
        )
        if not is_known or is_loop_within:
            kind = f"the filter {node.name}" if isinstance(node, nodes.Filter) else type(node).__name__.lower()
            raise ConfigError(
                f"the template does not render: {kind} is not allowed here",
                place=f"{name}, line {node.lineno}",
                hint=hint,
            )
