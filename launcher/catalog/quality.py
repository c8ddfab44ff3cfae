"""What a quantisation costs in answers: measured figures where somebody measured, else carried over and said so.

Tables and their sources: resources/catalog/quality.json. Task accuracy counts most; perplexity and KLD become an
expected task loss through the factors given there with their reason. Words: up to 0.5 % "no loss", up to 3 % "slight
loss", below 10 % "clear loss", from 10 % "strong loss".
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

from launcher.core.models import Quant, QuantQuality
from launcher.core.paths import resource
from launcher.core.words import say

_LARGE_DENSE_PARAMS = 25e9
# Plain (not dynamic) recipes of the 671B and 236B models at 2 bits lost 12 and 14 % on nine tests (V3, V3-0324 Q2_K_L).
_LARGE_EMBEDDINGS = {"Q2_K_L": "Q2_K", "Q3_K_XL": "Q3_K_L", "Q4_K_L": "Q4_K_M", "Q5_K_L": "Q5_K_M", "Q6_K_L": "Q6_K"}
# The old types lose about twice what a K type of that size does (Q4_0 0.072 against Q4_K_S 0.032 nats, LLaMA-3-8B).
_ROUND_TO_NEAREST = {"Q4_0": 2.2, "Q4_1": 1.8}
_PLAIN_2BIT_LOSS, _PLAIN_2BIT_BITS = 0.12, 3.1


@dataclass(frozen=True, slots=True)
class Curve:
    """Losses of one measured ladder. `rows`: quantisation -> (bits, figure, loss); `points`: (bits, loss), ascending."""

    source: str
    own: str
    rows: dict[str, tuple[float, float, float]]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """All measured tables. `task`: variant -> quantisation -> percent change."""

    task_source: str
    task: dict[str, dict[str, float]]
    curves: dict[str, Curve]


def load_tables() -> Tables:
    """Read resources/catalog/quality.json."""
    data = json.loads(resource("catalog", "quality.json").read_text("utf-8"))
    curves: dict[str, Curve] = {}
    for group, table in data["perplexity"].items():
        below, above, knee = table["task_loss_per_perplexity"]
        losses = {q: _bent(row[1] / 100, below, above, knee) for q, row in table["rows"].items()}
        curves[group] = _curve(table, losses)
    for group, table in data["kld"].items():
        losses = {q: min(0.9, row[1] * table["task_loss_per_nat"]) for q, row in table["rows"].items()}
        curves[group] = _curve(table, losses)
    return Tables(data["task"]["source"], data["task"]["models"], curves)


def of(tables: Tables, variant: str, shape: str, quant: str, bits: float, params: float) -> QuantQuality:
    """What is known about one quantisation of one variant.

    Args:
        tables: from `load_tables`.
        variant: catalog id.
        shape: catalog shape, which chooses the ladder that is carried over.
        quant: published name.
        bits: bits per weight of the file.
        params: parameters of the model.
    """
    change = tables.task.get(variant, {}).get(quant)
    if change is not None:
        return _quality(
            max(0.0, -change / 100),
            say("{change} %, 9 tests", change=_signed(change)),
            tables.task_source,
            measured=True,
        )
    curve = tables.curves[_group(shape, params)]
    row = curve.rows.get(quant)
    if row and curve.own == variant:
        return _quality(row[2], say("{change} % perplexity", change=_signed(row[1])), curve.source, measured=True)
    if quant in ("BF16", "F16") or (shape.startswith("v4") and quant == "UD-Q8_K_XL"):
        return _quality(0.0, "", "the published weights as they are", measured=False)
    base = _LARGE_EMBEDDINGS.get(quant, quant)
    row = row or curve.rows.get(base) or (curve.rows.get("Q3_K_M") if base == "Q3_K_L" else None)
    loss = row[2] if row else interpolate(curve.points, bits) * _ROUND_TO_NEAREST.get(quant, 1.0)
    if shape in ("v2", "v3", "v32") and bits < _PLAIN_2BIT_BITS and not quant.startswith("UD-"):
        loss = max(loss, _PLAIN_2BIT_LOSS)
    return _quality(loss, "", f"not measured on this model; carried over from {curve.source}", measured=False)


def consistent(quants: tuple[Quant, ...]) -> tuple[Quant, ...]:
    """Carried-over losses agree with what was measured on the model itself.

    No file is worse than a smaller one that was measured, nor better than a larger one that was; where the two disagree
    (tests scatter), the smaller one's figure counts.

    Args:
        quants: of one variant, ascending by size.
    """
    at_most = accumulate((_measured(q, 1.0) for q in quants), min)
    at_least = _last_measured(quants[::-1])[::-1]
    return tuple(
        _with_loss(q, min(max(q.quality.loss, low), high)) if q.quality.loss is not None else q
        for q, low, high in zip(quants, at_least, at_most, strict=True)
    )


def _measured(quant: Quant, otherwise: float) -> float:
    known = quant.quality
    return known.loss if known.measured and known.loss is not None else otherwise


def _last_measured(quants: tuple[Quant, ...]) -> list[float]:
    """For each, the loss of the last one up to it that was measured; 0 before the first."""
    return list(accumulate(quants, lambda last, q: _measured(q, last), initial=0.0))[1:]


def _with_loss(quant: Quant, loss: float) -> Quant:
    known = quant.quality
    if known.measured or known.loss == loss:
        return quant
    return replace(quant, quality=replace(known, loss=loss, words=words(loss)))


def words(loss: float) -> str:
    """The loss in words."""
    if loss <= 0.005:
        return "no loss"
    if loss <= 0.03:
        return "slight loss"
    return "clear loss" if loss < 0.10 else "strong loss"


def interpolate(points: tuple[tuple[float, float], ...], bits: float) -> float:
    """Loss at that many bits: straight lines between measured points, steeper than the last line below them."""
    if bits <= points[0][0]:
        (b0, l0), (b1, l1) = points[0], points[1]
        return min(0.9, l0 + (l0 - l1) / (b1 - b0) * (b0 - bits)) if b1 > b0 else l0
    for (b0, l0), (b1, l1) in pairwise(points):
        if bits <= b1:
            return l0 + (l1 - l0) * (bits - b0) / (b1 - b0)
    return points[-1][1]


def _curve(table: dict[str, Any], losses: dict[str, float]) -> Curve:
    rows = {q: (float(bits), float(value), max(0.0, losses[q])) for q, (bits, value) in table["rows"].items()}
    points: list[tuple[float, float]] = []
    for bits, _, loss in sorted(rows.values(), reverse=True):
        # More bits never count as worse: neighbouring recipes cross in the tables.
        points.append((bits, max(loss, points[-1][1] if points else 0.0)))
    return Curve(table["source"], table.get("own", ""), rows, tuple(reversed(points)))


def _bent(perplexity_increase: float, below: float, above: float, knee: float) -> float:
    return min(0.9, below * min(perplexity_increase, knee) + above * max(0.0, perplexity_increase - knee))


def _group(shape: str, params: float) -> str:
    if shape.startswith("v4"):
        return "v4"
    if shape in ("v2", "v3", "v32"):
        return "r1-671b"
    return "dense-large" if params > _LARGE_DENSE_PARAMS else "dense-small"


def _quality(loss: float, figure: str, source: str, *, measured: bool) -> QuantQuality:
    return QuantQuality(words(loss), figure, round(loss, 4), source, measured)


def _signed(percent: float) -> str:
    text = f"{math.fabs(percent):.{0 if abs(percent) >= 10 else 1}f}"
    if not float(text):
        return text
    return ("\u2212" if percent < 0 else "+") + text
