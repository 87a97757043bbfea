"""Works out hours, machines and memory for 10^5, 10^7 and 10^9 notes, and writes the page that says so.

Every rate is stated once, here, and either was measured, with the page and the words of it where it stands, or is
assumed, with the reason. A measured one whose words are no longer on its page stops the script, so the sums cannot
drift from what was measured. `docs/generate.py` writes the page and tells when it is stale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parent
SIZES = (100_000, 10_000_000, 1_000_000_000)
_CORES = 64
"""Of the machine that larger corpora are reckoned for."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Something that was measured or is assumed.

    Attributes:
        what: In words, with its unit.
        value: The figure.
        page: The page below ``docs`` that says so; empty where it is assumed.
        words: What stands there, or why it is assumed.
    """

    what: str
    value: float
    page: str
    words: str

    @property
    def row(self) -> str:
        """The rate as a row of the page's table."""
        source = f"measured: [{self.page}](../{self.page})" if self.page else f"**assumed**: {self.words}"
        return f"| {self.what} | {self.value:,g} | {source} |"


_EXPERIMENTS, _SPEED, _DEID = "experiments.md", "explanation/performance.md", "explanation/deidentification.md"
SHORT_WORDS = Rate("words in a short note", 75, _SPEED, "8 notes of 75 words")
LONG_WORDS = Rate("words in a discharge summary", 1_150, "", "the middle of the 800 to 1,500 that were trained on")
DEID = Rate("words de-identified a second, one core", 33_583, _DEID, "33,583 words a second")
SIGNING = Rate("milliseconds to sign a note, one core", 0.10, _EXPERIMENTS, ".30 → .10 ms a note")
SCORE_SHORT = Rate("short notes scored a second, two cores", 5.67, _EXPERIMENTS, "constrained scoring 5.67")
TRAIN_SHORT = Rate(
    "short notes trained on a second, two cores", 3.32, _SPEED, "| short | nosology as it comes (bfloat16) | 3.32 |"
)
TRAIN_LONG = Rate(
    "discharge summaries trained on a second, two cores", 0.081, _SPEED, "| long | nosology as it comes | 0.081 |"
)
SHORT_TOKENS = Rate("tokens of a short note, all told", 118, _EXPERIMENTS, "beside its 118 own")
LONG_TOKENS = Rate("tokens of a discharge summary", 1_800, "", "some 1.6 tokens a word, as in short notes")
SPREAD = Rate("speed kept when work is spread over more cores", 0.7, "", "two processes already lose a tenth each")
GPU = Rate(
    "operations a second of one GPU, in units of 10^12", 300, "", "a third of an H100's bfloat16 peak; none was run"
)
GPU_MODEL = Rate("parameters of the model on it, in units of 10^9", 3.2, "", "Llama 3.2 3B")
IDS = Rate("bytes of memory a note, while it is decided which stay", 600, "", "ids, digests and their sorted copies")
PAIR = Rate("share of notes that share a bucket with another", 0.1, "", "copied notes are common; corpora differ")
CANDIDATE = Rate("bytes of memory for each of those", 1_200, "", "a signature is 800 bytes, and its copies in tables")
WORK = Rate(
    "bytes on disk a short note while it is prepared", 1_600, "", "800 of signature, 320 of bands, text and ids"
)
RATES = tuple(value for value in list(globals().values()) if isinstance(value, Rate))


def check() -> None:
    """Make sure that every measured rate still stands on its page.

    Raises:
        SystemExit: One does not.
    """
    for rate in RATES:
        if rate.page and rate.words not in (DOCS / rate.page).read_text(encoding="utf-8"):
            raise SystemExit(f"docs/{rate.page} no longer says {rate.words!r}: mend docs/sums.py")


def page() -> str:
    """Return the page."""
    check()
    heads = " | ".join(f"{size:,} notes" for size in SIZES)
    table = [f"| | {heads} |", "|---|" + "---|" * len(SIZES)]
    for what, of in _sums():
        table.append(f"| {what} | " + " | ".join(of(size) for size in SIZES) + " |")
    rates = ["| rate | | |", "|---|---|---|", *(rate.row for rate in RATES)]
    return _TEXT.format(table="\n".join(table), rates="\n".join(rates), cores=_CORES)


def _sums() -> list[tuple[str, Callable[[int], str]]]:
    """Return each line of the sums: what it says, and how it follows from a number of notes."""
    score = 2 / SCORE_SHORT.value  # seconds of one core
    read_long, train_long = gpu_seconds(LONG_TOKENS.value, 2), gpu_seconds(LONG_TOKENS.value, 4)
    spread = _CORES * SPREAD.value
    return [
        ("prepare short notes, two cores", lambda n: _time(n * prepare_seconds(SHORT_WORDS.value) / 2)),
        (f"the same, {_CORES} cores", lambda n: _time(n * prepare_seconds(SHORT_WORDS.value) / spread)),
        (f"prepare summaries, {_CORES} cores", lambda n: _time(n * prepare_seconds(LONG_WORDS.value) / spread)),
        ("memory where it is decided which notes stay", lambda n: _bytes(n * memory_a_note())),
        ("disk for `_work`, short notes", lambda n: _bytes(n * WORK.value)),
        ("classify short notes, two cores", lambda n: _time(n * score / 2)),
        (f"the same, {_CORES} cores", lambda n: _time(n * score / spread)),
        ("machines of that size to do it in a week", lambda n: _machines(n * score / spread)),
        ("classify short notes, one GPU", lambda n: _time(n * gpu_seconds(SHORT_TOKENS.value, 2))),
        ("classify summaries, one GPU", lambda n: _time(n * read_long)),
        ("GPUs to do it in a week", lambda n: _machines(n * read_long)),
        ("train on short notes once, two cores", lambda n: _time(n / TRAIN_SHORT.value)),
        ("train on summaries once, two cores", lambda n: _time(n / TRAIN_LONG.value)),
        ("train on summaries once, one GPU", lambda n: _time(n * train_long)),
    ]


def prepare_seconds(n_words: float) -> float:
    """Return the seconds of one core that a note of so many words takes."""
    return n_words / DEID.value + SIGNING.value / 1e3 * n_words / SHORT_WORDS.value


def gpu_seconds(n_tokens: float, operations: int) -> float:
    """Return the seconds that a GPU takes for a note.

    Args:
        n_tokens: Of the note.
        operations: For each token and parameter: 2 to score, 4 to train an adapter.
    """
    return operations * GPU_MODEL.value * 1e9 * n_tokens / (GPU.value * 1e12)


def memory_a_note() -> float:
    """Return the bytes a note of the machine that decides which stay."""
    return IDS.value + PAIR.value * CANDIDATE.value


def _time(seconds: float) -> str:
    for unit, size, most in (("s", 1, 100), ("min", 60, 100), ("h", 3600, 72), ("days", 86_400, 730)):
        if seconds < most * size:
            return f"{_round(seconds / size)} {unit}"
    return f"{_round(seconds / 86_400 / 365)} years"


def _machines(seconds: float) -> str:
    return f"{max(1, -int(-seconds // (7 * 86_400))):,}"


def _bytes(n: float) -> str:
    unit, size = next(item for item in (("MB", 1e6), ("GB", 1e9), ("TB", 1e12)) if n < 1_000 * item[1])
    return f"{_round(n / size)} {unit}"


def _round(value: float) -> str:
    return f"{float(f'{value:.2g}'):,g}"


_TEXT = """# How much machine so many notes take

Worked out from the rates below by `docs/sums.py`, to two figures: an order of magnitude to plan with, not a promise.
No corpus of these sizes was run. Whether a rate was measured or is assumed stands beside it; a row of the sums is
worth no more than the weakest rate in it.

{table}

What follows from it:

- A hundred thousand short notes are a desktop's work; training on summaries wants a GPU.
- Ten million short notes are prepared by one machine of {cores} cores in minutes to hours, in one machine's memory.
  Reading them with a model is what takes machines, or a GPU.
- A thousand million notes take many machines for models alone. Deciding which notes stay needs one machine with the
  memory above, since ids of all notes are compared on it; where there is none, prepare parts that share no patient,
  and near-copies across them stay.
- Nobody needs to train on all of that: train on a sample of patients, and look at the learning curve before more is
  paid for.

On how to spread the work, see [Ray](../how-to/ray.md).

## Rates

{rates}

Two cores are those of an AMD EPYC with AVX-512 BF16, the model there the embedded one of 135 million parameters; one
of 3.2 thousand million takes some twenty-four times as long on them.
"""
