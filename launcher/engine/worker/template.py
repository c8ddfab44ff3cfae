"""Chat templates: Jinja text out of the model file, so untrusted code, rendered in a sandbox with a time and size limit.

Own environment instead of the binding's `Jinja2ChatFormatter`: that one has no limits and renders the messages' text into
the same string as the control tokens; here every message becomes a placeholder (see prompt.py).
"""

from __future__ import annotations

import ctypes
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jinja2
from jinja2 import ext, filters, nodes, parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from launcher.core.errors import NextStep, UserError
from launcher.core.models import Thinking
from launcher.core.paths import resource
from launcher.core.words import say

TIME_LIMIT_S = 2.0
_MAX_TEXT = 4 * 2**20
_MAX_WIDTH = 10_000
# "%99999d", "{:>99999}", and the width from an argument ("%*d", "{:{}}"), which templates of conversations have no use for.
_WIDTH = re.compile(r"%[-+ #0]*(?:\*|\d{5})|\{[^{}]*:[^{}]*(?:\d{5}|\{)")
_PROBE = "\ue000probe\ue001"


class _TimeUpError(BaseException):
    """Raised into a rendering thread; a BaseException, so that no handler in between swallows it."""


class _TemplateRefusedError(Exception):
    """The template itself raised an error (`raise_exception`), or built too large a text."""


class _IgnoreGenerationTag(ext.Extension):
    """Hugging Face's `{% generation %}` marks training spans; the content passes through."""

    tags = {"generation"}  # noqa: RUF012 - declared so by Jinja

    def parse(self, parser: parser.Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with repetition and powers kept small: they can take all memory in one uninterruptible step."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse results that only a hostile template would want."""
        if operator == "**" or (
            operator == "*" and not (isinstance(left, (int, float)) and isinstance(right, (int, float)))
        ):
            raise _TemplateRefusedError(f"the operator {operator} is not allowed on these values")
        if operator == "%":
            _refuse_format(left)
        if isinstance(left, str) and isinstance(right, str) and len(left) + len(right) > _MAX_TEXT:
            raise _TemplateRefusedError("the text grows beyond any conversation")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Texts have methods that pad to any width."""
        text = getattr(getattr(obj, "__wrapped__", obj), "__self__", None)  # the sandbox wraps `format`
        if isinstance(text, str):
            name = getattr(obj, "__name__", "")
            if name in ("format", "format_map"):
                _refuse_format(text)
            elif name in ("ljust", "rjust", "center", "zfill", "expandtabs"):
                _refuse_widths(*args, *kwargs.values())
        return super().call(context, obj, *args, **kwargs)


def _refuse_format(text: object) -> None:
    """Padding to a gigabyte is one step that nothing interrupts."""
    if isinstance(text, str) and _WIDTH.search(text):
        raise _TemplateRefusedError("a format pads beyond any conversation")


def _refuse_widths(*widths: object) -> None:
    if any(isinstance(width, int) and width > _MAX_WIDTH for width in widths):
        raise _TemplateRefusedError("a text is padded beyond any conversation")


def _format_filter(value: Any, *args: Any, **kwargs: Any) -> Any:
    _refuse_format(value)
    return filters.do_format(value, *args, **kwargs)


def _center_filter(value: str, width: int = 80) -> str:
    _refuse_widths(width)
    return filters.do_center(value, width)


def _indent_filter(value: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    _refuse_widths(width)
    return filters.do_indent(value, width, first, blank)


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A compiled template and what it is able to do.

    Attributes:
        origin: "file", "builtin:<name>" or "fallback".
        trims_content: it strips blanks around messages; the tokeniser must do the same to the real text.
    """

    template: jinja2.Template
    origin: str
    bos_text: str
    eos_text: str
    thinking: Thinking = Thinking.NEVER
    trims_content: bool = False

    def render(self, messages: list[dict[str, str]], thinking: bool) -> str:
        """The prompt as text.

        Raises:
            UserError: the template failed, refused the conversation or took too long.
        """
        variables: dict[str, object] = {
            "messages": messages,
            "bos_token": self.bos_text,
            "eos_token": self.eos_text,
            "add_generation_prompt": True,
            # Both spellings, always: the families disagree on the name and on the default.
            "thinking": thinking,
            "enable_thinking": thinking,
            "tools": None,
        }
        try:
            return _render_limited(self.template, variables)
        except _TimeUpError:
            raise _broken(self.origin, say("It was stopped after {seconds} s.", seconds=f"{TIME_LIMIT_S:g}")) from None
        except (jinja2.TemplateError, _TemplateRefusedError) as error:
            raise _broken(self.origin, say("Its error: {words}", words=str(error)[:300])) from error
        # Any exception type can come out of template code (`{{ 1 // 0 }}`, `{{ none.x() }}`, deep recursion).
        except (
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            RecursionError,
            MemoryError,
        ) as error:
            raise _broken(self.origin, f"{type(error).__name__}: {str(error)[:300]}") from error


def make_template(text: str, origin: str, bos_text: str, eos_text: str) -> ChatTemplate:
    """Compile a template and find out by trying what it does.

    Raises:
        UserError: it does not compile, or cannot render the simplest conversation.
    """
    environment = _Environment(
        loader=jinja2.BaseLoader(),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_IgnoreGenerationTag, ext.loopcontrols],
    )
    environment.filters["tojson"] = _to_json
    environment.filters |= {"format": _format_filter, "center": _center_filter, "indent": _indent_filter}
    environment.filters["from_json"] = json.loads
    helpers: dict[str, Any] = {"raise_exception": _raise_exception, "strftime_now": _strftime_now}
    environment.globals.update(helpers)
    try:
        compiled = environment.from_string(text)
    except (jinja2.TemplateError, RecursionError, ValueError, SyntaxError, MemoryError, OverflowError) as error:
        # Deep nesting is a SyntaxError or, for Python's own parser, a MemoryError without words.
        raise _broken(
            origin, say("It does not compile: {words}", words=str(error)[:300] or type(error).__name__)
        ) from error
    plain = ChatTemplate(compiled, origin, bos_text, eos_text)
    with_thought = plain.render([{"role": "user", "content": _PROBE}], thinking=True)
    without_thought = plain.render([{"role": "user", "content": _PROBE}], thinking=False)
    spaced = plain.render([{"role": "user", "content": f" {_PROBE} "}], thinking=True)
    return ChatTemplate(
        compiled,
        origin,
        bos_text,
        eos_text,
        thinking=_thinking_of(text, with_thought, without_thought),
        trims_content=f" {_PROBE} " not in spaced,
    )


def builtin_template(name: str, origin: str, bos_text: str, eos_text: str) -> ChatTemplate:
    """One of our own templates under resources/templates."""
    return make_template(resource("templates", f"{name}.jinja").read_text("utf-8"), origin, bos_text, eos_text)


def opens_thought(prompt: str) -> bool:
    """The prompt ends inside a thought, so the output may hold only `</think>`."""
    return prompt.rstrip().endswith("<think>")


def closes_thought(prompt: str) -> bool:
    """The prompt ends with a thought closed by the template: the model is told not to think."""
    return prompt.rstrip().endswith("</think>")


def _thinking_of(text: str, with_thought: str, without_thought: str) -> Thinking:
    if with_thought != without_thought:
        return Thinking.SWITCH
    # R1 before its template learned to open the thought: it strips thoughts from the history, so it makes them.
    return Thinking.ALWAYS if opens_thought(with_thought) or "</think>" in text else Thinking.NEVER


def _render_limited(template: jinja2.Template, variables: Mapping[str, object]) -> str:
    """Render in this thread; after the limit the watcher raises _TimeUpError in it, again and again until it is out."""
    done = threading.Event()
    thread_id = threading.get_ident()

    def watch() -> None:
        if done.wait(TIME_LIMIT_S):
            return
        while not done.wait(0.05):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(_TimeUpError))

    watcher = threading.Thread(target=watch, name="template-limit", daemon=True)
    watcher.start()
    pieces: list[str] = []
    size = 0
    try:
        started = time.monotonic()
        for piece in template.generate(variables):
            pieces.append(piece)
            size += len(piece)
            if size > _MAX_TEXT:
                raise _TemplateRefusedError("the prompt grows beyond any conversation")
        # An exception that was raised asynchronously is delivered within a few instructions: give it its place here.
        if time.monotonic() - started >= TIME_LIMIT_S:
            raise _TimeUpError
        return "".join(pieces)
    finally:
        _finish(done, watcher)


def _finish(done: threading.Event, watcher: threading.Thread) -> None:
    """End the watcher; an exception that it had already sent must arrive here and not in the caller's next line."""
    while True:
        try:
            done.set()
            watcher.join()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threading.get_ident()), None)
        except _TimeUpError:
            continue
        else:
            return


def _raise_exception(message: object) -> str:
    raise _TemplateRefusedError(str(message))


def _strftime_now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)


def _to_json(value: object, ensure_ascii: bool = False, indent: int | None = None) -> str:
    """As Transformers' templates expect it: no HTML escaping."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _broken(origin: str, why: str) -> UserError:
    return UserError(
        "bad_template",
        say("The model's chat template does not work."),
        say("{why} (template: {origin})", why=why, origin=origin),
        (NextStep("Choose another model", "choose_model"), NextStep("Copy report", "copy_report")),
    )
