"""The page that a reader of an export sees first: what it is, how it is used, what was proved, what is not in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from nosology.export.models.comparing import Comparison
from nosology.export.models.layout import Target
from nosology.export.models.licences import Licence
from nosology.export.models.origin import AGREEMENT, MIMIC, UNKNOWN
from nosology.export.models.word_models import WordModels
from nosology.runs.run import Run

_USE = {
    ("adapter", "answer"): """from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base = AutoModelForCausalLM.from_pretrained(BASE)  # {base}
model = PeftModel.from_pretrained(base, FOLDER)
tokenizer = AutoTokenizer.from_pretrained(FOLDER)""",
    ("adapter", "classification"): """from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

base = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels={n})  # {base}
model = PeftModel.from_pretrained(base, FOLDER)
tokenizer = AutoTokenizer.from_pretrained(FOLDER)  # puts the prompt around a note""",
    ("merged", "answer"): """from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained(FOLDER)
tokenizer = AutoTokenizer.from_pretrained(FOLDER)""",
    ("merged", "classification"): """from transformers import pipeline

classify = pipeline("text-classification", FOLDER)  # its tokenizer puts the prompt around a note
classify("Crushing chest pain and raised troponin.", top_k=3)""",
    ("gguf", "answer"): """# llama.cpp, or
from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained(FOLDER, gguf_file="{file}")""",
}
_LIBRARY = {"adapter": "peft", "merged": "transformers", "gguf": "gguf"}

_PAGE = """---
language: en
license: {licence}
library_name: {library}
base_model: {base}
pipeline_tag: {task}
tags: [clinical-notes, icd, nosology]
---

# {name}

Puts a clinical note into one of {n} categories: {categories}. Made of {base} by
nosology from {n_notes:,} notes. **Not a medical device.**

## Use

```python
{use}
```

{words_around}

The notes it learned from were prepared: {prepared}; prepare yours alike.
Raw scores are no honest probabilities; `nosology/calibration.json` holds what makes them so, where the run had one.

## Proof

Loaded by its target's own libraries alone, in a fresh process, it was asked about {found.n} invented notes beside
the run:

| number format | largest difference of a probability | mean | other answers | tolerated |
|---|---|---|---|---|
| {number_format} | {found.largest:.2g} | {found.mean:.2g} | {found.n_changed} | {found.tolerance:g} |

`nosology verify` on this folder repeats it.

## What is not in it

No note and no id. The answers are those of the tuned model alone. {words}
Weights can still tell whether a note was among those it learned from.

## Whose notes, and licence

{whose}

{notice}
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page tells beside the run.

    Attributes:
        name: Of the export.
        base: Name of the base model.
        number_format: Of the weights.
        licence: The base model's.
        sources: Where the run's notes came from.
        found: The gate's figures.
        words: What left of the run's word models.
        word_patients: Patients that share each of their words.
    """

    name: str
    base: str
    number_format: str
    licence: Licence
    sources: Collection[str]
    found: Comparison
    words: WordModels
    word_patients: int


def card_of(run: Run, to: Target, questions: Mapping[str, Any], facts: Facts) -> str:
    """Return the page of an export as Markdown.

    Args:
        run: The run.
        to: What it was written as.
        questions: What it was asked.
        facts: What else there is to tell.
    """
    head = questions["head"]
    n = len(questions["categories"])
    return _PAGE.format(
        licence=facts.licence.name,
        library=_LIBRARY[to],
        base=facts.base,
        task="text-classification" if head == "classification" else "text-generation",
        name=facts.name,
        n=n,
        categories=", ".join(questions["categories"]),
        n_notes=run.manifest.n_train_notes,
        use=_USE[to, head].format(n=n, base=facts.base, file=questions.get("gguf_file")),
        words_around=_words_around(head),
        prepared=_prepared(run),
        found=facts.found,
        number_format=facts.number_format,
        words=_words(facts.words, facts.word_patients),
        whose=_whose(facts.sources),
        notice=f"{facts.licence.notice} {facts.licence.asks}".strip(),
    )


def _words(words: WordModels, least: int) -> str:
    """Return which words of notes are in the folder, and what leaving the others out costs."""
    of_phrases = (
        "`nosology/words` holds the run's linear model, which learned from published phrases and from no note. "
        if words.has_phrases_alone
        else ""
    )
    if not words.costs:
        return f"{of_phrases}No word of a note is in it{f', since {words.why_not}' if words.why_not else ''}."
    told = "; ".join(cost.told for cost in words.costs)
    return (
        f"{of_phrases}`nosology/words` holds what the run knows of words of notes, and of those only the ones that the "
        f"notes of {least} patients or more share: {told}."
    )


def _words_around(head: str) -> str:
    if head == "classification":
        return "transformers cuts too long a note at its end, where nosology leaves out what tells least."
    return (
        "A category is as likely as its name after the prompt: `nosology/questions.json` holds the messages for the "
        "chat template and the date to render it with; instruction, note and what follows it are cut into tokens apart."
    )


def _prepared(run: Run) -> str:
    preparation = run.manifest.dataset.preparation
    steps = {
        "identifiers replaced": preparation.deidentify,
        "lower case": preparation.lowercase,
        "punctuation taken out": preparation.strip_punctuation,
        "sections that state the diagnosis left out": preparation.leak == "strip",
    }
    return ", ".join(what for what, is_done in steps.items() if is_done) or "taken as they were written"


def _whose(sources: Collection[str]) -> str:
    if set(sources) & set(MIMIC):
        return f"The notes came from files of MIMIC's format. {AGREEMENT}."
    if UNKNOWN in sources:
        return "Nobody recorded whose notes they were; treat this as you would treat the notes."
    return f"The notes came from: {', '.join(sorted(sources))}. Treat this as you treat the notes."
