"""The embedded model's tokenizer and chat template by themselves: what a prompt needs of transformers' tokenizers.

The file ``tokenizer.json`` is read by the library that transformers reads it by, and the chat template is rendered by
the same engine with the same settings; both give what transformers gives, which takes seconds to import. Only for a
folder that transformers saved, as `nosology.modeling.embedded` lets it: in others it looks for more than these files.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from nosology.errors import ModelError

_SPECIAL = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


class PlainTokenizer:
    """What `nosology.modeling.encoding.PromptEncoder` asks of a tokenizer.

    Attributes:
        chat_template: Jinja, as the folder has it.
        bos_token_id: Begin of text; None where the model has none.
    """

    is_fast = True

    def __init__(self, tokenizer: Tokenizer, chat_template: str, special: dict[str, str]) -> None:
        """Take what `load` read.

        Args:
            tokenizer: From ``tokenizer.json``.
            chat_template: Jinja.
            special: Special tokens by their role, such as ``bos_token``.
        """
        self._tokenizer = tokenizer
        self._special = special
        self.chat_template = chat_template
        self.bos_token_id = tokenizer.token_to_id(special["bos_token"]) if "bos_token" in special else None

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the tokenizer of a folder that transformers saved.

        Raises:
            ModelError: A file of it is missing, or something else.
        """
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
            template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
            special = {role: settings[role] for role in _SPECIAL if isinstance(settings.get(role), str)}
        except Exception as error:  # tokenizers raises plain exceptions
            raise ModelError(f"cannot load this tokenizer: {type(error).__name__}", place=str(folder)) from None
        return cls(tokenizer, template, special)

    @cached_property
    def all_special_ids(self) -> list[int]:
        """Ids of the tokens that have a role."""
        found = (self._tokenizer.token_to_id(token) for token in dict.fromkeys(self._special.values()))
        return [token for token in found if token is not None]

    def __call__(
        self,
        text: str,
        *,
        add_special_tokens: bool = True,
        split_special_tokens: bool = False,
        return_offsets_mapping: bool = False,
    ) -> dict[str, list[Any]]:
        """Return a text's tokens as ``input_ids``.

        Args:
            text: Any text without half of a surrogate pair.
            add_special_tokens: Whether to add what the model puts around every text.
            split_special_tokens: Whether the spelling of a special token is text like any other.
            return_offsets_mapping: Whether to say, as ``offset_mapping``, where in the text each token begins and ends.
        """
        if self._tokenizer.encode_special_tokens != split_special_tokens:
            self._tokenizer.encode_special_tokens = split_special_tokens
        found = self._tokenizer.encode(text, add_special_tokens=add_special_tokens)
        return {"input_ids": found.ids} | ({"offset_mapping": found.offsets} if return_offsets_mapping else {})

    def decode(self, tokens: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """Return tokens as text."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=skip_special_tokens))

    def apply_chat_template(
        self, messages: Sequence[dict[str, str]], *, add_generation_prompt: bool, **values: Any
    ) -> str:
        """Return messages with the model's markup around them.

        Args:
            messages: Each with ``role`` and ``content``.
            add_generation_prompt: Whether to end where the model is to go on.
            values: What else the template may use.
        """
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        template = environment.from_string(self.chat_template)
        values = self._special | values | {"add_generation_prompt": add_generation_prompt}
        return template.render(messages=list(messages), **values)
