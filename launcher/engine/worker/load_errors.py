"""What went wrong while loading, in words: the engine's last lines are matched to a cause and kept as the detail."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

from launcher.core.errors import NextStep, UserError
from launcher.core.generation import LoadRequest
from launcher.core.units import gib, whole
from launcher.core.words import joined, listed, say
from launcher.engine.worker.binding import Binding

# Its words quote the file, which may hold megabytes where a name belongs.
_MAX_QUOTED = 300
_LOAD_AGAIN = NextStep("Load again", "load_again")
_MEMORY_WORDS = re.compile(
    r"failed to allocate|unable to allocate|out of memory|cudaMalloc failed|alloc_buffer|ErrorOutOf|bad_alloc|cannot allocate memory",
    re.I,
)
# What the C++ standard libraries say of a regular expression that they cannot compile.
_PATTERN_WORDS = re.compile(
    r"regex|regular expression|parenthes|bracket|brace|back.?reference|invalid (?:character|range|collation|position|escape)"
    r"|unexpected (?:end|escape|back)|expression contained",
    re.I,
)


def check_file(path: Path) -> None:
    """Refuse what llama.cpp would refuse less clearly."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UserError(
            "model_missing",
            say("The model file {name} cannot be read.", name=path.name),
            f"{error.strerror or error}: {path}",
            (
                NextStep("Download it again", "download_again", str(path)),
                NextStep("Choose another model", "choose_model"),
            ),
        ) from error
    if magic != b"GGUF":
        raise UserError(
            "bad_model_file",
            say("{name} is not a GGUF model.", name=path.name),
            say(
                "It begins with {found} instead of {wanted} and has {n} bytes.",
                found=repr(magic),
                wanted=repr(b"GGUF"),
                n=whole(path.stat().st_size),
            ),
            (NextStep("Download it again", "download_again", str(path)),),
        )


def model_error(binding: Binding, request: LoadRequest) -> UserError:
    """`llama_model_load_from_file` returned nothing."""
    words = binding.log.errors()
    text = "\n".join(words)
    name = Path(request.path).name
    if _MEMORY_WORDS.search(text):
        return _memory_error(request, say("its weights"), text)
    if match := re.search(r"SPLIT_MODE_TENSOR not implemented for architecture '(\w+)", text):
        return UserError(
            "bad_placement",
            say("Models of the architecture {name} cannot be split by tensors.", name=match.group(1)),
            say("{name} can be split by layers instead.", name=name),
            (NextStep("Plan again", "load_again"),),
            text,
        )
    overrides = request.placement.tensor_overrides
    if overrides and (match := _PATTERN_WORDS.search(text)):
        return bad_pattern(" ".join(p for p, _ in overrides), say("The engine said: {words}", words=words[0].strip()))
    if match := re.search(r"unknown (?:model )?architecture: '?(\w+)", text):
        return UserError(
            "unsupported_model",
            say("This engine does not know the architecture {name}.", name=match.group(1)),
            say("{name} needs a newer llama.cpp than {engine}.", name=name, engine=binding.engine_version),
            (NextStep("Choose another model", "choose_model"),),
            text,
        )
    cause = next((w.strip()[:_MAX_QUOTED] for w in words if w.strip()), say("It gave no reason."))
    return UserError(
        "load_failed",
        say("The engine cannot load {name}.", name=name),
        say("The file may be damaged or incomplete. The engine said: {words}", words=cause),
        (
            NextStep("Download it again", "download_again", request.path),
            _LOAD_AGAIN,
        ),
        text,
    )


def context_error(binding: Binding, request: LoadRequest) -> UserError:
    """`llama_init_from_model` returned nothing: nearly always memory for the KV cache or the compute buffers."""
    words = binding.log.errors()
    text = "\n".join(words)
    placement = request.placement
    if placement.kv_type_k != placement.kv_type_v and re.search(r"type|quantiz", text, re.I):
        return UserError(
            "bad_placement",
            say("{name} needs the same type for both halves of its KV cache.", name=request.name),
            say("{one} and {other} were asked for.", one=placement.kv_type_k, other=placement.kv_type_v),
            (
                NextStep(
                    say("Load with KV cache {type}", type=placement.kv_type_k), "load_with_kv_type", placement.kv_type_k
                ),
            ),
            text,
        )
    context = say("a context of {n} tokens (KV cache {type})", n=whole(placement.n_ctx), type=placement.kv_type_k)
    return _memory_error(request, context, text)


def decode_error(binding: Binding, status: int) -> UserError:
    """`llama_decode` failed; the model stays loaded."""
    return UserError(
        "decode_failed",
        "The engine could not compute the next token.",
        joined(say("llama_decode returned {status}.", status=status), _ram_free()),
        (_LOAD_AGAIN, NextStep("Copy report", "copy_report")),
        "\n".join(binding.log.errors()),
    )


def device_missing(names: list[str], there: list[str]) -> UserError:
    """The plan names a device that the engine does not have (any more)."""
    return UserError(
        "device_missing",
        say("The engine does not see {names} any more.", names=listed(*names)),
        say("It lists {names}. A driver may have changed since the plan was made.", names=listed(*there)),
        (NextStep("Plan again", "load_again"), NextStep("Look again", "look_again")),
    )


def override_device_missing(pattern: str, device: str, known: list[str]) -> UserError:
    """A tensor override names a device that this load does not use."""
    return UserError(
        "device_missing",
        say("Tensors cannot be put on {device}.", device=device[:40]),
        say(
            "The override {pattern} names it; this load uses {names}.",
            pattern=repr(pattern[:80]),
            names=listed(*known),
        ),
        (NextStep("Plan again", "load_again"), NextStep("Look again", "look_again")),
    )


def bad_pattern(pattern: str, why: str) -> UserError:
    """A tensor override's pattern cannot be used."""
    shown = pattern if len(pattern) <= 80 else f"{pattern[:80]}…"
    return UserError(
        "bad_placement",
        "A tensor override's pattern cannot be used.",
        joined(say("{pattern} is not a regular expression for tensor names.", pattern=repr(shown)), why),
        (NextStep("Plan again", "load_again"),),
    )


def no_books(binding: Binding) -> UserError:
    """This build of llama.cpp does not tell what it would take."""
    return UserError(
        "dry_run_failed",
        "The engine cannot verify plans here.",
        say(
            "The memory figures of {engine} in {folder} cannot be read.",
            engine=binding.engine_version,
            folder=binding.library_path,
        ),
        (NextStep("Use the predicted figures"), NextStep("Copy report", "copy_report")),
    )


def smaller_context(n_ctx: int) -> NextStep:
    """Offer half the context, in the steps llama.cpp allocates."""
    half = max(256, n_ctx // 2 // 256 * 256)
    return NextStep(say("Load with {n} context", n=whole(half)), "load_with_context", str(half))


def _memory_error(request: LoadRequest, what_for: str, engine_words: str) -> UserError:
    match = re.search(
        r"(?:allocat\w*|buffer of size)\s+(?:buffer of size\s+)?([\d.]+)(?:\s*(MiB|bytes))?", engine_words
    )
    asked = ""
    if match:
        size = float(match.group(1)) * (2**20 if match.group(2) == "MiB" else 1)
        asked = say("It asked for {size} at once.", size=gib(size))
    return UserError(
        "out_of_memory",
        say("There is not enough memory to load {name}.", name=request.name),
        joined(say("The engine could not get memory for {what}.", what=what_for), asked, _ram_free()),
        (smaller_context(request.placement.n_ctx), NextStep("Plan again", "load_again")),
        engine_words,
    )


def _ram_free() -> str:
    return say("RAM free now: {size}.", size=gib(psutil.virtual_memory().available))
