"""What the worker keeps beside the engine's books while it chats: snapshots of caches that cannot go back by themselves.

Only V4's cache among those planned here forgets (a window of plain tokens, running states of its compressors). What is kept
when, and why, is in engine/worker/checkpoints.py; here is how large it gets. All results are bytes of RAM.
"""

from __future__ import annotations

from launcher.core.models import KvLayout, ModelFacts
from launcher.core.plans import MOST_CHECKPOINT_BYTES, MOST_CHECKPOINTS
from launcher.planner.memory import KV_TYPE_BYTES

# What llama.cpp 0c1e57098 writes around the numbers: the whole (llama_context::state_seq_get_size and
# llama_kv_cache_dsv4::state_write: 2 and 3 words), the windowed cache (llama_kv_cache::state_write: the number of streams, one
# word for each, then for the one that is the conversation's 2 words, 12 bytes a layer and 12 a token), and each of three
# compressor states (llama_dsv4_comp_state::state_write: 6 words, and a word and two tensors of 28 bytes for each layer).
_WORD = 4
_WHOLE = 5 * _WORD
_WINDOW, _WINDOW_LAYER, _WINDOW_TOKEN = 3 * _WORD, 12, 12
_STATES, _STATE_LAYER = 3 * 6 * _WORD, _WORD + 2 * 28


def checkpoint_bytes(facts: ModelFacts, kv_type: str, n_parallel: int = 1) -> int:
    """One snapshot of a conversation that is longer than the window; 0 where the cache goes back by itself.

    The plain rows of the window in every layer, and the states in single precision: 4:1 layers keep keys and scores of 8 rows,
    two heads wide, of the cache and of the indexer, 128:1 layers those of 128 rows (src/llama-kv-cache-dsv4.cpp).
    """
    h = facts.hyper
    if facts.kv_layout is not KvLayout.COMPRESSED:
        return 0
    by_4, by_128 = h.compress_ratios.count(4), h.compress_ratios.count(128)
    row = int(h.head_dim_k * KV_TYPE_BYTES[kv_type])
    window = (
        _WINDOW + n_parallel * _WORD + h.n_layer * _WINDOW_LAYER + h.sliding_window * (_WINDOW_TOKEN + h.n_layer * row)
    )
    rows_4 = by_4 * 2 * 8 * 2 * (h.head_dim_k + h.indexer_head_dim)
    states = _STATES + (2 * by_4 + by_128) * _STATE_LAYER + 4 * (rows_4 + by_128 * 2 * 128 * h.head_dim_k)
    return _WHOLE + window + states


def kept_bytes(facts: ModelFacts, kv_type: str, n_parallel: int = 1) -> int:
    """All snapshots of all conversations at once, when there are as many as are ever kept."""
    size = checkpoint_bytes(facts, kv_type, n_parallel)
    return n_parallel * most_kept(size, n_parallel) * size


def most_kept(size_bytes: int, n_parallel: int) -> int:
    """Snapshots of one conversation: the answers at once share the bytes, and one that is larger than its share is not kept."""
    return min(MOST_CHECKPOINTS, MOST_CHECKPOINT_BYTES // n_parallel // size_bytes) if size_bytes else 0
