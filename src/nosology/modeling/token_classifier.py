"""A transformer token classifier (named-entity model) as a detector of identifiers, given by name or folder.

Entity names differ from model to model; `span_type_of` knows those of the usual de-identification corpora (i2b2, MIMIC,
CoNLL, OntoNotes) and leaves out kinds that are no identifier. Long notes are read in windows that overlap. An entity of
an unknown kind counts as OTHER, because leaving it in could leak it; and an age counts only above 89.
"""

import re
from collections.abc import Iterator
from typing import Any

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from nosology.errors import ModelError
from nosology.modeling.embedded import silenced_transformers
from nosology.modeling.loading import model_folder
from nosology.records import Span

_OVERLAP = 64  # tokens of context that a window shares with the one before it
_LONGEST_WINDOW = 512
_WINDOWS_AT_ONCE = 8
_OLDEST = 89  # Safe Harbor: ages up to here are no identifier
_PREFIX = re.compile(r"\A[BIESLU][-_]")
_KINDS = {
    "NAME": "name names per person patient doctor staff physician clinician username hcw",
    "DATE": "date dates time",
    "CONTACT": "contact phone fax email url ip ipaddr ipaddress",
    "ID": "id idnum medicalrecord mrn ssn account license licence device bioid healthplan vehicle number",
    "LOCATION": "loc location street city zip gpe county fac address",
    "HOSPITAL": "hosp hospital vendor",
    "ORG": "org organization organisation patorg company profession",
    "AGE90": "age",
}
_TYPES = {name: kind for kind, names in _KINDS.items() for name in names.split()}
_NO_IDENTIFIERS = frozenset(
    (
        "o",
        "misc",
        "norp",
        "state",
        "country",
        "product",
        "event",
        "law",
        "language",
        "percent",
        "money",
        "quantity",
        "ordinal",
        "cardinal",
        "work_of_art",
    )
)


def span_type_of(entity: str) -> str | None:
    """Return the span type of a model's entity name (``B-PER``, ``I-HOSP``); None where it is no identifier."""
    name = _PREFIX.sub("", entity).lower()
    return None if name in _NO_IDENTIFIERS else _TYPES.get(name, "OTHER")


class TokenClassifier:
    """A token classifier as a detector.

    Args:
        name: What it was loaded from; a worker process loads it again by this name.
        model: The classifier; ``config.id2label`` names the entities.
        tokenizer: Its fast tokenizer.
    """

    def __init__(self, name: str, model: Any, tokenizer: Any) -> None:
        self._name, self._model, self._tokenizer = name, model, tokenizer
        self._types = [span_type_of(model.config.id2label[i]) for i in range(model.config.num_labels)]
        limits = (tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", _LONGEST_WINDOW))
        self._window = min(*limits, _LONGEST_WINDOW)

    @classmethod
    def load(cls, name: str) -> "TokenClassifier":
        """Return the classifier of a Hub name or a folder: safetensors only, and its code is never run.

        Raises:
            ModelError: No such model, weights in an unsafe format, no entities, or no fast tokenizer.
        """
        folder = model_folder(name)
        with silenced_transformers():
            try:
                tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
                model = AutoModelForTokenClassification.from_pretrained(
                    folder, use_safetensors=True, trust_remote_code=False
                )
            except (OSError, ValueError, KeyError) as error:
                first_line = str(error).strip().split("\n")[0]
                raise ModelError(f"cannot load this token classifier: {first_line}", place=name) from None
        if not getattr(tokenizer, "is_fast", False):
            raise ModelError("this token classifier has no fast tokenizer", place=name)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return cls(name, model.to(device).eval(), tokenizer)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return TokenClassifier.load, (self._name,)

    def __call__(self, text: str) -> Iterator[Span]:
        """Yield the identifiers that the model sees, whole words each."""
        joined: list[Span] = []
        for span in sorted(self._word_spans(text), key=lambda span: (span.start, span.end)):
            last = joined[-1] if joined else None
            if last and last.type == span.type and not text[last.end : span.start].strip():
                joined[-1] = Span(last.start, max(last.end, span.end), last.type)
            else:
                joined.append(span)
        for span in joined:
            if span.type != "AGE90" or _is_over_89(text[span.start : span.end]):
                yield span

    @torch.inference_mode()
    def _word_spans(self, text: str) -> Iterator[Span]:
        """Yield tokens that are part of an entity, grown to whole words."""
        if not text.strip():
            return
        encoded = self._tokenizer(
            text,
            truncation=True,
            max_length=self._window,
            stride=min(_OVERLAP, self._window // 4),
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding=True,
            return_tensors="pt",
        )
        inputs = {key: encoded[key] for key in ("input_ids", "attention_mask")}
        device = next(self._model.parameters()).device
        for first in range(0, len(inputs["input_ids"]), _WINDOWS_AT_ONCE):
            part = slice(first, first + _WINDOWS_AT_ONCE)
            logits = self._model(**{key: value[part].to(device) for key, value in inputs.items()}).logits
            classes = logits.argmax(-1).tolist()
            for row, offsets in zip(classes, encoded["offset_mapping"][part].tolist(), strict=True):
                for label, (start, end) in zip(row, offsets, strict=True):
                    kind = self._types[label]
                    if kind and start < end:
                        yield _whole_word(text, start, end, kind)


def _whole_word(text: str, start: int, end: int, kind: str) -> Span:
    """Return the span grown over the letters and digits around it, without blanks at its edges."""
    while start < end and text[start].isspace():
        start += 1
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return Span(start, end, kind)


def _is_over_89(age: str) -> bool:
    number = re.search(r"\d{2,3}", age)
    return number is not None and int(number[0]) > _OLDEST
