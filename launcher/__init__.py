"""The launcher: local DeepSeek models, planned truthfully, downloaded reliably, run through llama.cpp."""

__version__ = "0.1.0"
