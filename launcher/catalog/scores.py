"""One number to rank models that were never put through the same tests. 0-100, comparable within this catalog only.

The number is the mean of two parts:

1. **Tests.** Every published benchmark is translated to the scale of GPQA-Diamond (graduate science questions, the test
   that most DeepSeek models share) through models that have both, and averaged with the weights below. Contest maths
   (AIME) and code count less than science and broad knowledge, because they can be trained for one by one.
2. **Breadth.** What a model of that size knows beyond the tests. Over the six R1 distils, which differ in size alone,
   GPQA grows by 20 points per tenfold parameters: `30.9 + 20.3 * log10(billions)`. This credit may not exceed the tests
   by more than 10 points: size without results earns nothing (the 67B of 2023).

Part 2 settles the case R1-Distill-Qwen-32B against R1-0528-Qwen3-8B. The 8B is ahead in AIME and LiveCodeBench, level in
GPQA, and tests of broad knowledge are not published for it; a model a quarter of the size is not believed to know as
much. By tests alone the two change places. A model with no published test, or none of its predecessor, has no score.
"""

from __future__ import annotations

import math
from itertools import pairwise

# benchmark -> (weight, ((its own score, GPQA-Diamond of models with that score), ...)). Pairs are published values of
# models in resources/catalog/models.json, rounded to a smooth line; the ends are extended straight.
_SCALES: dict[str, tuple[float, tuple[tuple[float, float], ...]]] = {
    "GPQA_D": (4.0, ((0, 0), (100, 100))),
    "MMLU_Pro": (2.0, ((50, 35), (76, 59), (84, 72), (86.5, 87))),
    "LiveCodeBench": (2.0, ((17, 34), (38, 49), (55, 60), (66, 72), (74, 80), (88, 86), (92, 89))),
    "MMLU": (1.0, ((25, 20), (50, 28), (70, 36), (80, 48), (82, 61), (88.5, 62), (91, 72))),
    "AIME24": (0.5, ((29, 34), (55, 49), (71, 61), (80, 71), (91, 81))),
    "AIME25": (0.5, ((70, 71), (88, 81), (93, 83), (96, 86))),
    "HumanEval": (0.5, ((45, 24), (65, 29), (80, 36), (90, 46))),
}
_BREADTH_BASE, _BREADTH_PER_DECADE = 30.9, 20.3
_BREADTH_LEAD = 10.0


def score(benchmarks: dict[str, float], params_total: float) -> float | None:
    """The ranking number of a model at full precision; None when no known test is published.

    Args:
        benchmarks: published results by name, in percent.
        params_total: parameters.
    """
    tests = test_score(benchmarks)
    if tests is None:
        return None
    breadth = _BREADTH_BASE + _BREADTH_PER_DECADE * math.log10(params_total / 1e9)
    return round((tests + min(breadth, tests + _BREADTH_LEAD)) / 2, 1)


def test_score(benchmarks: dict[str, float]) -> float | None:
    """The first part alone: published tests on the scale of GPQA-Diamond."""
    known = [(weight, _translate(points, benchmarks[n])) for n, (weight, points) in _SCALES.items() if n in benchmarks]
    if not known:
        return None
    return sum(weight * value for weight, value in known) / sum(weight for weight, _ in known)


def _translate(points: tuple[tuple[float, float], ...], value: float) -> float:
    pairs = list(pairwise(points))
    (x0, y0), (x1, y1) = next((p for p in pairs if value <= p[1][0]), pairs[-1])
    return min(100.0, max(0.0, y0 + (y1 - y0) * (value - x0) / (x1 - x0)))
