"""The launcher: local DeepSeek models, planned truthfully, downloaded reliably, run through llama.cpp."""

__version__ = "0.1.0"

RELEASE_FEED = ""
"""The address of the list of releases that "Check for updates" asks: set here by whoever publishes builds. "" is none, and
then the check says so; the setting `updates.feed` names another one."""
