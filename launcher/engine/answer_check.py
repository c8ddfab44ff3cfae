"""What the built-in model answers on a device: trained weights, a real template and decoding, where logits of made-up models end.

Its greedy answer is the same on every device that computes rightly: it is sure of its words by far more than rounding.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from launcher.catalog import builtin
from launcher.core.errors import UserError
from launcher.core.generation import ChatTurn, GenerateRequest, LoadRequest
from launcher.core.models import Variant
from launcher.core.plans import Placement
from launcher.core.words import joined, known, say
from launcher.engine.device_findings import DeviceFinding, Verdict
from launcher.engine.errand import Ending, run_errand
from launcher.engine.outcome import crash_failure
from launcher.engine.process import known_rpc_servers
from launcher.engine.protocol import AnswerFinished, Generate, Load, WorkerEvent

_MOST_TOKENS = 64
_N_THREADS = 1  # so small a model is slower with several, which wait for each other after every step
_N_CTX = 512
_LAST_WORDS = 5
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Said:
    """What it answered, thought included; `ending` where its worker broke off, `error` where it failed."""

    text: str
    ending: Ending | None = None
    error: UserError | None = None


class AnswerCheck:
    """Asks the built-in model the same sum on one device after another; the first answer is what the others are held to."""

    def __init__(self, deadline_s: float, stop: threading.Event | None) -> None:
        """`deadline_s` for each device: start, load and answer; `stop` breaks off."""
        self._deadline_s, self._stop = deadline_s, stop
        # A package may be made without it.
        self._variant = builtin.variant() if builtin.installed() else None
        self._reference: Said | None = None

    def set_reference(self) -> None:
        """Ask the processor with plain kernels."""
        if self._variant is not None:
            self._reference = self._ask(self._variant, "", False)

    def checked(self, finding: DeviceFinding, device: str, use_extra_bufts: bool | None) -> DeviceFinding:
        """A device whose logits are right, with its answer: wrong where that differs from the processor's.

        Args:
            finding: of the logits.
            device: the engine's name of it; "" is the processor.
            use_extra_bufts: as in `Load`.
        """
        there = self._reference
        if self._variant is None or there is None or not there.text or not finding.is_ok:
            return finding
        here = self._ask(self._variant, device, use_extra_bufts)
        if here.error is not None:
            why = joined(known(here.error.what), known(here.error.why))
            return replace(finding, verdict=Verdict.FAILED, detail=f"{builtin.SHORT_NAME}: {why}")
        if here.ending is not None:
            return self._broken_off(finding, here.ending)
        if here.text == there.text:
            same = say("The built-in model answers as on the processor.")
            return replace(finding, detail=joined(finding.detail, same), answer=here.text)
        differs = say(
            "The built-in model answers {question} with \u201c{here}\u201d, on the processor with \u201c{there}\u201d.",
            question=builtin.PROOF.question,
            here=_end_of(here.text),
            there=_end_of(there.text),
        )
        return replace(finding, verdict=Verdict.WRONG, detail=differs, answer=here.text)

    def _broken_off(self, finding: DeviceFinding, ending: Ending) -> DeviceFinding:
        if ending.was_stopped:
            return replace(finding, verdict=Verdict.UNCHECKED, detail=say("The check was stopped."))
        if ending.because:
            late = say("It had no result within {n} s ({case}).", n=f"{self._deadline_s:.0f}", case=builtin.SHORT_NAME)
            return replace(finding, verdict=Verdict.SLOW, detail=late, last_words=ending.log[-_LAST_WORDS:])
        why = crash_failure(ending.returncode, "starting", None, ending.log).why
        detail = f"{builtin.SHORT_NAME}: {why}"
        return replace(finding, verdict=Verdict.CRASHED, detail=detail, last_words=ending.log[-_LAST_WORDS:])

    def _ask(self, variant: Variant, device: str, use_extra_bufts: bool | None) -> Said:
        facts = variant.quants[0].facts
        placement = Placement(
            n_gpu_layers=facts.hyper.n_layer + 1 if device and facts else 0,
            n_ctx=_N_CTX,
            n_batch=_N_CTX,
            n_ubatch=_N_CTX,
            threads=_N_THREADS,
            devices=(device,) if device else (),
        )
        request = LoadRequest(str(builtin.path()), variant.name, variant.quants[0].name, placement)
        question = (ChatTurn("user", builtin.PROOF.question),)
        commands = (
            Load(1, request, use_extra_bufts, threads=_N_THREADS),
            Generate(2, GenerateRequest(question, variant.sampling, max_tokens=_MOST_TOKENS)),
        )
        texts: list[str] = []

        def take(event: WorkerEvent) -> bool:
            if not isinstance(event, AnswerFinished):
                return False
            texts.append(f"{event.answer.reasoning}\n{event.answer.answer}".strip())
            return True

        servers = known_rpc_servers() if device else ()
        try:
            ending = run_errand(
                lambda _hello: commands, take, rpc_servers=servers, deadline_s=self._deadline_s, stop=self._stop
            )
        except UserError as error:
            return Said("", error=error)
        return Said("".join(texts), ending)


def _end_of(text: str) -> str:
    """The answer is at the end; its thought is before it."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else f"…{flat[-_SHOWN:]}"
