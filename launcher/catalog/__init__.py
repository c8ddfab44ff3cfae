"""What models exist: families, variants and quantisations, with the facts a plan needs before anything is downloaded."""

from __future__ import annotations

from launcher.catalog.listing import Catalog, NotOffered, load, rungs

__all__ = ["Catalog", "NotOffered", "load", "rungs"]
