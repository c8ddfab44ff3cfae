"""The catalog: resources/catalog/*.json as values, and finding a model by any of its names."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from launcher.catalog import builtin, quality, scores, sizes
from launcher.core.errors import NextStep, UserError
from launcher.core.models import Family, KvLayout, ModelFile, Quant, Sampling, Thinking, Variant
from launcher.core.paths import resource
from launcher.core.units import GB, GIB
from launcher.core.words import known, say

_PREFIX = "deepseek-"
# What most people take of a model or of a repository with many sizes, the first that is there.
USUAL_QUANTS = ("Q4_K_M", "UD-Q4_K_XL", "MXFP4")


@dataclass(frozen=True, slots=True)
class NotOffered:
    """A published file set that is known but not offered, and why. `size_bytes` is None where nobody published it."""

    model: str
    repo: str
    name: str
    why: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything known, as of `date` (ISO). Families and variants are in the order a person should read them."""

    date: str
    families: tuple[Family, ...]
    not_offered: tuple[NotOffered, ...]

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All variants of all families; some are listed without being loadable (`Variant.loadable`)."""
        return tuple(v for f in self.families for v in f.variants)

    def find(self, name: str) -> Variant:
        """The variant of that name: an id with or without "deepseek-", a full name, or a repository id; in any case.

        Raises:
            UserError: "unknown_model", with the nearest names; "built_in": it is no DeepSeek model and needs no download.
        """
        if builtin.is_named(name):
            raise builtin.read_only(say("{name} is not a DeepSeek model.", name=builtin.SHORT_NAME))
        wanted = name.strip().lower()
        names: dict[str, Variant] = {}
        for variant in self.variants:
            names[variant.id] = variant
            names[_PREFIX + variant.id] = variant
            names.setdefault(variant.short_name.lower(), variant)
            names.setdefault(variant.hf_repo.lower(), variant)
            for quant in variant.quants:
                names.setdefault(quant.repo.lower(), variant)
        if wanted in names:
            return names[wanted]
        near = difflib.get_close_matches(wanted.removeprefix(_PREFIX), [v.id for v in self.variants], 3, 0.4)
        why = f"DeepSeek has published no {name.strip().upper()} weights as of {self.date}." if wanted == "r2" else ""
        raise UserError(
            "unknown_model",
            f"No model called \u201c{name.strip()[:80]}\u201d.",
            why or f"The catalog of {self.date} has {len(self.variants)} models.",
            (*(NextStep(f"Did you mean {n}?") for n in near), NextStep("List them: launcher models")),
        )


@cache
def load() -> Catalog:
    """Read the catalog (once per process, about 10 ms)."""
    data, shapes, losses = _read()
    benchmarks = {entry["id"]: entry["benchmarks"] for entry in data["variants"]}
    by_family: dict[str, list[Variant]] = {}
    not_offered: list[NotOffered] = []
    for entry in data["variants"]:
        own = benchmarks[entry.get("score_from", entry["id"])]
        variant = _variant(entry, shapes, losses, scores.score(own, entry["params_total"]))
        by_family.setdefault(entry["family"], []).append(variant)
        not_offered += (
            NotOffered(entry["id"], row["repo"], row["name"], known(row["why"]), _size(row))
            for row in entry.get("not_offered", ())
        )
    families = tuple(
        Family(f["id"], known(f["name"]), known(f["summary"]), tuple(by_family.get(f["id"], ())))
        for f in data["families"]
    )
    return Catalog(data["date"], families, tuple(not_offered))


def rungs(variant: Variant) -> tuple[Quant, ...]:
    """Every quantisation of a variant from full precision down to 1 bit, largest first, one per name.

    Published file sets come as they are (the first repository of a name); those of llama-quantize's standard types that
    nobody publishes are computed from the shape, with an empty `repo`.
    """
    data, shapes, losses = _read()
    by_name: dict[str, Quant] = {}
    for quant in variant.quants:
        by_name.setdefault(quant.name, quant)
    entry = next(e for e in data["variants"] if e["id"] == variant.id)
    nowhere: dict[str, Any] = {"repo": "", "pattern": ""}
    for name in shapes[entry["shape"]].quants if entry["shape"] in shapes else ():
        if name not in by_name:
            by_name[name] = _quant(entry, nowhere, name, {}, shapes[entry["shape"]], losses)
    return quality.consistent(tuple(sorted(by_name.values(), key=lambda q: q.file_bytes)))[::-1]


@cache
def _read() -> tuple[dict[str, Any], dict[str, sizes.Shape], quality.Tables]:
    """The data files: the catalog as JSON, its shapes, and the tables of quantisation losses."""
    data = json.loads(resource("catalog", "models.json").read_text("utf-8"))
    shapes = {name: sizes.shape_from(entry) for name, entry in data["shapes"].items()}
    return data, shapes, quality.load_tables()


def _variant(
    entry: dict[str, Any], shapes: dict[str, sizes.Shape], losses: quality.Tables, score: float | None
) -> Variant:
    source = entry["benchmarks_source"]
    if "score_from" in entry:
        source += f" (ranked by the scores of {entry['score_from']}, its predecessor: the same tests are not published)"
    quants = tuple(
        _quant(entry, repo, name, listed, shapes[entry["shape"]], losses)
        for repo in entry["repos"]
        for name, listed in repo["quants"].items()
    )
    return Variant(
        id=entry["id"],
        name=entry["name"],
        short_name=entry["name"].removeprefix("DeepSeek-").removeprefix("deepseek-"),
        family=entry["family"],
        hf_repo=entry["hf_repo"],
        architecture=entry["architecture"],
        params_total=entry["params_total"],
        params_active=entry["params_active"],
        released=entry["released"],
        licence=known(entry["licence"]),
        context_train=entry["context_train"],
        strengths=known(entry["strengths"]),
        honest_note=known(entry["honest_note"]),
        tags=tuple(entry["tags"]),
        sampling=Sampling(**entry["sampling"]),
        thinking=Thinking(entry["thinking"]),
        system_prompt=entry["system_prompt"],
        benchmarks={k: float(v) for k, v in entry["benchmarks"].items()},
        benchmarks_source=source,
        score=score,
        quants=quality.consistent(tuple(sorted(quants, key=lambda q: q.file_bytes))),
        loadable="why_not" not in entry,
        why_not=known(entry.get("why_not", "")),
    )


def _quant(
    entry: dict[str, Any],
    repo: dict[str, Any],
    name: str,
    listed: dict[str, Any],
    shape: sizes.Shape,
    losses: quality.Tables,
) -> Quant:
    size = _size(listed)
    layout = KvLayout(repo["kv_layout"]) if "kv_layout" in repo else None
    facts, file_bytes = sizes.facts(shape, name, size, layout, entry["context_train"])
    bits = file_bytes * 8 / entry["params_total"]
    basis = "published" if "bytes" in listed else "rounded" if size is not None else "computed"
    return Quant(
        name=name,
        repo=repo["repo"],
        files=_files(repo, name, listed, file_bytes if "bytes" in listed else None),
        file_bytes=file_bytes,
        size_basis=basis,
        bits_per_weight=round(bits, 2),
        facts=facts,
        quality=quality.of(losses, entry["id"], entry["shape"], name, bits, entry["params_total"]),
        revision=repo.get("revision"),
    )


def _size(listed: dict[str, Any]) -> int | None:
    if "bytes" in listed:
        return int(listed["bytes"])
    if "gb" in listed:
        return round(listed["gb"] * GB)
    return round(listed["gib"] * GIB) if "gib" in listed else None


def _files(repo: dict[str, Any], name: str, listed: dict[str, Any], total: int | None) -> tuple[ModelFile, ...]:
    """The file set, () where its names are not known: then the hub's listing decides."""
    names: list[str] = listed.get("files") or _names(repo["pattern"], name, listed.get("shards"))
    parts: list[int | None] = listed.get("file_bytes") or ([total] if len(names) == 1 else [None] * len(names))
    hashes: list[str | None] = listed.get("sha256") or [None] * len(names)
    return tuple(ModelFile(n, b, h) for n, b, h in zip(names, parts, hashes, strict=True))


def _names(pattern: str, quant: str, shards: int | None) -> list[str]:
    path = pattern.replace("{Q}", quant)
    if not path:
        return []
    if "{shards}" not in path:
        return [path]
    return [path.replace("{shards}", f"-{i:05d}-of-{shards:05d}") for i in range(1, shards + 1)] if shards else []
