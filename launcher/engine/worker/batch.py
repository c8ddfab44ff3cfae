"""One reusable llama_batch: tokens of several sequences for one call of `llama_decode`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from launcher.engine.worker.binding import Binding


class Batch:
    """Room for `n_batch` tokens, allocated once. Free it with `free`."""

    def __init__(self, binding: Binding, n_batch: int) -> None:
        self._llama = binding.llama
        self.native: Any = binding.llama.llama_batch_init(n_batch, 0, 1)
        self._n_batch = n_batch
        self._n_tokens = 0
        # ctypes makes a new object for every look at a field: looked up once.
        native = self.native
        self._token, self._pos, self._seq_id, self._logits = native.token, native.pos, native.seq_id, native.logits
        for i in range(n_batch):
            native.n_seq_id[i] = 1

    def __len__(self) -> int:
        return self._n_tokens

    @property
    def room(self) -> int:
        """Tokens that still go in."""
        return self._n_batch - self._n_tokens

    def clear(self) -> None:
        """Empty it."""
        self._n_tokens = self.native.n_tokens = 0

    def add(self, tokens: Sequence[int], position: int, sequence: int, wanted: int = 1) -> int:
        """Put in the next tokens of a sequence.

        Args:
            tokens: at most `room`.
            position: of the first one.
            sequence: whose they are.
            wanted: for how many of the last ones logits are wanted.

        Returns:
            The index in the batch of the first token whose logits are wanted.
        """
        start = self._n_tokens
        first_wanted = start + len(tokens) - wanted
        for i, token in enumerate(tokens, start):
            self._token[i] = token
            self._pos[i] = position + i - start
            self._seq_id[i][0] = sequence
            self._logits[i] = i >= first_wanted
        self._n_tokens = self.native.n_tokens = start + len(tokens)
        return first_wanted

    def free(self) -> None:
        """Give the memory back."""
        self._llama.llama_batch_free(self.native)
