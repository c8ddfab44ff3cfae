"""What a quantisation's weights are made of, and how fast a device reads such a mixture by what was measured on it."""

from __future__ import annotations

# Tensor types of a file by its name, with their share of the bytes that a token reads (llama-quantize's recipes, rounded).
_TYPES_OF_QUANT: tuple[tuple[tuple[str, ...], tuple[tuple[str, float], ...]], ...] = (
    (("F32",), (("f32", 1.0),)),
    (("BF16",), (("bf16", 1.0),)),
    (("F16",), (("f16", 1.0),)),
    (("Q8",), (("q8_0", 1.0),)),
    (("Q6",), (("q6_k", 1.0),)),
    (("Q5_K",), (("q5_k", 0.75), ("q6_k", 0.25))),
    (("Q4_K", "DQ"), (("q4_k", 0.7), ("q6_k", 0.3))),
    (("Q3_K",), (("q3_k", 0.7), ("q4_k", 0.2), ("q6_k", 0.1))),
    (("Q2_K",), (("q2_k", 0.6), ("q3_k", 0.3), ("q6_k", 0.1))),
    (("Q4_0", "Q4_1", "Q5_0", "Q5_1"), (("q4_0", 0.9), ("q6_k", 0.1))),
    (("IQ4_NL",), (("iq4_nl", 0.9), ("q6_k", 0.1))),
    (("IQ4",), (("iq4_xs", 0.9), ("q6_k", 0.1))),
    (("MXFP4",), (("mxfp4", 0.7), ("q8_0", 0.3))),
    (("IQ3",), (("iq3_s", 0.8), ("q5_k", 0.2))),
    (("IQ2",), (("iq2_xs", 0.8), ("q5_k", 0.2))),
    (("IQ1", "TQ1", "TQ2"), (("iq1_s", 0.8), ("q5_k", 0.2))),
)
_DEFAULT_TYPES = (("q4_k", 0.7), ("q6_k", 0.3))


def _bare(quant: str) -> str:
    return quant.upper().removeprefix("UD-").removeprefix("AD-")


def class_of(quant: str) -> str:
    """Kernels of one class cost alike per byte."""
    name = _bare(quant)
    if name.startswith(("IQ1", "IQ2", "IQ3", "TQ1", "TQ2")):
        return "iq"
    if name.startswith(("F16", "BF16", "F32")):
        return "float"
    if name.startswith(("Q2", "Q3")):
        return "low_k"
    return "q8" if name.startswith("Q8") else "k"


def measured_bandwidth(rates: dict[str, float], quant: str, rate_of_class: dict[str, float]) -> float | None:
    """Bytes per second for a file's mixture of types; None when nothing was measured.

    A type that was not measured is as fast as the measured one of its class, else as the nearest class by the ratio of
    the classes' usual rates, and never faster than the fastest measured.
    """
    known = {name: rate for name, rate in rates.items() if rate > 0}
    if not known:
        return None
    name = _bare(quant)
    mixture = next((types for starts, types in _TYPES_OF_QUANT if name.startswith(starts)), _DEFAULT_TYPES)
    return 1.0 / sum(share / _rate_of_type(known, kind, rate_of_class) for kind, share in mixture)


def _rate_of_type(known: dict[str, float], kind: str, rate_of_class: dict[str, float]) -> float:
    if kind in known:
        return known[kind]
    wanted = class_of(kind)
    alike = [rate for other, rate in known.items() if class_of(other) == wanted]
    if alike:
        return min(alike)
    nearest = min(known, key=lambda other: abs(rate_of_class[class_of(other)] - rate_of_class[wanted]))
    scaled = known[nearest] * rate_of_class[wanted] / rate_of_class[class_of(nearest)]
    return min(scaled, max(known.values()))
