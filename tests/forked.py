"""Commands in a process of their own, without the seconds that importing torch and transformers takes each time.

A server process has imported them once and forks for every command; it goes when the tests end.
"""

import gc
import itertools
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nosology.cli import main

Process = Any
"""A process of the fork server's context, whose class has no public name."""


@dataclass(frozen=True)
class Renames:
    """What happens in place of a command's renames of files and folders.

    Attributes:
        last: The process dies without warning in place of this one, counted from 0; none kills it without.
        watched: Folder that is copied before each.
        kept: Folder for the copies, which are named 000, 001, ...
    """

    last: int | None = None
    watched: Path | None = None
    kept: Path = Path()

    def heed(self) -> None:
        """See to it in this process."""
        real, numbers = os.replace, itertools.count()

        def replace(*arguments: Any, **named: Any) -> None:
            number = next(numbers)
            if number == self.last:
                os.kill(os.getpid(), signal.SIGKILL)
            if self.watched:
                shutil.copytree(self.watched, self.kept / f"{number:03}")
            real(*arguments, **named)

        module: Any = os
        module.replace = replace


def start(*words: object, said: Path | None = None, renames: Renames = Renames(), **environment: str) -> Process:
    """Start a command and return its process.

    Args:
        words: What stands behind `nosology` on the command line.
        said: File for what it prints and logs; nothing is kept without one.
        renames: What happens in place of its renames.
        environment: Variables that it has beside this process's own.
    """
    arguments = ([str(word) for word in words], said or Path(os.devnull), renames, dict(os.environ) | environment)
    return start_function(_work, *arguments)


def start_function(function: Callable[..., None], *arguments: object) -> Process:
    """Start a function of a module, with arguments that can be pickled, and return its process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["nosology.training.workflow", "transformers.trainer", "nosology.classifier.classifier", "peft.tuners.lora"]
    )
    process = context.Process(target=_call, args=(function, *arguments))
    process.start()
    return process


def _call(function: Callable[..., None], *arguments: object) -> None:
    gc.freeze()  # what the server process has loaded is no garbage, and every training has garbage collected
    function(*arguments)


def status_of(process: Process) -> int:
    """Wait for a command's end and return its exit status; that of a killed one is negative."""
    process.join()
    return int(process.exitcode or 0)


def run(*words: object, **more: Any) -> int:
    """Run a command and return its exit status, with the options of `start`."""
    return status_of(start(*words, **more))


def _work(words: list[str], said: Path, renames: Renames, environment: Mapping[str, str]) -> None:
    import torch

    os.environ.clear()
    os.environ.update(environment)
    torch.set_num_threads(1)
    renames.heed()
    sys.argv = ["nosology", *words]
    sys.stdout = sys.stderr = said.open("w", encoding="utf-8", buffering=1)
    main()
