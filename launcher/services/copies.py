"""What other publishers offer in place of a download that its own repository refuses."""

from __future__ import annotations

from launcher.catalog import listing
from launcher.core.downloads import DownloadRequest
from launcher.core.models import Quant

# A copy shall fit where the original was planned to fit, and be as good as nearly the same number of bits is.
_SMALLEST, _LARGEST = 0.8, 1.05


def copies(request: DownloadRequest) -> tuple[DownloadRequest, ...]:
    """The same model from other repositories of the catalog, one of each, the nearest first.

    The catalog lists a quantisation's name once for each model as a rule, so where no repository has the very same, one of
    nearly the same size stands for it ("UD-Q4_K_XL" for "MXFP4").
    """
    variant = next((v for v in listing.load().variants if v.id == request.model), None)
    if variant is None:
        return ()
    own = next((q.file_bytes for q in variant.quants if (q.repo, q.name) == (request.repo, request.quant)), 0)
    size = own or request.file_bytes

    def distance(quant: Quant) -> tuple[bool, int]:
        return quant.name != request.quant, abs(quant.file_bytes - size)

    best: dict[str, Quant] = {}
    for quant in sorted(variant.quants, key=distance):
        is_near = size > 0 and _SMALLEST <= quant.file_bytes / size <= _LARGEST
        is_same_model = quant.loadable and not quant.changed_model
        if quant.repo != request.repo and is_same_model and (quant.name == request.quant or is_near):
            best.setdefault(quant.repo, quant)
    return tuple(
        DownloadRequest(variant.id, variant.short_name, q.name, q.repo, q.files, q.file_bytes, q.revision)
        for q in best.values()
    )
