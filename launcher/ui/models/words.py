"""The words of the Models page for fits, qualities, sizes and models. Qt only for translation."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.core.models import Variant
from launcher.core.units import GB, gb, gib, rate
from launcher.services.local_files import FILE_FAMILY
from launcher.ui.models.fit import Fit, FitKind, fit_of
from launcher.ui.models.rows import ModelRow, SizeRow
from launcher.ui.theme import Tone

_PUBLISHED_WEIGHTS = ("BF16", "F16", "F32")
_FIRST_TEST = {
    "coder": ("HumanEval", "LiveCodeBench", "GPQA_D"),
    "": ("GPQA_D", "AIME24", "MMLU_Pro", "MMLU", "HumanEval"),
}
_LONG_TEST_NAME = 10
_TEST_NAMES = {"TerminalBench2.1": "TerminalBench 2.1", "GPQA_D": "GPQA", "AIME24": "AIME 24", "MMLU_Pro": "MMLU-Pro"}


def fit_words(fit: Fit) -> tuple[str, str, Tone]:
    """Icon name ("half" is the painted half circle), words and tone."""
    kind = fit.kind
    if kind is FitKind.ALL_ON_CARD:
        one = QCoreApplication.translate("Models", "all on card")
        many = QCoreApplication.translate("Models", "all on {n} cards").format(n=fit.n_cards)
        return "check", one if fit.n_cards == 1 else many, Tone.GOOD
    if kind is FitKind.SOME_LAYERS_ON_CARD:
        text = QCoreApplication.translate("Models", "{n} of {m} layers on card")
        return "half", text.format(n=fit.layers_on_card, m=fit.layers), Tone.TEXT
    if kind is FitKind.RAM_NEARLY_FULL:
        text = QCoreApplication.translate("Models", "only {size} RAM left")
        return "triangle-alert", text.format(size=gib(max(0, fit.spare_bytes))), Tone.WARN
    if kind is FitKind.TOO_LARGE:
        if not fit.spare_bytes:
            return "x", QCoreApplication.translate("Models", "does not fit"), Tone.BAD
        text = QCoreApplication.translate("Models", "needs {size} more")
        return "x", text.format(size=gib(fit.spare_bytes)), Tone.BAD
    plain = {
        FitKind.CARD_AND_RAM: ("half", QCoreApplication.translate("Models", "card and RAM"), Tone.TEXT),
        FitKind.ALL_IN_RAM: ("memory-stick", QCoreApplication.translate("Models", "all in RAM"), Tone.TEXT),
        FitKind.PARTLY_FROM_DISK: (
            "hard-drive",
            QCoreApplication.translate("Models", "partly from disk"),
            Tone.MUTED,
        ),
    }
    return plain[kind]


def size_fit(size: SizeRow, *, has_plans: bool) -> tuple[str, str, Tone]:
    """As `fit_words`, also for what cannot be loaded or is not planned yet."""
    if size.why_not:
        return "x", QCoreApplication.translate("Models", "this engine cannot load it"), Tone.MUTED
    if size.plan is None:
        unknown = QCoreApplication.translate("Models", "unknown")
        return "", unknown if has_plans else "…", Tone.MUTED
    return fit_words(fit_of(size.plan))


def speed_words(size: SizeRow) -> tuple[str, str]:
    """Tokens per second and its range; two empty texts where it does not run."""
    if size.plan is None or not size.plan.fits:
        return "", ""
    speed = size.plan.speed
    if speed.basis == "measured":
        return rate(speed.decode_tokens_s), QCoreApplication.translate("Models", "measured")
    return rate(speed.decode_tokens_s), f"{rate(speed.decode_low)}\u2013{rate(speed.decode_high)}"


def quality_words(size: SizeRow) -> tuple[str, str, Tone]:
    """The loss in words, its figure or where it comes from, and a tone."""
    quality = size.quality
    words = {
        "no loss": QCoreApplication.translate("Models", "no loss"),
        "slight loss": QCoreApplication.translate("Models", "slight loss"),
        "clear loss": QCoreApplication.translate("Models", "clear loss"),
        "strong loss": QCoreApplication.translate("Models", "strong loss"),
    }.get(quality.words, QCoreApplication.translate("Models", "unknown"))
    tone = Tone.WARN if quality.words == "strong loss" else Tone.TEXT
    if quality.measured and quality.figure:
        return words, quality.figure, tone
    if quality.loss is None:
        return (
            QCoreApplication.translate("Models", "unknown"),
            QCoreApplication.translate("Models", "not measured"),
            Tone.MUTED,
        )
    if size.quant.upper() in _PUBLISHED_WEIGHTS:
        return words, QCoreApplication.translate("Models", "as published"), tone
    # Carried over from another model: said so, and never as strong as a measurement.
    return words, QCoreApplication.translate("Models", "estimated"), tone if tone is Tone.WARN else Tone.MUTED


def test_words(model: ModelRow) -> tuple[str, str]:
    """The published test that says most about the model, and what was tested."""
    variant = model.variant
    if variant is None:
        return "", ""
    order = _FIRST_TEST["coder" if "coder" in variant.tags and "reasoning" not in variant.tags else ""]
    name = next((n for n in order if n in variant.benchmarks), next(iter(variant.benchmarks), ""))
    if not name:
        return QCoreApplication.translate("Models", "unknown"), QCoreApplication.translate("Models", "not measured")
    shown, value = _TEST_NAMES.get(name, name.replace("_", " ")), f"{variant.benchmarks[name]:.1f}"
    if len(shown) > _LONG_TEST_NAME:
        return value, shown
    return f"{shown} {value}", QCoreApplication.translate("Models", "uncompressed")


def params_words(variant: Variant) -> str:
    """Parameters: "33B", or "284B, 13B active" for a mixture of experts."""
    total = _billions(variant.params_total)
    if variant.params_active in (0, variant.params_total):
        return total
    return QCoreApplication.translate("Models", "{total}, {active} active").format(
        total=total, active=_billions(variant.params_active)
    )


def params_sentence(variant: Variant) -> str:
    """For the panel: "284B parameters, 13B active per token"."""
    total = _billions(variant.params_total)
    if variant.params_active in (0, variant.params_total):
        return QCoreApplication.translate("Models", "{total} parameters").format(total=total)
    return QCoreApplication.translate("Models", "{total} parameters, {active} active per token").format(
        total=total, active=_billions(variant.params_active)
    )


def _billions(params: int) -> str:
    billions = params / 1e9
    if billions >= 1000:
        return f"{billions / 1000:.1f}T"
    return f"{billions:.0f}B" if billions >= 10 or round(billions, 1).is_integer() else f"{billions:.1f}B"


def model_details(model: ModelRow, lead: SizeRow | None, *, is_open: bool, is_short: bool = False) -> str:
    """The second line of a model: parameters, reasoning, and which size the folded row is about.

    Args:
        model: the row.
        lead: the size that a folded row is about.
        is_open: its sizes are shown below.
        is_short: without "reasoning", for which there is a filter.
    """
    if model.variant is None:
        return QCoreApplication.translate("Models", "file on this PC, not in the catalogue")
    parts = [params_words(model.variant)]
    if model.variant.family == FILE_FAMILY:
        parts.append(QCoreApplication.translate("Models", "file on this PC"))
    if "reasoning" in model.variant.tags and not is_short:
        parts.append(QCoreApplication.translate("Models", "reasoning"))
    if lead and not is_open:
        parts.append(lead.quant)
    return " · ".join(parts)


def size_details(size: SizeRow) -> str:
    """The second line of a size: bits, publisher, "recommended"."""
    parts: list[str] = []
    if size.bits:
        parts.append(QCoreApplication.translate("Models", "{bits} bits").format(bits=f"{size.bits:.1f}"))
    if size.is_recommended:
        parts.append(QCoreApplication.translate("Models", "recommended"))
    elif size.publisher:
        parts.append(size.publisher)
    return " · ".join(parts)


def download_words(progress: DownloadProgress | None) -> tuple[str, Tone]:
    """How far a download is, for the second line under the size."""
    if progress is None or progress.state is DownloadState.DONE:
        return "", Tone.MUTED
    here = QCoreApplication.translate("Models", "{size} here").format(size=gb(progress.done_bytes))
    return {
        DownloadState.QUEUED: (QCoreApplication.translate("Models", "waiting"), Tone.MUTED),
        DownloadState.PAUSED: (QCoreApplication.translate("Models", "paused"), Tone.WARN),
        DownloadState.FAILED: (QCoreApplication.translate("Models", "failed"), Tone.BAD),
        DownloadState.VERIFYING: (QCoreApplication.translate("Models", "verifying"), Tone.ACCENT),
    }.get(progress.state, (here, Tone.ACCENT))


def size_range(sizes: tuple[SizeRow, ...]) -> str:
    """Smallest to largest download: "70–162 GB"."""
    known = [size.file_bytes for size in sizes if size.file_bytes]
    if not known:
        return QCoreApplication.translate("Models", "unknown")
    low, high = min(known), max(known)
    if low == high:
        return gb(low)
    digits = 0 if low >= 10 * GB else 1
    return f"{low / GB:.{digits}f}\u2013{high / GB:.{digits}f} GB"


def size_words(size: SizeRow) -> str:
    """Download size of one file set."""
    return gb(size.file_bytes) if size.file_bytes else QCoreApplication.translate("Models", "unknown")


def date_words(released: str) -> str:
    """An ISO date in the user's language; other text as it is."""
    date = QDate.fromString(released[:10], "yyyy-MM-dd")
    form = QCoreApplication.translate("Models", "d MMM yyyy", "date as QLocale.toString takes it")
    return QLocale().toString(date, form) if date.isValid() else released
