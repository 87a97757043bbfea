"""A library like llama_cpp, without its C: it remembers what was read, and what follows depends on all of it."""

import ctypes
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

N_TOKENS = 50
NAME = "a_library_like_llama_cpp"


def log_probs_after(tokens: Sequence[int]) -> np.ndarray[Any, Any]:
    """Return the log-probabilities of what follows tokens. Shape ``(N_TOKENS,)``."""
    logits = _logits_after(tokens).astype(np.float64)
    return np.asarray(logits - np.log(np.exp(logits).sum()))


def _logits_after(tokens: Sequence[int]) -> np.ndarray[Any, Any]:
    return np.random.default_rng(list(tokens)).normal(size=N_TOKENS).astype(np.float32)


class LlamaLibrary(ModuleType):
    """Keeps cells as llama.cpp does: tokens with their position, each part of some sequences.

    Attributes:
        folder: Where it lies.
        batches: Of each batch that was read, how many tokens it had and for how many was asked what follows.
        status: What reading gives back; 0 is well.
    """

    def __init__(self, folder: Path) -> None:
        """Lie in a folder.

        Args:
            folder: The package's.
        """
        super().__init__(NAME)
        self.__spec__, self.__file__, self.folder = ModuleSpec(NAME, None), str(folder / "__init__.py"), folder
        self.batches: list[tuple[int, int]] = []
        self.status = 0
        self._cells: list[tuple[int, int, set[int]]] = []
        self._said: dict[int, np.ndarray[Any, Any]] = {}
        self.llama_log_callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
        for name in ("log_set", "backend_init", "batch_free", "free", "model_free"):
            setattr(self, f"llama_{name}", lambda *_: None)
        for name in ("model_load_from_file", "init_from_model", "model_get_vocab", "get_memory"):
            setattr(self, f"llama_{name}", lambda *_: object())
        self.llama_model_default_params = self.llama_context_default_params = SimpleNamespace

    def llama_vocab_n_tokens(self, _vocabulary: object) -> int:
        """Return how many tokens there are."""
        return N_TOKENS

    def llama_batch_init(self, n: int, _embd: int, n_sequences: int) -> SimpleNamespace:
        """Return room for a batch."""
        columns = {name: [0] * n for name in ("token", "pos", "logits", "n_seq_id")}
        return SimpleNamespace(n_tokens=0, seq_id=[[0] * n_sequences for _ in range(n)], **columns)

    def llama_memory_seq_rm(self, _memory: object, sequence: int, start: int, end: int) -> None:
        """Forget cells from a position on, of all sequences."""
        assert (sequence, end) == (-1, -1)
        self._cells = [cell for cell in self._cells if cell[0] < start]

    def llama_memory_seq_cp(self, _memory: object, one: int, other: int, start: int, end: int) -> None:
        """Make the cells of one sequence part of another."""
        assert (start, end) == (-1, -1)
        for _, _, sequences in self._cells:
            sequences |= {other} if one in sequences else set()

    def llama_decode(self, _context: object, batch: SimpleNamespace) -> int:
        """Read a batch; each sequence has to go on where it ended."""
        if self.status:
            return self.status
        self._said = {}
        places = range(batch.n_tokens)
        for i in places:
            own = set(batch.seq_id[i][: batch.n_seq_id[i]])
            for sequence in own:
                assert sum(sequence in cell[2] for cell in self._cells) == batch.pos[i]
            self._cells.append((batch.pos[i], batch.token[i], own))
        for i in places:
            if batch.logits[i]:
                sequence, position = batch.seq_id[i][0], batch.pos[i]
                seen = [cell for cell in self._cells if sequence in cell[2] and cell[0] <= position]
                self._said[i] = _logits_after([token for _, token, _ in sorted(seen, key=lambda cell: cell[0])])
        self.batches.append((batch.n_tokens, len(self._said)))
        return 0

    def llama_get_logits_ith(self, _context: object, place: int) -> Any:
        """Return what follows a token of the last batch, for which that was asked."""
        return (ctypes.c_float * N_TOKENS)(*self._said[place])
