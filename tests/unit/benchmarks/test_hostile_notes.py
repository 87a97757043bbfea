"""No note costs more than its length: thirty and more shapes made to be slow, read with bounded work.

Two measures that know no clock. How many functions are called may at most double where a note doubles, which finds
loops within loops; and a child process reads all shapes within a limit of processor time that the kernel enforces, far
above what they take, which finds patterns that backtrack and copies that add up.
"""

import os
import resource
import subprocess
import sys
from typing import Any

from hostile_shapes import SHAPES
from nosology.deidentification import deidentify
from nosology.suggesting.sentences import sentences
from nosology.text.alignment import align
from nosology.text.cleaning import Cleaning, clean
from nosology.text.demands import find_demands
from nosology.text.sections import find_sections

HOW = Cleaning(
    deidentify=True,
    deidentify_style="surrogate",
    leak="strip",
    lowercase=True,
    strip_punctuation=False,
    min_words=0,
    max_words=None,
    with_signature=True,
)
CPU_SECONDS = 20
"""For all shapes together; they take about 5, and any one of them took longer before the work was bounded."""


def read(text: Any) -> None:
    clean(text, "p", HOW)
    align(text, HOW)
    sentences(text)
    find_sections(text)
    find_demands(text, ("Neoplasms", "Nervous System"))


def n_calls(text: Any) -> Any:
    """Return how many functions, of Python and of C, reading a note calls."""
    count = 0

    def seen(_frame: Any, event: Any, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        read(text)
    finally:
        sys.setprofile(None)
    return count


def test_every_shape_has_the_length_it_was_asked_for() -> None:
    assert len(SHAPES) >= 30
    assert {name: len(make(1000)) for name, make in SHAPES.items()} == dict.fromkeys(SHAPES, 1000)


def test_a_note_twice_as_long_takes_at_most_twice_the_calls() -> None:
    """A quarter more is for what stands at a note's edges; work that grows with the square would be four times."""
    grown = {}
    for name, make in SHAPES.items():
        read(make(1600))  # what is remembered of words is remembered now
        shorter, longer = n_calls(make(800)), n_calls(make(1600))
        grown[name] = longer / shorter
    assert {name: ratio for name, ratio in grown.items() if ratio > 2.6} == {}


def test_all_shapes_are_read_within_a_bounded_processor_time() -> None:
    """Runs this file as a program, so that the kernel can end what no check between steps could."""
    done = subprocess.run(
        [sys.executable, __file__],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS)),
    )
    assert done.returncode == 0, f"ended while it read {done.stdout.splitlines()[-1:]}: {done.stderr[-500:]}"


def test_names_found_by_completing_are_the_same_as_before_for_a_name_of_three_words() -> None:
    """Completion still goes on from what it completed, a bounded number of times."""
    text = "Seen by Dr. Kowalski. Then Niamh Oyelaran Kowalski left, and Kowalski was called."
    found = [text[span.start : span.end] for span in deidentify(text).spans]
    assert found == ["Kowalski", "Niamh Oyelaran Kowalski", "Kowalski"]


if __name__ == "__main__":
    for name, make in SHAPES.items():
        print(name, flush=True)
        read(make(5_000))
