"""Downloads, the library and remote headers, against a real hub server on loopback. Neither Qt nor the engine."""
