"""The native libraries: llama.cpp through the binding's ctypes layer, ggml's device list, the log.

Only `llama_cpp.llama_cpp` (structs and functions) is used, never the high-level classes: those expose neither placements nor
cancel (facts on llama-cpp-python 0.3.36). Struct layouts change with every release, so their defaults are checked at start.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import importlib.util
import os
import re
import socket
import sys
import threading
import types
from collections import deque
from functools import cached_property
from pathlib import Path
from typing import Any

from launcher.core.errors import NextStep, UserError
from launcher.core.machine import EngineDevice
from launcher.core.words import say

_POINTER = ctypes.c_void_p
META = "meta"
"""The kind of the one device that llama.cpp makes of several to split tensors over them."""
_DEVICE_KINDS = {0: "cpu", 1: "gpu", 2: "igpu", 3: "accel", 4: META}  # enum ggml_backend_dev_type
GPU_KINDS = ("gpu", "igpu")
_RPC_TIMEOUT_S = 5.0
_LOG_ERROR, _LOG_INFO, _LOG_CONTINUE = 4, 2, 5  # enum ggml_log_level


class _DeviceProperties(ctypes.Structure):
    """struct ggml_backend_dev_props; the capabilities at its end are not read, only given room."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("memory_free", ctypes.c_size_t),
        ("memory_total", ctypes.c_size_t),
        ("type", ctypes.c_int),
        ("device_id", ctypes.c_char_p),
        ("capabilities", ctypes.c_bool * 64),
    ]


_MAX_LOG_TEXT = 4000


class EngineLog:
    """llama.cpp's log: to stderr for the client's ring, and the last lines kept for our own error texts."""

    def __init__(self, lines: int = 200) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=lines)
        self._lock = threading.Lock()

    def write(self, level: int, text: str) -> None:
        """One call of llama.cpp: whole lines, or a piece that goes on with the line before."""
        text = text[:_MAX_LOG_TEXT]  # it quotes the file, which may hold megabytes where a name belongs
        with self._lock:
            if level == _LOG_CONTINUE and self._lines:
                before, line = self._lines.pop()
                self._lines.append((before, line + text.rstrip("\n")))
                return
            self._lines.extend((level, line) for line in text.rstrip("\n").split("\n"))
        if level >= _LOG_INFO:
            sys.stderr.write(text)
            sys.stderr.flush()

    def mark(self) -> None:
        """Forget what was logged, so that the next error text is about what comes now."""
        with self._lock:
            self._lines.clear()

    def errors(self, count: int = 6) -> list[str]:
        """The last lines logged as errors."""
        with self._lock:
            return [line for level, line in self._lines if level == _LOG_ERROR][-count:]

    def search(self, pattern: str) -> re.Match[str] | None:
        """The first line that matches."""
        with self._lock:
            lines = [line for _, line in self._lines]
        return next((m for line in lines if (m := re.search(pattern, line))), None)


def _import_ctypes_layer() -> Any:
    """`llama_cpp.llama_cpp` without its package's `__init__`.

    That one imports the high-level classes, which are not used here, and numpy with them: measured 1.2 s and 22 MB of a
    worker's start on two busy cores.
    """
    if "llama_cpp" not in sys.modules:
        spec = importlib.util.find_spec("llama_cpp")
        if spec is None or spec.submodule_search_locations is None:
            raise UserError("engine_broken", "The engine is not installed.", "The package llama_cpp is missing.")
        package = types.ModuleType("llama_cpp")
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules["llama_cpp"] = package
    try:
        return importlib.import_module("llama_cpp.llama_cpp")
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise UserError(
            "engine_broken",
            "The engine's libraries cannot be loaded.",
            f"{error} (LLAMA_CPP_LIB_PATH: {os.environ.get('LLAMA_CPP_LIB_PATH') or 'not set'})",
            (NextStep("Install the launcher again"),),
        ) from error


def check_reachable(endpoint: str) -> None:
    """Connect and hang up.

    Raises:
        UserError: "rpc_unreachable".
    """
    host, _, port = endpoint.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _RPC_TIMEOUT_S).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _rpc_error(endpoint, f"{error}.") from error


def _rpc_error(endpoint: str, why: str, detail: str = "") -> UserError:
    return UserError(
        "rpc_unreachable",
        say("The computer {name} does not answer.", name=endpoint),
        why,
        (NextStep("Start rpc-server there"), NextStep("Load again", "load_again")),
        detail,
    )


class Binding:
    """The loaded libraries. One per process."""

    def __init__(self) -> None:
        self.llama: Any = _import_ctypes_layer()
        given = os.environ.get("LLAMA_CPP_LIB_PATH")
        self.library_path = Path(given) if given else Path(self.llama.__file__).parent / "lib"
        self._ggml = self._library("ggml")
        self._base = self._library("ggml-base")
        self.log = EngineLog()
        # The callback object must outlive the library's use of it.
        self._log_callback = self.llama.llama_log_callback(self._on_log)
        self.llama.llama_log_set(self._log_callback, None)
        self._check_structs()
        if self._count("ggml_backend_reg_count") == 0:
            # Builds with GGML_BACKEND_DL (engine packs) register nothing by themselves.
            self._call(self._ggml, "ggml_backend_load_all_from_path", None, ctypes.c_char_p)(
                os.fsencode(self.library_path)
            )
        self.llama.llama_backend_init()

    def _on_log(self, level: int, text: bytes, _user_data: object) -> None:
        self.log.write(level, text.decode("utf-8", "replace"))

    def _library(self, name: str) -> ctypes.CDLL:
        for file_name in (f"lib{name}.so", f"lib{name}.dylib", f"{name}.dll", f"lib{name}.dll"):
            if (self.library_path / file_name).exists():
                return ctypes.CDLL(str(self.library_path / file_name))
        raise UserError(
            "engine_broken",
            "The engine's files are incomplete.",
            say("{name} is missing in {folder}.", name=name, folder=self.library_path),
            (NextStep("Install the launcher again"),),
        )

    @staticmethod
    def _call(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Any:
        function = getattr(library, name)
        function.restype = result
        function.argtypes = list(arguments)
        return function

    def _count(self, name: str) -> int:
        return int(self._call(self._ggml, name, ctypes.c_size_t)())

    def _check_structs(self) -> None:
        """Known defaults at their known places; a library of another release would read other values there."""
        model, context = self.llama.llama_model_default_params(), self.llama.llama_context_default_params()
        found = (model.n_gpu_layers, model.load_mode, context.n_batch, context.n_ubatch, context.flash_attn_type)
        if found != (-1, -1, 2048, 512, -1) or not model.use_extra_bufts or model.no_alloc:
            raise UserError(
                "engine_mismatch",
                "The engine's libraries and its Python binding do not belong together.",
                f"llama-cpp-python {self.binding_version} read {found} where (-1, -1, 2048, 512, -1) was expected, in {self.library_path}.",
                (NextStep("Install the launcher again"),),
            )

    @property
    def binding_version(self) -> str:
        """Of llama-cpp-python."""
        return importlib.metadata.version("llama-cpp-python")

    @property
    def engine_version(self) -> str:
        """What measured findings hold for: binding and library."""
        native = self.llama.llama_version()
        return f"llama-cpp-python {self.binding_version}, llama.cpp {native.decode() if native else 'unknown'}"

    @property
    def system_info(self) -> str:
        """The backends and the instruction sets that this build uses here."""
        return str(self.llama.llama_print_system_info().decode("utf-8", "replace")).strip()

    def add_rpc_servers(self, endpoints: tuple[str, ...]) -> None:
        """Make other computers' devices (llama.cpp RPC) devices of this one.

        Raises:
            UserError: this build has no RPC, or a server does not answer.
        """
        for endpoint in endpoints:
            check_reachable(endpoint)  # llama.cpp aborts the process when nobody is there
            rpc = self._library("ggml-rpc")
            registry = self._call(rpc, "ggml_backend_rpc_add_server", _POINTER, ctypes.c_char_p)(endpoint.encode())
            if not registry:
                raise _rpc_error(
                    endpoint, say("It is not a llama.cpp RPC server of this version."), "\n".join(self.log.errors())
                )
            self._call(self._ggml, "ggml_backend_register", None, _POINTER)(registry)

    def serve_rpc(self, endpoint: str, n_devices: int) -> None:
        """Be an RPC server whose devices are this processor, `n_devices` times; returns only when it cannot listen."""
        processor = self._call(self._ggml, "ggml_backend_dev_by_type", _POINTER, ctypes.c_int)(0)
        devices = (_POINTER * n_devices)(*(processor,) * n_devices)
        size = ctypes.c_size_t
        start = self._call(
            self._library("ggml-rpc"),
            "ggml_backend_rpc_start_server",
            None,
            *(ctypes.c_char_p, ctypes.c_char_p, size, size, _POINTER),
        )
        start(endpoint.encode(), None, 1, n_devices, devices)

    # --- devices ------------------------------------------------------------------------------------------------------

    def device_handles(self) -> dict[str, int]:
        """Name -> ggml_backend_dev_t of every device, the processor included."""
        get = self._call(self._ggml, "ggml_backend_dev_get", _POINTER, ctypes.c_size_t)
        handles = [int(get(i)) for i in range(self._count("ggml_backend_dev_count"))]
        return {self.device_name(h): h for h in handles}

    def devices(self) -> tuple[EngineDevice, ...]:
        """What the engine can use, with free and total memory now."""
        return tuple(self._describe(name, handle) for name, handle in self.device_handles().items())

    def _describe(self, name: str, handle: int) -> EngineDevice:
        properties: Any = _DeviceProperties()
        self._call(self._base, "ggml_backend_dev_get_props", None, _POINTER, _POINTER)(handle, ctypes.byref(properties))
        registry = self._call(self._base, "ggml_backend_dev_backend_reg", _POINTER, _POINTER)(handle)
        backend = self._call(self._base, "ggml_backend_reg_name", ctypes.c_char_p, _POINTER)(registry)
        return EngineDevice(
            name=name,
            description=(properties.description or b"").decode("utf-8", "replace"),
            backend=backend.decode().lower(),
            kind=self.device_kind(handle),
            total_bytes=properties.memory_total,
            free_bytes=properties.memory_free,
            pci_bus_id=properties.device_id.decode() if properties.device_id else None,
        )

    def device_name(self, handle: int) -> str:
        """The name ggml gave it ("CUDA0")."""
        return str(self._call(self._base, "ggml_backend_dev_name", ctypes.c_char_p, _POINTER)(handle).decode())

    def device_kind(self, handle: int) -> str:
        """One of "gpu", "igpu", "accel", "cpu", META."""
        return _DEVICE_KINDS.get(
            self._call(self._base, "ggml_backend_dev_type", ctypes.c_int, _POINTER)(handle), "accel"
        )

    def device_memory(self, handle: int) -> tuple[int, int]:
        """(free, total) bytes now."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        size_pointer = ctypes.POINTER(ctypes.c_size_t)
        query = self._call(self._base, "ggml_backend_dev_memory", None, _POINTER, size_pointer, size_pointer)
        query(handle, ctypes.byref(free), ctypes.byref(total))
        return free.value, total.value

    @cached_property
    def cpu_buffer_type(self) -> int:
        """The plain buffer type of the processor, for tensors that must stay in RAM."""
        return self.device_buffer_type(self._call(self._ggml, "ggml_backend_dev_by_type", _POINTER, ctypes.c_int)(0))

    def device_buffer_type(self, handle: int) -> int:
        """The buffer type of a device's own memory."""
        return int(self._call(self._base, "ggml_backend_dev_buffer_type", _POINTER, _POINTER)(handle))

    def buffer_device(self, buffer_type: int) -> str | None:
        """The device that a buffer type's memory counts for: its name, META for several together, None for the host."""
        if self._call(self._base, "ggml_backend_buft_is_host", ctypes.c_bool, _POINTER)(buffer_type):
            return None
        device = self._call(self._base, "ggml_backend_buft_get_device", _POINTER, _POINTER)(buffer_type)
        kind = self.device_kind(device) if device else "cpu"
        return META if kind == META else self.device_name(device) if kind in GPU_KINDS else None

    def has_tensor(self, path: str, name: str) -> bool:
        """Whether a GGUF file holds a tensor of that name; False for a file that cannot be read."""

        class Parameters(ctypes.Structure):
            """struct gguf_init_params."""

            _fields_ = [("no_alloc", ctypes.c_bool), ("context", _POINTER)]

        file = self._call(self._base, "gguf_init_from_file", _POINTER, ctypes.c_char_p, Parameters)(
            os.fsencode(path), Parameters(True, None)
        )
        if not file:
            return False
        found = self._call(self._base, "gguf_find_tensor", ctypes.c_int64, _POINTER, ctypes.c_char_p)
        index = int(found(file, name.encode()))
        self._call(self._base, "gguf_free", None, _POINTER)(file)
        return index >= 0

    def scheduler_buffers(self, scheduler: int) -> list[tuple[int, int]]:
        """(buffer type, bytes) of every compute buffer that a ggml_backend_sched holds."""
        pointer = ctypes.c_void_p
        count = self._call(self._base, "ggml_backend_sched_get_n_backends", ctypes.c_int, pointer)(scheduler)
        backend = self._call(self._base, "ggml_backend_sched_get_backend", pointer, pointer, ctypes.c_int)
        kind = self._call(self._base, "ggml_backend_sched_get_buffer_type", pointer, pointer, pointer)
        size = self._call(self._base, "ggml_backend_sched_get_buffer_size", ctypes.c_size_t, pointer, pointer)
        backends = [backend(scheduler, i) for i in range(count)]
        return [(int(kind(scheduler, b)), int(size(scheduler, b))) for b in backends]
