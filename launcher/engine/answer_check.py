"""What the built-in model answers on a device: trained weights, a real template and decoding, where logits of made-up models end.

Its greedy answer is the same on every device that computes rightly: it is sure of its words by far more than rounding. And it is
right, which is known without any device.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from launcher.catalog import builtin
from launcher.core.generation import Answer, ChatTurn, GenerateRequest, LoadRequest
from launcher.core.plans import Placement
from launcher.core.words import joined, say
from launcher.engine.device_findings import DeviceFinding, Verdict
from launcher.engine.protocol import Generate, Load

_MOST_TOKENS = 64
_N_THREADS = 1  # so small a model is slower with several, which wait for each other after every step
_N_CTX = 512
_SHOWN = 80
_LOAD_ID, _ASK_ID = 2, 3


@dataclass(frozen=True, slots=True)
class Said:
    """What it answered: `text` with its thought; `is_right` when the sum is."""

    text: str
    is_right: bool

    @classmethod
    def of(cls, answer: Answer) -> Said:
        """An answer of the engine's."""
        is_right = builtin.PROOF.answer in re.findall(r"\d+", answer.answer)
        return cls(f"{answer.reasoning}\n{answer.answer}".strip(), is_right)


def question(device: str, use_extra_bufts: bool | None, *, is_software: bool = False) -> tuple[Load, Generate] | None:
    """What to ask a worker: to load the model on `device` ("" is the processor), and a sum; None where a package was made without it.

    A software card (`is_software`) does without flash attention, as with the small models: lavapipe of Mesa 22.3 died of it in answers.
    """
    if builtin.installed() is None:
        return None
    variant = builtin.variant()
    facts = variant.quants[0].facts
    placement = Placement(
        n_gpu_layers=facts.hyper.n_layer + 1 if device and facts else 0,
        n_ctx=_N_CTX,
        n_batch=_N_CTX,
        n_ubatch=_N_CTX,
        flash_attention="off" if is_software else "auto",
        threads=_N_THREADS,
        devices=(device,) if device else (),
    )
    request = LoadRequest(str(builtin.path()), variant.name, variant.quants[0].name, placement)
    asked = GenerateRequest((ChatTurn("user", builtin.PROOF.question),), variant.sampling, max_tokens=_MOST_TOKENS)
    return Load(_LOAD_ID, request, use_extra_bufts, threads=_N_THREADS), Generate(_ASK_ID, asked)


def judged(finding: DeviceFinding, here: Said | None, there: Said | None) -> DeviceFinding:
    """A device whose logits are right, with its answer.

    Args:
        finding: of the logits; one that is not fine stays as it is.
        here: what was answered on the device; None where the model is not part of the package.
        there: the same on the processor with plain kernels.
    """
    if here is None or not finding.is_ok:
        return finding
    if there is not None and here.text != there.text:
        differs = say(
            "The built-in model answers {question} with \u201c{here}\u201d, on the processor with \u201c{there}\u201d.",
            question=builtin.PROOF.question,
            here=_end_of(here.text),
            there=_end_of(there.text),
        )
        return replace(finding, verdict=Verdict.WRONG, detail=differs, answer=here.text)
    if not here.is_right:
        wrong = say(
            "The built-in model answers {question} with \u201c{here}\u201d, not with {right}.",
            question=builtin.PROOF.question,
            here=_end_of(here.text),
            right=builtin.PROOF.answer,
        )
        return replace(finding, verdict=Verdict.WRONG, detail=wrong, answer=here.text)
    if there is None:
        return replace(finding, answer=here.text)
    same = say("The built-in model answers as on the processor.")
    return replace(finding, detail=joined(finding.detail, same), answer=here.text)


def _end_of(text: str) -> str:
    """The answer is at the end; its thought is before it."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else f"…{flat[-_SHOWN:]}"
