"""`launcher models`: the catalog."""

from __future__ import annotations

import argparse

from launcher import catalog
from launcher.catalog import Catalog, builtin
from launcher.cli.output import print_json, table
from launcher.core.codec import to_json
from launcher.core.models import Family, Quant, Variant
from launcher.core.units import gb


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("model", nargs="?", help="show every quantisation of this model")


def run(args: argparse.Namespace) -> int:
    """Print the catalog or one model of it."""
    known = catalog.load()
    if args.model:
        variant = builtin.variant() if builtin.is_named(args.model) else known.find(args.model)
        if args.json:
            print_json(_variant_json(variant, known))
        else:
            print("\n".join(_variant_lines(variant, known)))
        return 0
    if args.json:
        families = [_family_json(f, known) for f in known.families]
        print_json({"date": known.date, "families": families, "built_in": _builtin_json(known)})
    else:
        for family in known.families:
            print(f"{family.name}: {family.summary}")
            print(table(("", "Model", "Parameters", "Files", "Score", "Good at"), _rows(family), frozenset({4})))
            print()
        if here := builtin.installed():
            print(f"{here.model}, {gb(here.size_bytes)}: {builtin.label()}. Try it: launcher chat tiny\n")
        print(f"Catalog of {known.date}. One model: launcher models MODEL. What runs here: launcher recommend.")
    return 0


def _rows(family: Family) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for v in family.variants:
        total, active = v.params_total / 1e9, v.params_active / 1e9
        size = f"{total:.1f}B" if total < 10 else f"{total:.0f}B"
        size += f", {active:.0f}B active" if v.params_active < v.params_total else ""
        files = _span(v.quants) if v.loadable else "none here"
        score = "unknown" if v.score is None else f"{v.score:.0f}"
        rows.append((" ", v.id, size, files, score, v.strengths if v.loadable else v.why_not))
    return rows


def _span(quants: tuple[Quant, ...]) -> str:
    return f"{len(quants)}: {gb(quants[0].file_bytes)}\u2013{gb(quants[-1].file_bytes)}" if quants else "none"


def _variant_lines(v: Variant, known: Catalog) -> list[str]:
    lines = [
        f"{v.name}  ({', '.join(filter(None, (v.released, v.licence)))})",
        f"{v.strengths} {v.honest_note}".strip(),
    ]
    if v.benchmarks:
        lines.append("Published: " + ", ".join(f"{k} {value:g}" for k, value in v.benchmarks.items()))
    if not v.loadable:
        lines.append(f"Not offered: {v.why_not}")
    rows = [_quant_row(q) for q in v.quants]
    if rows:
        header = ("Quantisation", "Size", "Size is", "Bits", "Loss", "Measured", "Repository")
        lines += ["", table(header, rows, frozenset({1, 3}))]
    others = [n for n in known.not_offered if n.model == v.id]
    lines += ["", "Known, not offered:"] if others else []
    lines += [f"  {n.repo} {n.name}{f', {gb(n.size_bytes)}' if n.size_bytes else ''}: {n.why}" for n in others]
    return lines


def _quant_row(q: Quant) -> tuple[str, ...]:
    measured = q.quality.figure or "not measured"
    bits = f"{q.bits_per_weight:.1f}"
    return q.name, gb(q.file_bytes), q.size_basis, bits, q.quality.words, measured, q.repo


def _family_json(family: Family, known: Catalog) -> dict[str, object]:
    variants = [_variant_json(v, known) for v in family.variants]
    return {"id": family.id, "name": family.name, "summary": family.summary, "variants": variants}


def _builtin_json(known: Catalog) -> dict[str, object] | None:
    """The built-in model, apart from DeepSeek's; null in a package without it."""
    return _variant_json(builtin.variant(), known) if builtin.installed() else None


def _variant_json(variant: Variant, known: Catalog) -> dict[str, object]:
    """A variant without the bytes of each block (`launcher plan` shows what they are for)."""
    data = to_json(variant)
    for quant, value in zip(data["quants"], variant.quants, strict=True):
        quant["facts"] = None
        quant["kv_layout"] = value.facts.kv_layout.value if value.facts else None
    data["not_offered"] = [to_json(n) for n in known.not_offered if n.model == variant.id]
    return data
