"""Runs inside the engine's own process: the only place that imports llama_cpp."""
