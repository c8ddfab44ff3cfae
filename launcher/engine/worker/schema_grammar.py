"""The grammar of a JSON schema as the engine takes it: also the check of a schema while it is written, without an engine."""

from __future__ import annotations

from launcher.core.errors import UserError
from launcher.core.words import say
from launcher.engine.worker.gbnf import check_gbnf
from launcher.engine.worker.json_schema import schema_to_gbnf
from launcher.engine.worker.schema_parts import bad_schema


def grammar_of_schema(text: str) -> str:
    """The GBNF of a schema (JSON as text; "{}" allows any JSON).

    Raises:
        UserError: "bad_schema": where and why an answer cannot be held to it.
    """
    grammar = schema_to_gbnf(text)
    try:
        check_gbnf(grammar)
    except UserError as error:
        raise bad_schema(say("As a grammar: {reason}", reason=error.why)) from None
    return grammar
