"""The engine: llama.cpp in a child process, driven over JSON lines."""
