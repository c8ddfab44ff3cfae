"""The small models whose logits tell whether a device computes rightly: true shapes, weights that make every part count.

Random blocks (calibration_models.py) are good enough to be timed, but what they compute hardly depends on most of them. Here each
matrix keeps the size of what goes through it (uniform weights of variance 1 / row length, norms near 1), so that a fault anywhere
reaches the logits. The choice of experts does not hang by a thread: a bias sets the chosen ones apart by more than any rounding.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

from launcher.catalog.ggml_types import GGML_TYPES
from launcher.engine.calibration_models import ProbeModel, Tensor

N_PROMPT = 40
"""More than 32: large batches go other ways through the backends than single tokens."""
N_SINGLE = 4
N_CTX = 256

_BLOCK_BYTES = {kind.name.lower(): kind.block_bytes for kind in GGML_TYPES.values()}
_BLOCK_ELEMENTS = {kind.name.lower(): kind.block_elements for kind in GGML_TYPES.values()}
# A prime: rows, whose lengths are powers of two, then differ.
_CHUNK_ELEMENTS = 65_537
_CHUNK_BLOCKS = 509


@dataclass(frozen=True, slots=True)
class CheckCase:
    """One model and how far a device's logits may be from the processor's.

    Attributes:
        key: names it in a report and its file.
        tolerance: of |difference| / |logits|, over all rows. Devices round differently: 10 bits of mantissa in tensor cores,
            half-precision sums, activations in 8 bits in blocks of another length. Seen: 0.2 % for F32, 2 % for Q4_K and 4 % with an
            8-bit cache between ggml's Vulkan and the processor; a tensor that is lost is 8 % and more.
    """

    key: str
    model: ProbeModel
    tolerance: float
    kv_type: str = "f16"

    @property
    def is_latent(self) -> bool:
        """Latent attention (MLA): one row of 576 numbers per token, which has kernels of its own."""
        return self.model.n_expert > 0


def _dense(quant: str) -> ProbeModel:
    return ProbeModel(quant, n_layer=2, n_embd=512, n_ff=1024, n_head=8, n_head_kv=2)


def _mla(quant: str) -> ProbeModel:
    return ProbeModel(
        quant,
        n_layer=2,
        n_embd=256,
        n_ff=256,
        n_head=16,
        n_expert=8,
        n_expert_used=4,
        nope_dim=128,
        value_dim=128,
    )


CASES: tuple[CheckCase, ...] = (
    CheckCase("dense F32", _dense("f32"), 0.02),
    CheckCase("dense Q4_K", _dense("q4_k"), 0.08),
    CheckCase("dense Q6_K, Q8_0 cache", _dense("q6_k"), 0.1, kv_type="q8_0"),
    CheckCase("MLA and experts F16", _mla("f16"), 0.04),
    CheckCase("MLA and experts Q8_0", _mla("q8_0"), 0.08),
)


def sound_weights(seed: int = 5) -> Callable[[Tensor], bytes]:
    """Makes tensors' bytes, the same ones for the same seed and order."""
    return _Maker(seed).content


class _Maker:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - weights, not secrets
        self._chunks: dict[tuple[str, int], bytes] = {}

    def content(self, tensor: Tensor) -> bytes:
        name, dims, kind = tensor
        if len(dims) == 1:
            return self._vector(name, dims[0])
        count = math.prod(dims)
        size = count // _BLOCK_ELEMENTS[kind] * _BLOCK_BYTES[kind]
        chunk = self._chunk(kind, dims[0])
        start = self._random.randrange(len(chunk) // _BLOCK_BYTES[kind]) * _BLOCK_BYTES[kind]
        turned = chunk[start:] + chunk[:start]
        return (turned * (size // len(turned) + 1))[:size]

    def _vector(self, name: str, count: int) -> bytes:
        if name.endswith("exp_probs_b.bias"):
            chosen = self._random.sample(range(count), count // 2)
            # The routers' scores are between 0 and 1: 2 more than another always wins.
            values = [2.0 if i in chosen else 0.0 for i in range(count)]
        else:
            values = [self._random.uniform(0.8, 1.2) for _ in range(count)]
        return struct.pack(f"<{count}f", *values)

    def _chunk(self, kind: str, row: int) -> bytes:
        """Random blocks of variance 1 / row."""
        key = (kind, row)
        if key not in self._chunks:
            deviation = 1 / math.sqrt(row)
            if kind in ("f16", "f32"):
                reach = deviation * math.sqrt(3)
                values = [self._random.uniform(-reach, reach) for _ in range(_CHUNK_ELEMENTS)]
                self._chunks[key] = struct.pack(f"<{len(values)}{'e' if kind == 'f16' else 'f'}", *values)
            else:
                block = {"q8_0": self._q8_0, "q6_k": self._q6_k, "q4_k": self._q4_k}[kind]
                self._chunks[key] = b"".join(block(deviation) for _ in range(_CHUNK_BLOCKS))
        return self._chunks[key]

    # Block layouts: ggml-common.h of llama.cpp. The scales are such that uniform random integers have the wanted deviation,
    # and stay away from half-precision's subnormal numbers, which some devices take for 0.

    def _q8_0(self, deviation: float) -> bytes:
        return struct.pack("<e", deviation / 73.9) + self._random.randbytes(32)

    def _q6_k(self, deviation: float) -> bytes:
        scales = struct.pack("<16b", *(self._random.randint(-16, 15) for _ in range(16)))
        return self._random.randbytes(128 + 64) + scales + struct.pack("<e", deviation / (9.2 * 18.5))

    def _q4_k(self, deviation: float) -> bytes:
        # d * scale * q - dmin * minimum, both 6-bit: dmin = 7.5 d makes the mean 0.
        d = deviation / 258
        return struct.pack("<2e", d, 7.5 * d) + self._random.randbytes(12 + 128)
