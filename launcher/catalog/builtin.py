"""The model that is part of this program: a tiny one of DeepSeek's architecture, for the time before a download and without one.

Trained by this project, it is no DeepSeek release and no part of the catalog: nothing recommends it, fetches it, moves it or deletes it, and wherever it is
shown its label stands beside it. What it is comes from its own header; where a package was made without it, it is not offered.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from launcher.catalog.facts import facts_of, quant_name
from launcher.catalog.gguf import GgufHeader, read_set
from launcher.core.downloads import Installed, Origin
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.models import ModelFile, Quant, Sampling, Thinking, Variant
from launcher.core.paths import resource
from launcher.core.plans import Wishes
from launcher.core.words import say

MODEL_ID = "launcher-tiny"
NAME = "Launcher Tiny (demonstration)"
SHORT_NAME = "Launcher Tiny"
EXAMPLES = ("What does Q4_K_M mean?", "47 + 38", "Which is larger, 9.11 or 9.9?", "什么是量化？")
"""Questions of the kinds that it was trained for; as they are, whatever the window's language."""

_NAMES = frozenset({MODEL_ID, "tiny", "launcher tiny", NAME.lower()})


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A question with one right answer, by which the doctor sees that the model computes what it was trained to."""

    question: str
    answer: str


PROOF = Arithmetic("47 + 38", "85")


def path() -> Path:
    """Where the file is, in a clone, an installed package and a frozen program alike; whether it is there, `installed` says."""
    return resource("models", f"{MODEL_ID}.gguf")


def is_named(name: str) -> bool:
    """Whether a name on the command line means it."""
    return name.strip().lower() in _NAMES


def is_builtin(file: Path) -> bool:
    """Whether this is the very file (a copy elsewhere is a file like any other)."""
    try:
        return file.name == path().name and file.samefile(path())
    except OSError:
        return False


def label() -> str:
    """What always stands beside its name."""
    return say("built in, demonstration by this project, not a DeepSeek release")


def knows() -> str:
    """What it can be asked, in a few words."""
    return say("Demonstration model: knows small arithmetic and this app's guide")


def honest_words() -> str:
    """What it is not."""
    return say("Built in, demonstration by this project, not a DeepSeek release.")


def try_words(size_bytes: int) -> str:
    """The button: "Try it now (built in, 4 MB)"."""
    return say("Try it now (built in, {size})", size=size_words(size_bytes))


def size_words(size_bytes: int) -> str:
    """Its size as the button says it: whole megabytes."""
    return f"{size_bytes / 1e6:.0f} MB"


def installed() -> Installed | None:
    """The file as the library lists files; None where it is missing or damaged. Reads its header once."""
    with suppress(UserError):
        return require()
    return None


def require() -> Installed:
    """As `installed`.

    Raises:
        UserError: "builtin_missing", or its header cannot be read.
    """
    file = path()
    if not file.is_file():
        raise UserError(
            "builtin_missing",
            "The built-in model is missing.",
            say("It should be at {path}.", path=file),
            (NextStep("Install the launcher again"), NextStep("Choose a model", StepAction.CHOOSE_MODEL)),
        )
    headers = _headers(file)
    size = sum(h.file_bytes for h in headers)
    return Installed(
        MODEL_ID, NAME, quant_name(headers[0]), str(file), size, facts_of(headers).architecture, Origin.BUILT_IN, False
    )


def variant() -> Variant:
    """Its description, in the shape of the catalog's; sampling is greedy: its short answers are right or wrong, not creative.

    Raises:
        UserError: as `require`.
    """
    here = require()
    headers = _headers(Path(here.path))
    facts = facts_of(headers)
    total, active = _params(headers, facts.hyper.n_expert_used / (facts.hyper.n_expert or 1))
    quant = Quant(
        name=here.quant,
        repo="",
        files=(ModelFile(Path(here.path).name, here.size_bytes),),
        file_bytes=here.size_bytes,
        size_basis="published",
        bits_per_weight=round(here.size_bytes * 8 / total, 2),
        facts=facts,
    )
    return Variant(
        id=MODEL_ID,
        name=NAME,
        short_name=SHORT_NAME,
        family="demonstration",
        hf_repo="",
        architecture=here.architecture,
        params_total=total,
        params_active=active,
        released="",
        licence="MIT",
        context_train=facts.context_train,
        strengths=say("Knows small arithmetic and this app's guide, in English and Chinese."),
        honest_note=honest_words(),
        tags=("chat", "reasoning"),
        sampling=Sampling(temperature=0.0, top_p=1.0),
        thinking=Thinking.SWITCH,
        system_prompt="discouraged",
        benchmarks={},
        benchmarks_source="",
        score=None,
        quants=(quant,),
    )


def wishes_for(wishes: Wishes) -> Wishes:
    """One thread unless another number is asked for: several wait for each other longer than the steps of so small a model take."""
    return wishes if wishes.threads else replace(wishes, threads=1)


def read_only(what: str) -> UserError:
    """Why something that is done with installed models is not done with this one; `what` is the sentence that says so."""
    return UserError(
        "built_in",
        what,
        say("{name} is {label}; its file is part of the program and only read.", name=SHORT_NAME, label=label()),
        (NextStep("Chat with it (launcher chat tiny)", StepAction.TRY_BUILTIN),),
    )


@cache
def _headers(file: Path) -> tuple[GgufHeader, ...]:
    return read_set(file)


def _params(headers: tuple[GgufHeader, ...], used_share: float) -> tuple[int, int]:
    """Weights in all, and those that one token is computed with."""
    tensors = [(t.name, math.prod(t.shape)) for h in headers for t in h.tensors]
    routed = sum(n for name, n in tensors if "_exps." in name and not name.endswith(".bias"))
    total = sum(n for _, n in tensors)
    return total, total - round(routed * (1 - used_share))
