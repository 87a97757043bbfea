"""What a base model's licence asks of whoever passes on what was made of it: notice, name, and the texts themselves."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nosology.errors import ModelError
from nosology.modeling.loading import PAPERS

_LLAMA_3 = re.compile(r"llama[-_ ]?3(?:[._](?P<minor>\d))?(?!\d)", re.IGNORECASE)
_LLAMA_3_TOKENS = ("<|begin_of_text|>", "<|start_header_id|>", "<|eot_id|>")


@dataclass(frozen=True, slots=True)
class Licence:
    """A base model's licence.

    Attributes:
        name: As the Hub has it; ``other`` where nobody knows.
        notice: What has to stand in every copy.
        prefix: What the name of everything made of the model has to begin with.
        asks: What it asks besides, for the card.
    """

    name: str
    notice: str
    prefix: str = ""
    asks: str = ""


def licence_of(name: str, base: Path, tokenizer: Any) -> Licence:
    """Return the licence of a base model: by its name, by the papers beside it, or by the tokenizer of its family.

    Args:
        name: As the run has it.
        base: Its folder.
        tokenizer: Its tokenizer.
    """
    if name == "embedded:smollm2-135m-instruct":
        return Licence("apache-2.0", "SmolLM2-135M-Instruct, Copyright Hugging Face, under the Apache License 2.0.")
    own = Path(name).name  # not the folders above it, whose names say nothing of this model
    found = _LLAMA_3.search(own) or next((match for paper in papers(base) if (match := _named_in(paper))), None)
    if found or tokenizer.get_vocab().keys() >= set(_LLAMA_3_TOKENS):
        return _llama_3(found["minor"] if found else None)
    return Licence("other", f"Made from {base.name}: its licence and notices hold for this copy, too.")


def _named_in(paper: Path) -> re.Match[str] | None:
    return _LLAMA_3.search(paper.read_text(encoding="utf-8", errors="replace"))


def _llama_3(minor: str | None) -> Licence:
    version = f"3.{minor}" if minor else "3"
    owner = "Llama" if minor else "Meta Llama"
    return Licence(
        f"llama{version}",
        f"{owner} {version} is licensed under the {owner} {version} Community License, Copyright © Meta Platforms, "
        "Inc. All Rights Reserved.",
        prefix=f"Llama-{version}-",
        asks=f"Built with {owner} {version}. Whoever passes this on adds a copy of that licence, shows “Built "
        f"with {owner}”, lets the name of every model made of it begin with “Llama”, and keeps to its "
        "acceptable use policy.",
    )


def papers(base: Path) -> list[Path]:
    """Return the licences and notices in a model's folder."""
    return sorted({path for pattern in PAPERS for path in base.glob(pattern) if path.is_file()})


def model_name(licence: Licence, run_name: str, wanted: str | None) -> str:
    """Return the name of an export.

    Args:
        licence: The base model's.
        run_name: The run's.
        wanted: What the user calls it; None to make one up.

    Raises:
        ModelError: The licence asks for a name that begins otherwise.
    """
    if wanted is None:
        return licence.prefix + run_name
    family = licence.prefix.partition("-")[0]
    if not wanted.startswith(family):
        raise ModelError(
            f"the base model's licence asks for a name that begins with {family!r}",
            place="--name",
            hint=f"for instance {licence.prefix}{run_name}",
        )
    return wanted


def write_papers(folder: Path, base: Path, licence: Licence) -> bool:
    """Write the notice, and copy the base model's papers; return whether its licence is among them.

    Args:
        folder: Where to.
        base: Folder of the base model.
        licence: The base model's.
    """
    found = papers(base)
    for paper in found:
        shutil.copyfile(paper, folder / f"BASE_MODEL_{paper.name}")
    (folder / "NOTICE").write_text(f"{licence.notice}\n{licence.asks}\n".replace("\n\n", "\n"), encoding="utf-8")
    return any(paper.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")) for paper in found)
