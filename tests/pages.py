"""Shell commands of the documentation's pages: which there are, and how each runs at a tiny size."""

import dataclasses
import re
from pathlib import Path

from installed import EXTRAS

_BLOCK = re.compile(r"^```(?:console|bash|sh)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)

NOT_RUN = {
    r"pip (install|download) ": "network",
    r"hf download ": "network",
    r"make demo$": "network; `test_readme_commands` runs the demo",
    r"nosology demo$": "ten minutes; `test_readme_commands` runs it",
    r"python scripts/starter/(ontology|medquad)\.py ": "their publishers' files; `scripts/test_starter` has small ones",
    r"nosology course --out runs/more --file ": "the files that the two lines before it write",
    r"python scripts/starter/pack\.py ": "a clone's script over a real starter; `test_pack` has a tiny one",
    r"python3 scripts/gpu/": "a GPU; `test_gpu_drivers` runs them small",
    r"python benchmarks/train\.py ": "a GPU; `test_train_benchmark` runs it small",
    r"vllm serve ": "vLLM; `backends/test_server` speaks its protocol",
    r".* --backend server ": "vLLM; `backends/test_server` speaks its protocol",
    r".* --backend llama\.cpp ": "llama.cpp, which compiles for minutes; `backends/test_llama_cpp` has its prompts",
    r".* --engine ray$": "Ray; `test_ray` runs it where it is installed",
}
"""Commands that do not run here, by a pattern, each with what is missing and the test that comes nearest."""

LARGE = r" --config (paper|mimic3)\b"
TINY = (
    " --set model.name=models/tiny --set model.dtype=float32 --set model.max_note_tokens=64"
    " --set model.scoring=constrained --set train.lora_r=2"
)
SMALL = " --set train.max_steps=1 --set evaluate.bootstrap_samples=100 --set evaluate.robustness_notes=2"
SIZES = {
    r"( --phrases) \d+": r"\1 36",
    r"( --notes) \d+": r"\1 6",
    r"(train\.course\.phrases)=\d+": r"\1=36",
    r"(train\.course\.notes)=\d+": r"\1=6",
    r"--trials \d+": "--trials 2",
    r"--nproc-per-node 4": "--nproc-per-node 2",
    r"--host 0\.0\.0\.0": "--host 127.0.0.1",
    r"^torchrun": "python -m torch.distributed.run",
}
"""What is written smaller, or kept on this machine, before a command runs."""


@dataclasses.dataclass(frozen=True)
class Command:
    """A command of a page.

    Attributes:
        written: As the page has it.
        prints: What the page says that it prints; None where it says nothing.
    """

    written: str
    prints: str | None = None

    @property
    def missing(self) -> str | None:
        """What it would need that is not here; None where it runs."""
        return next((reason for pattern, reason in NOT_RUN.items() if re.match(pattern, self.written)), None)

    def at_a_tiny_size(self) -> str:
        """Return the same command over little data, and with a tiny model where the page has one of 3B parameters."""
        words = self.written.partition("  #")[0].strip()
        for pattern, smaller in SIZES.items():
            words = re.sub(pattern, smaller, words)
        trains = re.search(r"(^|-m )nosology (train|course|tune) ", words)
        if trains:
            words += SMALL
        if re.search(LARGE, words) and (trains or words.startswith("nosology doctor")):
            words += TINY
        return words


def commands_of(page: str) -> list[Command]:
    """Return the commands of a page's shell blocks, in order; lines that are continued are one."""
    found = []
    for block in _BLOCK.findall(page):
        if block.startswith("$ "):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                written, _, prints = part.partition("\n")
                found.append(Command(written, prints))
        else:
            lines = re.sub(r"\\\n *", "", block).splitlines()
            found += [Command(line) for line in lines if line.partition("#")[0].strip()]
    return found


def extras_of(page: str) -> frozenset[str]:
    """Return the extras for users that a page says to install."""
    named = re.findall(r"(?:nosology|\.)\[([a-z,]+)\]", page)
    return EXTRAS & {extra for names in named for extra in names.split(",")}


def pages(root: Path) -> list[Path]:
    """Return README and the pages below `docs` that have shell commands."""
    candidates = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return [page for page in candidates if commands_of(page.read_text(encoding="utf-8"))]
