"""A model in a GGUF file, run by llama.cpp through the package llama-cpp-python, where it is installed.

A prompt's beginning that the last prompt had too is not read again, which is the whole instruction. All answers are
read in one batch behind the prompt, each a sequence of its own that shares the prompt's keys and values.
"""

import ctypes
import importlib
import importlib.util
import weakref
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nosology.errors import ModelError

PACKAGE = "llama_cpp"
_BATCH = 512  # tokens that are read at once
_MOST_SEQUENCES = 64  # answers that are read at once; llama.cpp takes 256 at most


class LlamaCppModel:
    """A model in a GGUF file; see `OutsideModel`."""

    def __init__(self, file: Path, *, n_tokens: int, n_threads: int | None = None) -> None:
        """Load the file.

        Args:
            file: In GGUF.
            n_tokens: The longest prompt together with all answers that are read at once.
            n_threads: Processors to use; None for those that torch would use.

        Raises:
            ModelError: llama-cpp-python is not installed, or llama.cpp does not read the file.
        """
        self._context: Any = None
        if importlib.util.find_spec(PACKAGE) is None:
            raise ModelError(
                "llama.cpp is not installed for this Python",
                place="--backend llama.cpp",
                hint="pip install llama-cpp-python (it compiles for minutes), or use --backend torch",
            )
        self._library: Any = importlib.import_module(PACKAGE)
        _silence(self._library)
        self._library.llama_backend_init()
        self._read: list[int] = []
        settings = self._library.llama_model_default_params()
        settings.use_extra_bufts = False  # 8 bits on AMX, which a virtual machine announces and may not have: SIGILL
        self._model = self._library.llama_model_load_from_file(str(file).encode(), settings)
        context = self._opened(n_tokens, n_threads) if self._model else None
        if not context:
            raise ModelError("llama.cpp does not read this file", place=str(file), hint="export the run again")
        vocabulary = self._library.llama_model_get_vocab(self._model)
        self._n_vocabulary = self._library.llama_vocab_n_tokens(vocabulary)
        self._memory = self._library.llama_get_memory(context)
        self._batch = self._library.llama_batch_init(_BATCH, 0, 1)
        self._context = context
        self._free = weakref.finalize(self, _free, self._library, self._batch, context, self._model)

    def _opened(self, n_tokens: int, n_threads: int | None) -> Any:
        import torch

        settings = self._library.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_ubatch = n_tokens, _BATCH, _BATCH
        settings.n_seq_max, settings.kv_unified = 1 + _MOST_SEQUENCES, True
        settings.n_threads = settings.n_threads_batch = n_threads or torch.get_num_threads()
        return self._library.llama_init_from_model(self._model, settings)

    def log_probs(self, prompt: Sequence[int], answers: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return the log-probability of each token of each answer, in nats.

        Args:
            prompt: Token ids.
            answers: Token ids of each.

        Raises:
            ModelError: llama.cpp could not read them.
        """
        first = self._read_prompt(list(prompt))
        found: list[list[float]] = []
        for block in _blocks(answers):
            rows = self._read_answers(len(prompt), block)
            for answer, own in zip(block, rows, strict=True):
                steps = [first, *own]
                found.append([float(row[token]) for row, token in zip(steps, answer, strict=True)])
        return found

    def close(self) -> None:
        """Free the memory that llama.cpp holds, which otherwise goes with the last who asks, or with the process."""
        if self._context:
            self._free()
            self._context = None

    def _read_prompt(self, prompt: list[int]) -> np.ndarray[Any, Any]:
        """Read what of a prompt is new; return the log-probabilities after it. Shape ``(vocabulary,)``."""
        same = 0
        most = min(len(prompt) - 1, len(self._read))  # the last token is always read, for what follows it
        while same < most and prompt[same] == self._read[same]:
            same += 1
        self._library.llama_memory_seq_rm(self._memory, 0, same, -1)
        self._read = prompt[:same]
        for start in range(same, len(prompt), _BATCH):
            part = prompt[start : start + _BATCH]
            is_end = start + len(part) == len(prompt)
            self._decode([(token, start + i, 0, is_end and i == len(part) - 1) for i, token in enumerate(part)])
            self._read += part
        return self._row(len(part) - 1)

    def _read_answers(self, n_prompt: int, answers: Sequence[Sequence[int]]) -> list[list[np.ndarray[Any, Any]]]:
        """Return the log-probabilities after each token of each answer but its last."""
        rows: list[tuple[int, int, int, bool]] = []
        places: list[range] = []
        for number, answer in enumerate(answers, start=1):
            self._library.llama_memory_seq_cp(self._memory, 0, number, -1, -1)
            own = [(token, n_prompt + i, number, True) for i, token in enumerate(answer[:-1])]
            places.append(range(len(rows), len(rows) + len(own)))
            rows += own
        if rows:
            self._decode(rows)
        found = [[self._row(i) for i in place] for place in places]
        for number in range(1, len(answers) + 1):
            self._library.llama_memory_seq_rm(self._memory, number, -1, -1)
        return found

    def _decode(self, rows: Sequence[tuple[int, int, int, bool]]) -> None:
        """Read tokens: each with its position, its sequence, and whether what follows it is asked for."""
        batch = self._batch
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, is_asked) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, is_asked
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequence
        status = self._library.llama_decode(self._context, batch)
        if status:
            self._read = []
            raise ModelError(f"llama.cpp could not read a prompt: status {status}", place="--backend llama.cpp")

    def _row(self, place: int) -> np.ndarray[Any, Any]:
        """Return normalized log-probabilities after a token of the last batch."""
        pointer = self._library.llama_get_logits_ith(self._context, place)
        logits = np.ctypeslib.as_array(pointer, shape=(self._n_vocabulary,)).astype(np.float64)
        logits -= logits.max()
        return np.asarray(logits - np.log(np.exp(logits).sum()))


def _free(library: Any, batch: Any, context: Any, model: Any) -> None:
    library.llama_batch_free(batch)
    library.llama_free(context)
    library.llama_model_free(model)


@cache
def _silence(library: Any) -> Any:
    """Keep llama.cpp from logging; what it calls instead is kept as long as the process, since C holds it as long."""
    callback = library.llama_log_callback(lambda _level, _text, _data: None)
    library.llama_log_set(callback, ctypes.c_void_p(0))
    return callback


def _blocks(answers: Sequence[Sequence[int]]) -> Iterator[Sequence[Sequence[int]]]:
    """Yield answers in blocks that fit one batch."""
    block: list[Sequence[int]] = []
    size = 0
    for answer in answers:
        if block and (len(block) == _MOST_SEQUENCES or size + len(answer) > _BATCH):
            yield block
            block, size = [], 0
        block.append(answer)
        size += len(answer)
    if block:
        yield block
