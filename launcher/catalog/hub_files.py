"""Which files of a repository make one quantisation. Pure: names in, groups out.

Publishers name files differently (bartowski and unsloth `Model-Q4_K_M.gguf`, TheBloke and mradermacher `Model.Q4_K_M.gguf`,
imatrix repositories `Model.i1-Q4_K_M.gguf`, dynamic ones `Model-UD-IQ2_XXS-00001-of-00003.gguf` in a folder, ggml-org
`Model-MXFP4.gguf` with `mmproj-*` and `dspark-*` beside it). All of them put the quantisation last, before the shard number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.words import say

_SHARD = re.compile(r"^(?P<stem>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})$")
# The prefix says how it was made (UD, AD: dynamic; i1: importance matrix), the -V2 of bartowski which recipe.
_QUANT = re.compile(
    r"(?:^|[-._])(?P<quant>(?:(?:UD|AD|i1)-)?"
    r"(?:D?Q\d(?:_[0-9A-Z]+)+|IQ\d_[0-9A-Z]+(?:_[0-9A-Z]+)*|TQ\d_\d|MXFP4(?:_[A-Z]+)?|NVFP4|BF16|FP?16|FP?32)(?:-V\d)?)$",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(?:UD|AD|i1)-", re.IGNORECASE)
# Projectors, drafters and importance matrices travel with a model and are never the model.
_SIDECAR = re.compile(
    r"^(?:mmproj|imatrix|dspark|draft)|[-._](?:mmproj|dspark|drafter|imatrix)(?:[-._]|$)", re.IGNORECASE
)
_SIDECAR_FOLDERS = frozenset({"mmproj", "dspark", "mtp", "imatrix", "draft"})
_MTP_ONLY = re.compile(r"^mtp[-._]|(?<!no)(?<!with)[-._]mtp[-._]", re.IGNORECASE)
# Cut with `split` instead of llama.cpp's own shards: has to be joined by hand, the engine cannot load it.
_RAW_SPLIT = re.compile(r"\.gguf(?:-split-[a-z]|\.part\d+of\d+|[-.]part-?[a-z0-9]+)$", re.IGNORECASE)
_ALIASES = {"fp16": "f16", "fp32": "f32"}


@dataclass(frozen=True, slots=True)
class FileGroup:
    """A single GGUF file, or all shards of one.

    Attributes:
        stem: path without the shard number and ".gguf".
        quant: the quantisation as the name spells it ("UD-Q4_K_XL"), None when the name does not say.
        count: how many shards the set must have.
        files: those that are there, in shard order.
        missing: shard numbers that are not there.
    """

    stem: str
    quant: str | None
    count: int
    files: tuple[ModelFile, ...]
    missing: tuple[int, ...] = ()

    @property
    def size_bytes(self) -> int:
        """All its files; unknown sizes count as 0."""
        return sum(f.size_bytes or 0 for f in self.files)


def is_sidecar(path: str) -> bool:
    """Whether a file goes with a model (projector, drafter, importance matrix) instead of being one."""
    pure = PurePosixPath(path)
    if any(part.lower() in _SIDECAR_FOLDERS for part in pure.parts[:-1]):
        return True
    stem = _split(pure)[0]
    # "…-Instruct-imatrix.gguf" of one publisher is a model made with a matrix, but it has no quantisation at its end either.
    return bool(_SIDECAR.search(stem)) or bool(_SIDECAR.search(pure.name.removesuffix(".gguf")))


def quant_of(path: str) -> str | None:
    """The quantisation that a file's name (or, failing that, its folder) states; None when neither does."""
    pure = PurePosixPath(path)
    found = _QUANT.search(_split(pure)[0])
    if found is None and len(pure.parts) > 1:
        found = _QUANT.search(pure.parts[-2])
    return found["quant"] if found else None


def group(files: Iterable[ModelFile]) -> tuple[FileGroup, ...]:
    """All GGUF files as single files and shard sets, sidecars included, in order of their names."""
    shards: dict[tuple[str, int], dict[int, ModelFile]] = {}
    for file in files:
        pure = PurePosixPath(file.name)
        if pure.suffix.lower() != ".gguf":
            continue
        stem, index, count = _split(pure)
        shards.setdefault((str(pure.parent / stem), count), {})[index] = file
    groups: list[FileGroup] = []
    for (stem, count), by_index in sorted(shards.items()):
        ordered = tuple(by_index[i] for i in sorted(by_index))
        missing = tuple(i for i in range(1, count + 1) if i not in by_index)
        groups.append(FileGroup(stem, quant_of(ordered[0].name), count, ordered, missing))
    return tuple(groups)


def select(repo: str, files: Sequence[ModelFile], quant: str, names: Sequence[str] = ()) -> tuple[ModelFile, ...]:
    """The files of one item: those named (whole sets, where a shard is named), else those of the quantisation.

    Raises:
        UserError: "file_not_found", "quant_not_found", "incomplete_set", "ambiguous_files" or "unsupported_split".
    """
    groups = group(files)
    if names:
        chosen = tuple(g for g in groups if any(f.name in names for f in g.files))
        found = {f.name for g in chosen for f in g.files}
        absent = [n for n in names if n not in found]
        if not absent:  # the model first: that is the file to load
            chosen = tuple(sorted(chosen, key=lambda g: is_sidecar(g.files[0].name)))
            return tuple(f for g in chosen for f in _complete(repo, g).files)
        if not quant:
            raise UserError(
                "file_not_found",
                say("{name} is not in {repo}.", name=absent[0], repo=repo),
                say("The repository lists {n} model files, none of that name.", n=len(groups)),
                _choices(repo, groups),
            )
    return _complete(repo, _of_quant(repo, groups, files, quant)).files


def _of_quant(repo: str, groups: Sequence[FileGroup], files: Sequence[ModelFile], quant: str) -> FileGroup:
    models = [g for g in groups if not is_sidecar(g.files[0].name)]
    wanted = _normal(quant)
    matches = [g for g in models if g.quant and _normal(g.quant) == wanted]
    if not matches:  # "Q4_K_M" in an imatrix repository whose files say "i1-Q4_K_M"
        loose = [g for g in models if g.quant and _bare(g.quant) == _bare(quant)]
        matches = loose if len({_normal(g.quant or "") for g in loose}) == 1 else []
    matches = [g for g in matches if not _MTP_ONLY.search(PurePosixPath(g.stem).name)] or matches
    if len({PurePosixPath(g.stem).name for g in matches}) == 1:
        return min(matches, key=lambda g: (bool(g.missing), g.count))  # the same model, whole and in shards
    if matches:
        raise UserError(
            "ambiguous_files",
            say("{repo} has several models as {quant}.", repo=repo, quant=quant),
            say("{n} files match: {names}.", n=len(matches), names=", ".join(g.files[0].name for g in matches[:4])),
            tuple(NextStep(say("Choose one: {repo}:{name}", repo=repo, name=g.files[0].name)) for g in matches[:4]),
        )
    raw = [f.name for f in files if _RAW_SPLIT.search(f.name) and wanted in f.name.lower()]
    if raw:
        raise UserError(
            "unsupported_split",
            say("{quant} of {repo} cannot be loaded as it is published.", quant=quant, repo=repo),
            say("It comes as {n} raw pieces ({name}, …) that must be joined by hand first.", n=len(raw), name=raw[0]),
            (NextStep("Choose another quantisation or repository"),),
        )
    raise UserError(
        "quant_not_found",
        say("{repo} has no {quant} file.", repo=repo, quant=quant),
        say("The repository lists {n} model files.", n=len(models)),
        _choices(repo, models),
    )


def _complete(repo: str, chosen: FileGroup) -> FileGroup:
    if chosen.missing:
        numbers = ", ".join(str(i) for i in chosen.missing[:5])
        raise UserError(
            "incomplete_set",
            say("{name} is not complete on the hub.", name=PurePosixPath(chosen.stem).name),
            say(
                "{n} of {count} parts are missing (number {numbers}); the upload may still be running.",
                n=len(chosen.missing),
                count=chosen.count,
                numbers=numbers,
            ),
            (NextStep("Try again later", "retry"), NextStep("Choose another quantisation or repository")),
            detail=f"repository {repo}",
        )
    return chosen


def _choices(repo: str, groups: Sequence[FileGroup]) -> tuple[NextStep, ...]:
    quants = sorted({g.quant for g in groups if g.quant and not is_sidecar(g.files[0].name) and not g.missing})
    if quants:
        return (NextStep(say("Choose one that is there: {names}", names=", ".join(quants[:24]))),)
    if groups:
        return tuple(NextStep(say("Choose a file: {repo}:{name}", repo=repo, name=g.files[0].name)) for g in groups[:4])
    return (NextStep("Choose a repository with GGUF files"),)


def _split(path: PurePosixPath) -> tuple[str, int, int]:
    """Stem without shard number, shard index and count (1, 1 for a single file)."""
    stem = path.name[: -len(path.suffix)] if path.suffix.lower() == ".gguf" else path.name
    shard = _SHARD.match(stem)
    return (shard["stem"], int(shard["index"]), int(shard["count"])) if shard else (stem, 1, 1)


def _normal(quant: str) -> str:
    lower = quant.lower()
    return _ALIASES.get(lower, lower)


def _bare(quant: str) -> str:
    return _normal(_PREFIX.sub("", quant))
