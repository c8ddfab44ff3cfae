"""The colours of the design system: light, dark and high contrast (see CONTRIBUTING for the rules that use them)."""

from __future__ import annotations

from typing import NamedTuple


class Tokens(NamedTuple):
    """One theme. All values are "#RRGGBB". Memory colours never mean a state, state colours never mean memory."""

    name: str
    window: str
    surface: str
    raised: str
    border: str
    outline: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    warn: str
    bad: str
    soft_accent: str
    soft_good: str
    soft_warn: str
    soft_bad: str
    weights: str
    on_weights: str
    kv_cache: str
    compute: str
    other_programs: str
    code_keyword: str
    code_function: str
    code_number: str
    code_comment: str


LIGHT = Tokens(
    name="light",
    window="#F2F4F5",
    surface="#FFFFFF",
    raised="#E9EDEF",
    border="#D3DADE",
    outline="#74828A",
    text="#16201F",
    muted="#55626A",
    accent="#0B6670",
    on_accent="#FFFFFF",
    good="#2F6B2A",
    warn="#8A5300",
    bad="#B3261E",
    soft_accent="#DCEEEF",
    soft_good="#E4F1E1",
    soft_warn="#FBEFD9",
    soft_bad="#FBE6E4",
    weights="#1A6873",
    on_weights="#FFFFFF",
    kv_cache="#5F94CC",
    compute="#5E2A86",
    other_programs="#7D8990",
    code_keyword="#7A3E9D",
    code_function="#0B6670",
    code_number="#8A5300",
    code_comment="#55626A",
)

DARK = Tokens(
    name="dark",
    window="#13181B",
    surface="#1B2125",
    raised="#262E33",
    border="#353F45",
    outline="#7E8C94",
    text="#E6EBED",
    muted="#A2AEB5",
    accent="#58C3CB",
    on_accent="#04262A",
    good="#8ECB77",
    warn="#E9B551",
    bad="#FF8F85",
    soft_accent="#15363A",
    soft_good="#1D3319",
    soft_warn="#38290F",
    soft_bad="#401B18",
    weights="#55A9B3",
    on_weights="#04262A",
    kv_cache="#B7D1FA",
    compute="#9A66BE",
    other_programs="#75828A",
    code_keyword="#C99BE8",
    code_function="#7CCFD6",
    code_number="#E0B266",
    code_comment="#A2AEB5",
)

HIGH_CONTRAST = Tokens(
    name="high-contrast",
    window="#000000",
    surface="#000000",
    raised="#1A1A1A",
    border="#FFFFFF",
    outline="#FFFFFF",
    text="#FFFFFF",
    muted="#FFFFFF",
    accent="#7CF0FF",
    on_accent="#000000",
    good="#9BFF8A",
    warn="#FFD54A",
    bad="#FFA9A0",
    soft_accent="#003B42",
    soft_good="#0A2A06",
    soft_warn="#332600",
    soft_bad="#3D0A06",
    weights="#3E9DA6",
    on_weights="#04262A",
    kv_cache="#CFE0FF",
    compute="#B36BE0",
    other_programs="#BFBFBF",
    code_keyword="#C99BE8",
    code_function="#7CCFD6",
    code_number="#E0B266",
    code_comment="#FFFFFF",
)
