"""Prompts as token segments: the instruction, a note with the answer cue after it, and the answers.

The tokenizer's own chat template is rendered once, with a marker for the note, and cut there. The three parts are
tokenized apart, so the instruction is the same tokens under every note, a note's text can never become chat markup
(special tokens inside notes are spelled out as plain text), and truncation touches the note alone. Templates that
insert today's date get a fixed one, so a prompt is the same on any day.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nosology.errors import ModelError
from nosology.modeling.prompts import NOTE_MARKER, PromptTemplate
from nosology.modeling.shortening import Shortening, T, shorten

PINNED_DATE = "26 Jul 2024"
"""The date that chat templates print; Llama 3's own default, so no template sees an unusual one."""

TRUNCATION_MARK = "\n...\n"
"""Stands where a part of a long note was left out."""

_TOKENIZING = threading.Lock()


@dataclass(frozen=True, slots=True)
class EncodedNote:
    """A note as tokens, the answer cue included.

    Attributes:
        text: The prepared note.
        tokens: Token ids of the note and of the cue after it.
        truncated_tokens: Note tokens left out because the note was too long.
        n_tokens: Tokens of the whole note, without the cue.
        places: For each token where in the text its last character stands, -1 for tokens that stand for nothing in it
            (the mark of a cut, the cue); None where nobody asked.
        around: What the prompt has before and after the note, as text.
    """

    text: str = field(repr=False)
    tokens: tuple[int, ...] = field(repr=False)
    truncated_tokens: int
    n_tokens: int
    places: tuple[int, ...] | None = field(default=None, repr=False)
    around: tuple[str, str] = field(default=("", ""), repr=False)

    @property
    def prompt(self) -> str:
        """The note's full prompt as text, as the model reads it, but for any shortening."""
        before, after = self.around
        return before + self.text.strip() + after


TITLE_CUE = "\nDiagnosis: "
"""Stands between a category's end of turn and a rubric's title: it says what is asked for to a model that never saw a
title after a category."""


class PromptEncoder:
    """Cuts prompts into segments for one tokenizer, one template and one label set.

    Attributes:
        categories: Category names, in label-set order.
        root: Token ids of everything before the note, begin-of-text included where the model has one.
        cue: Token ids between note and answer.
        answers: Token ids of each category's name and the end-of-turn token, in label-set order.
        end_of_turn: The token that ends an answer.
        title_cue: Token ids between a category's answer and a rubric's title.
    """

    def __init__(
        self,
        tokenizer: Any,
        template: PromptTemplate,
        categories: Sequence[str],
        *,
        max_note_tokens: int = 1024,
        shortening: Shortening = "middle",
        order: Sequence[int] | None = None,
    ) -> None:
        """Render and cut the template.

        Args:
            tokenizer: A fast tokenizer with a chat template.
            template: The words around the note.
            categories: Category names, in label-set order.
            max_note_tokens: Longer notes are shortened to this many tokens.
            shortening: What such notes lose, see `nosology.modeling.shortening`.
            order: Category indices as the instruction is to list them; None for label-set order. Answers keep theirs.

        Raises:
            ModelError: The tokenizer has no chat template, or it does not keep the answer after the cue.
        """
        self._tokenizer = tokenizer
        self._template = template
        self.categories = tuple(categories)
        self._listed = self.categories if order is None else tuple(self.categories[index] for index in order)
        self._shortening: Shortening = shortening
        self.max_note_tokens = max_note_tokens
        self._before, self._after = _render(tokenizer, template, self._listed)
        self.root = self._with_one_begin(self._markup(self._before))
        self.cue = self._markup(self._after)
        self.end_of_turn = self._end_of_turn(template, self._listed)
        self.answers = tuple((*self._plain(name), self.end_of_turn) for name in categories)
        self.title_cue = self._plain(TITLE_CUE)
        self._mark = self._plain(TRUNCATION_MARK)

    def note(self, text: str, *, with_places: bool = False) -> EncodedNote:
        """Return a note's segment: its tokens, shortened if need be, and the cue. The whole note is tokenized once.

        Args:
            text: The prepared note.
            with_places: Whether to say where in the text each token comes from.
        """
        body, around = text.strip(), (self._before, self._after)
        if not with_places:
            whole = self._plain(body)
            kept, left_out = self._shortened(body, whole, self._plain, self._mark)
            return EncodedNote(text, (*kept, *self.cue), left_out, len(whole), around=around)
        before = len(text) - len(text.lstrip())
        mark = tuple((token, -1) for token in self._mark)
        placed = self._placed(body)
        kept_placed, left_out = self._shortened(body, placed, self._placed, mark)
        tokens = (*(token for token, _ in kept_placed), *self.cue)
        places = (*(place if place < 0 else before + place for _, place in kept_placed), *[-1] * len(self.cue))
        return EncodedNote(text, tokens, left_out, len(placed), places, around)

    def reordered(self, order: Sequence[int]) -> "PromptEncoder":
        """Return an encoder whose instruction lists the categories in another order; its answers keep theirs.

        Args:
            order: Category indices, as the instruction is to list them.
        """
        return PromptEncoder(
            self._tokenizer,
            self._template,
            self.categories,
            max_note_tokens=self.max_note_tokens,
            shortening=self._shortening,
            order=order,
        )

    def title(self, title: str) -> tuple[int, ...]:
        """Return the tokens of a rubric's title, the end-of-turn token last."""
        return (*self._plain(title), self.end_of_turn)

    @property
    def messages(self) -> list[dict[str, str]]:
        """What the chat template is given, with `NOTE_MARKER` in the note's place; for programs that render it."""
        return _messages(self._template, self._listed)

    def decode(self, tokens: Sequence[int]) -> str:
        """Return generated tokens as text, without special tokens."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    def _markup(self, text: str) -> tuple[int, ...]:
        """Tokenize template text, in which special tokens mean themselves."""
        return tuple(self._tokenized(text)["input_ids"])

    def _shortened(
        self, body: str, whole: tuple[T, ...], tokenize: Callable[[str], tuple[T, ...]], mark: tuple[T, ...]
    ) -> tuple[tuple[T, ...], int]:
        """Return the tokens that stay and how many do not; only sections of too long a note are cut anew."""

        def part(start: int, end: int) -> tuple[T, ...]:
            return whole if (start, end) == (0, len(body)) else _moved(tokenize(body[start:end]), start)

        return shorten(body, part, self.max_note_tokens, mark, self._shortening)

    def _placed(self, text: str) -> tuple[tuple[int, int], ...]:
        """Tokenize as `_plain` does; return each token with the place of its last character."""
        clean = text.encode("utf-8", "replace").decode("utf-8")
        encoded = self._tokenized(clean, split_special_tokens=True, return_offsets_mapping=True)
        places = (max(first, last - 1) for first, last in encoded["offset_mapping"])
        return tuple(zip(encoded["input_ids"], places, strict=True))

    def _plain(self, text: str) -> tuple[int, ...]:
        """Tokenize text of which nothing may become a special token."""
        clean = text.encode("utf-8", "replace").decode("utf-8")
        return tuple(self._tokenized(clean, split_special_tokens=True)["input_ids"])

    def _tokenized(self, text: str, **how: bool) -> Any:
        """Tokenize, one thread at a time: what special tokens mean is a state of the tokenizer, not of a call."""
        with _TOKENIZING:
            return self._tokenizer(text, add_special_tokens=False, **how)

    def _with_one_begin(self, root: tuple[int, ...]) -> tuple[int, ...]:
        """Add the begin-of-text token if this tokenizer adds one by itself and the template did not."""
        by_itself = tuple(self._tokenizer("")["input_ids"])
        begin = self._tokenizer.bos_token_id
        if by_itself[:1] == (begin,) and root[:1] != (begin,):
            return (begin, *root)
        return root

    def _end_of_turn(self, template: PromptTemplate, categories: Sequence[str]) -> int:
        """Return the first token that the chat template puts after an answer."""
        answer = categories[0]
        messages = [*_messages(template, categories), {"role": "assistant", "content": answer}]
        rendered = _apply(self._tokenizer, messages, add_generation_prompt=False)
        _, _, behind_note = rendered.partition(NOTE_MARKER)
        if not behind_note.startswith(self._after + answer):
            raise ModelError("the chat template does not put the answer after its own generation prompt")
        behind = self._markup(behind_note[len(self._after + answer) :])
        if not behind or behind[0] not in self._tokenizer.all_special_ids:
            raise ModelError("the chat template does not end an answer with a special token")
        return behind[0]


def _moved(tokens: tuple[T, ...], by: int) -> tuple[T, ...]:
    """Return tokens of a part of a text with places in the whole; plain tokens have none and stay as they are."""
    return tuple((token[0], token[1] + by) if isinstance(token, tuple) else token for token in tokens)  # type: ignore[misc]


def _messages(template: PromptTemplate, categories: Sequence[str]) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": template.system()},
        {"role": "user", "content": template.user(categories)},
    ]


def _apply(tokenizer: Any, messages: list[dict[str, str]], *, add_generation_prompt: bool) -> str:
    if not tokenizer.chat_template:
        raise ModelError("this tokenizer has no chat template", hint="use an instruct model")
    return str(
        tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            date_string=PINNED_DATE,
            strftime_now=lambda _format: PINNED_DATE,
        )
    )


def _render(tokenizer: Any, template: PromptTemplate, categories: Sequence[str]) -> tuple[str, str]:
    """Return the prompt's text before and after the note."""
    rendered = _apply(tokenizer, _messages(template, categories), add_generation_prompt=True)
    before, marker, after = rendered.partition(NOTE_MARKER)
    if not marker or NOTE_MARKER in after:
        raise ModelError("the chat template does not keep the user's message as it is")
    return before, after
