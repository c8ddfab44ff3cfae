"""What a draft brings and costs: tokens per second with drafting allowed against the same model told not to draft.

    python -m tests.bench.drafting [--tokens N] [--rounds N]

The models are generated: all share one table of word pairs, and the model's 40 layers only disturb it (see
tests/fakes/gguf_models.py). A draft of one layer without disturbance is therefore nearly always right about a model that is
disturbed a little, and quick; one that is disturbed to blindness is never right; the model itself as its own draft is always
right and never quicker. Alternating answers, so that a busy machine disturbs both ways alike.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.core.generation import Answer, DraftModel, LoadRequest
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from tests.engine.conftest import Engine, question
from tests.fakes.gguf_models import Shape, make_model

_MAIN = Shape(n_layer=40)
_SMALL = Shape(n_layer=1)
_BLINDING = 40.0  # a disturbance that drowns the table


@dataclass(frozen=True)
class Case:
    """A model and what drafts for it."""

    name: str
    disturbance: float
    draft: str
    temperature: float = 0.0


CASES = (
    Case("small draft, always right", 0.0, "small"),
    Case("small draft, often right", 0.6, "small"),
    Case("small draft, sampling", 0.6, "small", temperature=0.8),
    Case("blind draft, never right", 0.6, "blind"),
    Case("the model itself", 0.6, "same"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--arch", default="llama")
    parser.add_argument("--tokens", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print(f"{'':28} {'without':>9} {'with':>9} {'ratio':>6} {'first':>6} {'accepted':>9}  then")
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            _measure(case, Path(folder), args.arch, args.tokens, args.rounds)


def _measure(case: Case, folder: Path, arch: str, tokens: int, rounds: int) -> None:
    plain: list[float] = []
    drafted: list[Answer] = []
    engine = Engine()
    try:
        engine.load_request(_request(case, folder, arch))
        for i in range(rounds):
            sampling = Sampling(temperature=case.temperature, seed=i)
            asked = question("Tell me", sampling=sampling, max_tokens=tokens, draft=False)
            plain.append(engine.ask_request(asked).timings.decode_tokens_s)
            drafted.append(engine.ask_request(replace(asked, draft=True)))
    finally:
        engine.client.close()
    ratios = [a.timings.decode_tokens_s / p for a, p in zip(drafted, plain, strict=True)]
    guesses = sum(a.timings.drafted_tokens for a in drafted)
    right = sum(a.timings.accepted_tokens for a in drafted)
    print(
        f"{case.name:28} {statistics.median(plain):9.1f} "
        f"{statistics.median(a.timings.decode_tokens_s for a in drafted):9.1f} {statistics.median(ratios):6.2f} "
        f"{ratios[0]:6.2f} {f'{right}/{guesses}':>9}  {drafted[-1].timings.drafting}"
    )


def _request(case: Case, folder: Path, arch: str) -> LoadRequest:
    path = folder / f"main-{case.disturbance}.gguf"
    if not path.exists():
        make_model(path, arch, shape=_MAIN, disturbance=case.disturbance, end_weight=0, template="v3")
    small = path
    if case.draft != "same":
        small = folder / f"{case.draft}.gguf"
        disturbance = 0.0 if case.draft == "small" else _BLINDING
        make_model(small, arch, shape=_SMALL, disturbance=disturbance, end_weight=0, template="v3")
    placement = Placement(n_gpu_layers=0, n_ctx=2048, threads=1, n_outputs=9)
    return LoadRequest(str(path), "Main", "F16", placement, DraftModel(str(small), "Draft", "F16", placement))


if __name__ == "__main__":
    main()
