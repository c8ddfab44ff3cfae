"""Widgets: pictures of values, and the user's intents as signals. Knows nothing of files, processes or the network."""
