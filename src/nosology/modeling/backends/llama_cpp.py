"""A model in a GGUF file, run by llama.cpp through the package llama-cpp-python, where it is installed.

A prompt's beginning that the last prompt had too is not read again, which is the whole instruction. All answers are
read in one batch with the rest of the prompt, each a sequence of its own that shares the prompt's keys and values.

Llama.cpp multiplies a matrix of 8 bits by numbers that it rounds to 8 bits too, and that changes answers. Built with
BLAS it multiplies in float32 instead, but only where at least `_LEAST` tokens go through a matrix at once: so no batch
is smaller, and as many are asked for what follows them, since nothing else goes through the last layer's end.
"""

import ctypes
import importlib
import importlib.util
import os
import weakref
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nosology.errors import ModelError

PACKAGE = "llama_cpp"
_BATCH = 512  # tokens that are read at once
_LEAST = 32  # tokens; fewer do not go through BLAS (``min_batch`` of llama.cpp's ggml-blas.cpp)
_MOST_SEQUENCES = 64  # answers that are read at once; llama.cpp takes 256 at most
_WITH_BLAS = (
    "CMAKE_ARGS='-DGGML_BLAS=ON -DGGML_BLAS_VENDOR=OpenBLAS' pip install --force-reinstall --no-cache-dir --no-deps "
    "--no-binary llama-cpp-python llama-cpp-python"
)


class _Row(NamedTuple):
    """A token that is read.

    Attributes:
        token: Its id.
        position: Its place in its sequences.
        sequences: Which ones it is part of.
        is_asked: Whether what follows it is asked for.
    """

    token: int
    position: int
    sequences: Sequence[int]
    is_asked: bool


class LlamaCppModel:
    """A model in a GGUF file; see `OutsideModel`.

    Attributes:
        has_blas: Whether llama.cpp was built with BLAS.
        advice: What to try where it does not answer as the run does.
    """

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
        self.has_blas = has_blas(Path(str(self._library.__file__)).parent)
        self.advice = (
            "export it in 16 bits: --number-format f16"
            if self.has_blas
            else f"this llama.cpp was built without BLAS, so it rounds more than the file; build it anew: {_WITH_BLAS}"
        )
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
        self._batch = self._library.llama_batch_init(_BATCH, 0, 1 + _MOST_SEQUENCES)
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
        found: list[list[float]] = []
        for block in _blocks(answers):
            for steps, answer in zip(self._read_block(list(prompt), block), block, strict=True):
                found.append([float(row[token]) for row, token in zip(steps, answer, strict=True)])
        return found

    def close(self) -> None:
        """Free the memory that llama.cpp holds, which otherwise goes with the last who asks, or with the process."""
        if self._context:
            self._free()
            self._context = None

    def _read_block(self, prompt: list[int], answers: Sequence[Sequence[int]]) -> list[list[np.ndarray[Any, Any]]]:
        """Read what of a prompt is new, and answers behind it.

        Returns:
            For each answer the log-probabilities before each of its tokens, each of shape ``(vocabulary,)``.
        """
        same = self._n_kept(prompt)
        self._library.llama_memory_seq_rm(self._memory, -1, same, -1)
        for number in range(1, len(answers) + 1):
            self._library.llama_memory_seq_cp(self._memory, 0, number, -1, -1)
        everybody, last = range(len(answers) + 1), len(prompt) - 1
        rows = [_Row(prompt[i], i, everybody, i == last) for i in range(same, len(prompt))]
        places: list[list[int]] = []
        for number, answer in enumerate(answers, start=1):
            places.append([last - same, *range(len(rows), len(rows) + len(answer) - 1)])
            rows += [_Row(token, len(prompt) + i, (number,), True) for i, token in enumerate(answer[:-1])]
        self._read = []  # what is in memory while llama.cpp reads, or where it fails, is not known
        said = self._decode(rows)
        self._read = prompt
        return [[said[place] for place in own] for own in places]

    def _n_kept(self, prompt: list[int]) -> int:
        """Return how many of a prompt's first tokens need not be read again; at least `_LEAST` always are."""
        most = max(0, min(len(prompt) - _LEAST, len(self._read)))
        return next((i for i in range(most) if prompt[i] != self._read[i]), most)

    def _decode(self, rows: Sequence["_Row"]) -> dict[int, np.ndarray[Any, Any]]:
        """Read tokens, in pieces of one size; return what follows those that are asked, by their place."""
        found: dict[int, np.ndarray[Any, Any]] = {}
        batch = self._batch
        n_pieces = -(-len(rows) // _BATCH)
        ends = [len(rows) * piece // n_pieces for piece in range(n_pieces + 1)]
        for start, end in pairwise(ends):
            piece = rows[start:end]
            asked = [i for i, row in enumerate(piece) if row.is_asked]
            least = range(len(piece) - _LEAST if asked else len(piece), len(piece))
            batch.n_tokens = len(piece)
            for i, row in enumerate(piece):
                batch.token[i], batch.pos[i], batch.logits[i] = row.token, row.position, row.is_asked or i in least
                batch.n_seq_id[i] = len(row.sequences)
                for place, sequence in enumerate(row.sequences):
                    batch.seq_id[i][place] = sequence
            status = self._library.llama_decode(self._context, batch)
            if status:
                raise ModelError(f"llama.cpp could not read a prompt: status {status}", place="--backend llama.cpp")
            found |= {start + i: self._row(i) for i in asked}
        return found

    def _row(self, place: int) -> np.ndarray[Any, Any]:
        """Return normalized log-probabilities after a token of the last batch."""
        pointer = self._library.llama_get_logits_ith(self._context, place)
        logits = np.ctypeslib.as_array(pointer, shape=(self._n_vocabulary,)).astype(np.float64)
        logits -= logits.max()
        return np.asarray(logits - np.log(np.exp(logits).sum()))


def has_blas(package: Path) -> bool:
    """Return whether the llama.cpp that a package has was built with BLAS, which is a library beside it.

    Args:
        package: The folder of llama-cpp-python.
    """
    folder = Path(os.environ.get("LLAMA_CPP_LIB_PATH", package / "lib"))  # as the package itself looks
    return any(folder.glob("*ggml-blas*"))


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
