"""Tokens and passwords: in the keyring where there is one, in memory where not, and nowhere else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from launcher.core.errors import UserError
from launcher.store import secrets


class Memory(keyring.backend.KeyringBackend):
    """A keyring that works."""

    priority = 5  # type: ignore[assignment]
    name = "Test Keyring"  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.asked += 1
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.asked += 1
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


class Broken(Memory):
    """One that is locked, or whose service is gone."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise OSError(f"D-Bus is away while keeping {password}")

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("D-Bus is away")


class Silent(Memory):
    """One whose question nobody answers."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.release.wait(30)


def use(backend: keyring.backend.KeyringBackend) -> None:
    """A program that starts with this keyring."""
    keyring.set_keyring(backend)
    start_anew()


def start_anew() -> None:
    secrets._store = secrets._Store()


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    from keyring.backends.fail import Keyring

    use(Keyring())
    yield
    start_anew()
    keyring.core._keyring_backend = None


def test_kept_in_the_keyring_for_the_next_start(own_home: Path) -> None:
    backend = Memory()
    use(backend)
    assert secrets.keep_token("Hub.Example:8080", " hf_secret\n") == "It is kept in the system keyring (Test Keyring)."
    secrets.keep_proxy_password("ann@proxy:3128", "pen cil")
    start_anew()
    assert secrets.token("hub.example:8080") == "hf_secret"
    assert secrets.token("other.example") is None
    assert secrets.proxy_password("ann@proxy:3128") == "pen cil"
    secrets.forget_token("hub.example:8080")
    secrets.forget_proxy_password("ann@proxy:3128")
    assert secrets.token("hub.example:8080") is None
    assert backend.kept == {}
    start_anew()
    assert secrets.token("hub.example:8080") is None


def test_nothing_secret_is_written_to_our_files(own_home: Path) -> None:
    for backend in (Memory(), keyring.get_keyring()):
        use(backend)
        secrets.keep_token("hub.example", "hf_secret")
        secrets.keep_proxy_password("ann@proxy:3128", "pencil")
        texts = [p.read_text("utf-8") for p in own_home.rglob("*") if p.is_file()]
        assert texts
        assert not any("hf_secret" in text or "pencil" in text for text in texts)


def test_keyring_is_not_opened_when_nothing_is_kept() -> None:
    backend = Memory()
    use(backend)
    assert secrets.token("hub.example") is None
    assert secrets.proxy_password("ann@proxy:3128") is None
    secrets.forget_token("hub.example")
    assert backend.asked == 0


def test_keyring_is_read_once() -> None:
    backend = Memory()
    use(backend)
    secrets.keep_token("hub.example", "hf_secret")
    start_anew()
    before = backend.asked
    assert [secrets.token("hub.example") for _ in range(5)] == ["hf_secret"] * 5
    assert backend.asked == before + 1


def test_without_a_keyring_until_the_program_ends() -> None:
    where = secrets.keep_token("hub.example", "hf_secret")
    assert where == "It is kept only until the program ends: this system has no keyring."
    assert secrets.token("hub.example") == "hf_secret"
    secrets.forget_token("hub.example")
    assert secrets.token("hub.example") is None
    secrets.keep_token("hub.example", "hf_secret")
    start_anew()
    assert secrets.token("hub.example") is None


def test_null_keyring_keeps_nothing_and_is_not_believed() -> None:
    from keyring.backends.null import Keyring

    use(Keyring())
    assert "only until the program ends" in secrets.keep_token("hub.example", "hf_secret")
    assert secrets.token("hub.example") == "hf_secret"


@pytest.mark.expected_logs("could not be read from the keyring")
def test_failing_keyring_falls_back_and_says_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    use(Memory())
    secrets.keep_token("hub.example", "hf_secret")
    use(Broken())
    assert secrets.token("hub.example") is None
    where = secrets.keep_token("hub.example", "hf_secret")
    assert where == "It is kept only until the program ends: the system's keyring refused (OSError)."
    assert secrets.token("hub.example") == "hf_secret"
    assert "hf_secret" not in caplog.text + where


def test_silent_keyring_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "PATIENCE_S", 0.1)
    backend = Silent()
    use(backend)
    try:
        where = secrets.keep_token("hub.example", "hf_secret")
        assert where == "It is kept only until the program ends: the system's keyring did not answer."
        # It is not asked again.
        assert "did not answer" in secrets.keep_token("other.example", "hf_other")
        assert secrets.token("hub.example") == "hf_secret"
    finally:
        backend.release.set()


def test_damaged_index_means_none(own_home: Path) -> None:
    use(Memory())
    secrets.keep_token("hub.example", "hf_secret")
    path = next(own_home.rglob("secrets.json"))
    for text in ("", "[1, 2]", '{"token": "hub.example"}', '{"token": [1, null]}', "\x00\xff"):
        path.write_text(text, "latin-1")
        start_anew()
        assert secrets.token("hub.example") is None
    assert "system keyring" in secrets.keep_token("hub.example", "hf_again")
    start_anew()
    assert secrets.token("hub.example") == "hf_again"


@pytest.mark.parametrize("text", ["", "  ", "hf_a b", "hf_a\nb", "hf_ä", "hf_\x7f"])
def test_what_is_no_token_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(UserError) as caught:
        secrets.keep_token("hub.example", text)
    assert caught.value.code == "bad_token"
    assert "hf_" not in str(caught.value)
