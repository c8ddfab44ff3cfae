"""Access tokens and proxy passwords: in the system's keyring, else in memory until the program ends. Never in a file of ours.

What is kept is noted in secrets.json by name only (hosts and accounts), so that a keyring is opened, and its owner perhaps
asked for its password, only when there is something in it for us. Every call may take as long as its owner takes to unlock it,
`PATIENCE_S` at most: call from a worker thread. A keyring that fails or does not answer is left alone until the program ends.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.paths import data_dir
from launcher.core.words import say

PATIENCE_S = 30.0

_SERVICE = {"token": "launcher-for-deepseek access token", "proxy": "launcher-for-deepseek proxy password"}
_NAMES = {
    "SecretService": "GNOME Keyring / Secret Service",
    "libsecret": "GNOME Keyring / Secret Service",
    "kwallet": "KDE Wallet",
    "macOS": "macOS Keychain",
    "Windows": "Windows Credential Manager",
}

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
Kind = Literal["token", "proxy"]


def token(host: str) -> str | None:
    """The access token that was entered for a hub ("huggingface.co", with the port where it has one)."""
    return _store.get("token", host.lower())


def keep_token(host: str, text: str) -> str:
    """Keep an access token for this hub, and for no other.

    Returns:
        Where it is kept, as a sentence for the user.

    Raises:
        UserError: ("bad_token") it is no token: empty, or with characters in it that none has.
    """
    text = text.strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        why = say("It must be one word of letters, digits and signs, as the hub's page shows it.")
        steps = (NextStep("Enter access token", StepAction.ENTER_TOKEN, host),)
        raise UserError("bad_token", "This is not an access token.", why, steps)
    return _store.put("token", host.lower(), text)


def forget_token(host: str) -> None:
    """Remove the access token of a hub."""
    _store.put("token", host.lower(), None)


def proxy_password(account: str) -> str | None:
    """The password of a proxy; `account` is "user@host:port"."""
    return _store.get("proxy", account)


def keep_proxy_password(account: str, password: str) -> str:
    """Keep a proxy's password. Returns where, as a sentence for the user."""
    return _store.put("proxy", account, password)


def forget_proxy_password(account: str) -> None:
    """Remove a proxy's password."""
    _store.put("proxy", account, None)


class _KeyringError(Exception):
    """The keyring cannot be used; the message is for the user."""


class _Store:
    """Everything kept, as far as it was asked for in this process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._known: dict[tuple[Path, Kind, str], str | None] = {}
        self._broken = ""

    def get(self, kind: Kind, name: str) -> str | None:
        """The secret, None where none is kept or the keyring does not give it."""
        with self._lock:
            key = (data_dir(), kind, name)
            if key not in self._known:
                self._known[key] = self._read(kind, name)
            return self._known[key]

    def put(self, kind: Kind, name: str, secret: str | None) -> str:
        """Keep it, or remove it (None). Returns where it is, in words."""
        with self._lock:
            self._known[data_dir(), kind, name] = secret
            noted = _read_index()
            was_noted = name in noted[kind]
            if secret is None and not was_noted:
                return ""
            try:
                where = self._write(kind, name, secret)
            except _KeyringError as error:
                # An old one may still be in the keyring: it stays noted, but what is known here wins.
                return say("It is kept only until the program ends: {reason}", reason=error)
            noted[kind].discard(name)
            if secret is not None:
                noted[kind].add(name)
            _write_index(noted)
            return say("It is kept in the system keyring ({name}).", name=where)

    def _read(self, kind: Kind, name: str) -> str | None:
        if name not in _read_index()[kind]:
            return None
        try:
            return self._ask(lambda keyring: cast("str | None", keyring.get_password(_SERVICE[kind], name)))
        except _KeyringError as error:
            _log.warning("The %s for %s could not be read from the keyring: %s", kind, name, error)
            return None

    def _write(self, kind: Kind, name: str, secret: str | None) -> str:
        def write(keyring: Any) -> str:
            if secret is not None:
                keyring.set_password(_SERVICE[kind], name, secret)
            else:
                from keyring.errors import PasswordDeleteError

                with contextlib.suppress(PasswordDeleteError):  # its owner removed it already
                    keyring.delete_password(_SERVICE[kind], name)
            return _name_of(keyring)

        return self._ask(write)

    def _ask(self, call: Callable[[Any], _T]) -> _T:
        """Have the keyring do something, in a thread of its own: a D-Bus service or its owner may never answer."""
        if self._broken:
            raise _KeyringError(self._broken)
        results: list[_T] = []
        failures: list[Exception] = []

        def work() -> None:
            try:
                results.append(call(_keyring()))
            except Exception as error:  # noqa: BLE001 - what keyrings raise is beyond counting (D-Bus, COM, Keychain)
                failures.append(error)

        thread = threading.Thread(target=work, name="keyring", daemon=True)
        thread.start()
        thread.join(PATIENCE_S)
        if results:
            return results[0]
        if not failures:
            self._broken = say("the system's keyring did not answer.")
        elif isinstance(failures[0], _KeyringError):
            self._broken = str(failures[0])
        else:
            # The text of a foreign error might repeat the secret; its kind does not.
            self._broken = say("the system's keyring refused ({kind}).", kind=type(failures[0]).__name__)
        raise _KeyringError(self._broken) from None


def _keyring() -> Any:
    """The system's keyring.

    Raises:
        _KeyringError: it has none.
    """
    import keyring

    found = keyring.get_keyring()
    if type(found).__module__.rpartition(".")[2] in ("fail", "null") or found.priority < 1:
        raise _KeyringError(say("this system has no keyring."))
    return found


def _name_of(keyring: Any) -> str:
    parts = type(keyring).__module__.split(".")
    if parts[-1] == "chainer" and keyring.backends:
        return _name_of(keyring.backends[0])
    return next((_NAMES[p] for p in parts if p in _NAMES), str(keyring.name))


def _index_path() -> Path:
    return data_dir() / "secrets.json"


def _read_index() -> dict[Kind, set[str]]:
    """Whose secrets are in the keyring. A damaged file means none: they can be entered again."""
    try:
        found: object = json.loads(_index_path().read_text("utf-8"))
    except (OSError, ValueError):
        found = {}
    index: dict[Kind, set[str]] = {"token": set(), "proxy": set()}
    if isinstance(found, dict):
        table = cast("dict[str, object]", found)
        for kind, names in index.items():
            listed = table.get(kind)
            if isinstance(listed, list):
                names.update(n for n in cast("list[object]", listed) if isinstance(n, str))
    return index


def _write_index(index: dict[Kind, set[str]]) -> None:
    path = _index_path()
    partial = path.with_name(path.name + ".new")
    try:
        partial.write_text(json.dumps({kind: sorted(names) for kind, names in index.items()}, indent=1), "utf-8")
        os.replace(partial, path)
    except OSError as error:
        _log.warning("%s could not be written: %s", path, error)


_store = _Store()
