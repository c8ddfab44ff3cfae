"""The compute graphs of llama.cpp as data, its scheduler and its allocator: exact compute buffers without the engine."""
