"""What models exist: families, variants and quantisations, with the facts a plan needs before anything is downloaded."""

from __future__ import annotations

from launcher.catalog.listing import USUAL_QUANTS, Catalog, NotOffered, load, rungs

__all__ = ["USUAL_QUANTS", "Catalog", "NotOffered", "load", "rungs"]
