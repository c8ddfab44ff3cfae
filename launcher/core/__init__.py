"""Frozen values, errors, units and paths that every room shares. Standard library only."""
