"""What a frozen program consists of, and what is left out of it. Standard library only; read by launcher.spec, check.py and tests."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parents[2]

BUNDLE = "Launcher.app"
"""On macOS."""

# Below resources/: pictures for the README, translators' sources, engine packs of a source tree. All else goes along.
RESOURCES_LEFT_OUT = re.compile(r"(?:screenshots|engines)/|.*\.ts$|.*/README\.md$")

# Imported by name at run time, where no import statement tells of it.
HIDDEN_IMPORTS = (
    "llama_cpp.llama_cpp",  # engine/worker/binding.py
    "pynvml",  # hardware/nvml_driver.py
    "readline",  # cli/chat.py; does without where the system has no library for it
    "huggingface_hub.hf_api",  # the hub's library imports its own parts when they are asked for
    "huggingface_hub.file_download",
    "huggingface_hub.errors",
    "huggingface_hub.utils",
    "keyring.backends.SecretService",  # chosen by entry points
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
    "keyring.backends.chainer",
    "keyring.backends.fail",
    "keyring.backends.null",
)

# Of PyInstaller's start-up modules. On Linux PySide6 finds its plugins by itself; elsewhere nobody has tried without.
RUNTIME_HOOKS = () if sys.platform == "linux" else ("pyi_rth_pyside6",)

# Whose version or entry points are read at run time.
METADATA = ("llama-cpp-python", "keyring", "huggingface-hub")

# Fonts and tables beside the modules.
PACKAGE_DATA = ("ziamath", "ziafont", "latex2mathml")

EXCLUDED_MODULES = (
    # The binding's high-level half, which the worker does not import, and what only that needs.
    "llama_cpp.llama",
    "llama_cpp.llama_cache",
    "llama_cpp.llama_chat_format",
    "llama_cpp.llama_embedding",
    "llama_cpp.llama_grammar",
    "llama_cpp.llama_speculative",
    "llama_cpp.llama_tokenizer",
    "llama_cpp.llama_types",
    "llama_cpp.mtmd_cpp",
    "llama_cpp.server",
    "llama_cpp._internals",
    "numpy",
    "diskcache",
    # Downloads speak plain HTTP (catalog/network.py); 8 MB of native code for the hub's other protocol.
    "hf_xet",
    # Of the hub's library: its command line, file systems and exchange with other frameworks.
    "huggingface_hub.cli",
    "huggingface_hub.commands",
    "huggingface_hub.hf_file_system",
    "huggingface_hub.inference",
    "huggingface_hub.serialization",
    "fsspec",
    "torch",
    "safetensors",
    "IPython",
    "PIL",
    # The HTTP library's command line, imported when it is asked for.
    "httpx2._main",
    # Nobody is asked for anything by these.
    "tkinter",
    "_tkinter",
    "curses",
    "_curses",
    "_curses_panel",
    "dbm",
    "_dbm",
    "_gdbm",
    "_uuid",  # libuuid for version 1 only; uuid does without
    "idlelib",
    "turtle",
    "pip",
    "setuptools",
    "pkg_resources",
    "wheel",
    "unittest",
    "doctest",
    "pdb",
    "pydoc",
    "lib2to3",
    "test",
    "_pytest",
    "pytest",
    "hypothesis",
    "launcher.ui.gallery",
)

# --- Qt -----------------------------------------------------------------------------------------------------------------

SHIPPED_PACKS = ("metal",) if sys.platform == "darwin" else ("cpu", "vulkan")
"""Engine packs inside every program. CUDA and ROCm are packs to add: too large for everybody."""

QT_MODULES = ("Core", "Gui", "Widgets", "Network", "Svg", "DBus", "XcbQpa", "WaylandClient", "OpenGL")
"""OpenGL: the X11 and Wayland plugins link to it; nothing draws with it."""

QT_PLUGINS = {
    "platforms": {"qxcb", "qwayland", "qoffscreen", "qwindows", "qcocoa"},  # offscreen: PDF export
    "platformthemes": {"qgtk3", "qxdgdesktopportal"},  # the desktop's own file dialog and fonts
    # Accents, Chinese.
    "platforminputcontexts": {"composeplatforminputcontextplugin", "ibusplatforminputcontextplugin"},
    "iconengines": {"qsvgicon"},
    "imageformats": {"qsvg", "qico", "qjpeg"},
    "styles": {"qmodernwindowsstyle", "qmacstyle"},
    "wayland-shell-integration": {"xdg-shell"},
    "wayland-decoration-client": {"bradient", "adwaita"},
}

QT_LANGUAGES = ("en", "zh_CN")

_QT_PLUGIN = re.compile(r"PySide6/(?:Qt/)?plugins/([^/]+)/(?:lib)?([^/]+?)\.(?:so|dll|dylib)$")
_QT_LIBRARY = re.compile(
    r"(?:^|/)(?:lib)?Qt6?([A-Z][A-Za-z0-9]*)(?:\.so(?:\.\d+)*|\.dll|\.dylib|\.framework(?:/.*)?|)$"
)
_QT_BINDING = re.compile(r"PySide6/Qt([A-Z]\w*)\.(?:abi3\.so|cpython.*\.so|pyd|so)$")
_QT_TEXTS = re.compile(r"PySide6/(?:Qt/)?translations/")
_QT_OWN_TEXTS = re.compile(rf"PySide6/(?:Qt/)?translations/qtbase_(?:{'|'.join(QT_LANGUAGES)})\.qm$")

# Of a package's metadata its version and its entry points are read; the rest tells how and from where it was installed.
_METADATA_NOTES = re.compile(r"\.dist-info/(?!METADATA$|entry_points\.txt$)")

# --- libraries of the computer that freezes -----------------------------------------------------------------------------

BUNDLED_LIBRARIES = {
    # Python's own modules.
    "libbz2.so.1.0": "libbz2-1.0",
    "libcrypto.so.3": "libssl3",
    "libffi.so.8": "libffi8",
    "liblzma.so.5": "liblzma5",
    "libsqlite3.so.0": "libsqlite3-0",
    "libssl.so.3": "libssl3",
    # The engine's.
    "libgomp.so.1": "libgomp1",
    # Those of Qt's X11 plugin that many desktops do not bring.
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-util.so.1": "libxcb-util1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""System libraries that travel with a Linux program, and the Debian package each is from.

Not among them, on purpose: libc, libstdc++, libgcc_s, zlib and whatever graphics drivers load too (an older copy of ours would
make the system's own driver fail), and libreadline (GPL: used where the system has it).
"""

ENGINE_LIBRARIES = ("libgomp.so.1",)

SYSTEM_LIBRARIES = {
    "ld-linux-x86-64.so.2": "libc6",
    "libc.so.6": "libc6",
    "libdl.so.2": "libc6",
    "libm.so.6": "libc6",
    "libpthread.so.0": "libc6",
    "libresolv.so.2": "libc6",
    "libutil.so.1": "libc6",
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libbrotlicommon.so.1": "libbrotli1",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
}
"""What a Linux program takes from the computer it runs on, and the Debian package each is from."""

OPTIONAL_LIBRARIES = {
    # The desktop's own dialogs, where it is GTK's.
    "libqgtk3.so": ("libgtk-3-0", re.compile(r"lib(?:gtk|gdk|atk|cairo|pango|gio|gobject|harfbuzz)[\w.-]*\.so\.\d+")),
    # Without a Vulkan loader the engine pack for processors is taken.
    "libggml-vulkan.so": ("libvulkan1", re.compile(r"libvulkan\.so\.1")),
    # Editing the line in `launcher chat`.
    "readline": ("libreadline8", re.compile(r"libreadline\.so\.8")),
}
"""File (or the module before its first dot) -> package and libraries without which that one file does not work, and all else does."""

NEWEST_SYMBOLS = {"GLIBC": (2, 35), "GLIBCXX": (3, 4, 30), "GCC": (12, 0)}
"""Of the oldest systems it is for: Debian 12 and Ubuntu 22.04 (glibc 2.35)."""

_ANY_LIBRARY = re.compile(r".+\.so(?:\.\d+)*$")


def resources(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """(file, folder inside the program) of every resource, sorted."""
    base = root / "resources"
    for path in sorted(base.rglob("*")):
        if path.is_file() and not RESOURCES_LEFT_OUT.match(path.relative_to(base).as_posix()):
            yield path, path.parent.relative_to(root).as_posix()


def own_modules(root: Path = ROOT) -> list[str]:
    """The name of every module of ours that goes along: commands and pages are imported by name."""
    files = (p.relative_to(root).with_suffix("") for p in sorted((root / "launcher").rglob("*.py")))
    names = (".".join(f.parts).removesuffix(".__init__") for f in files)
    return [name for name in names if name not in EXCLUDED_MODULES]


def is_wanted(inside: str, source: str, own_roots: Iterable[Path], *, linux: bool = sys.platform == "linux") -> bool:
    """Whether a collected file belongs into the program.

    Args:
        inside: its path in the program, as PyInstaller names it.
        source: where it was found.
        own_roots: folders of the environment and of Python; what lies elsewhere is the system's.
        linux: the rules for system libraries are Linux's.
    """
    name = PurePath(inside).as_posix()
    if plugin := _QT_PLUGIN.search(name):
        return plugin[2] in QT_PLUGINS.get(plugin[1], ())
    if binding := _QT_BINDING.search(name):
        return binding[1] in QT_MODULES
    if _QT_TEXTS.search(name):
        return _QT_OWN_TEXTS.search(name) is not None
    if library := _QT_LIBRARY.search(name):
        return library[1] in QT_MODULES
    if name.startswith("llama_cpp/lib/") or _METADATA_NOTES.search(name):
        return False  # the engine packs bring the libraries
    if linux and _ANY_LIBRARY.fullmatch(PurePath(name).name) and not _is_below(source, own_roots):
        return PurePath(name).name in BUNDLED_LIBRARIES
    return True


def _is_below(source: str, roots: Iterable[Path]) -> bool:
    path = Path(source).resolve()
    return any(path.is_relative_to(root.resolve()) for root in roots)
