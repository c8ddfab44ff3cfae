"""`launcher chat` and `launcher doctor` as a person runs them: real processes, a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from launcher.chat.chat_settings import ChatSettings
from launcher.core.paths import config_dir, hub_cache_dir
from launcher.services.new_chats import text_of
from launcher.store.settings import CHAT_DEFAULTS, SYSTEM_PROMPT, Settings
from tests.fakes.gguf_models import ANSWER, REASONING

Models = Callable[..., Path]
ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def command(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launcher", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


def words(text: str) -> set[str]:
    return {w.strip(".,;").lower() for w in text.split()}


def test_one_answer_as_json(models: Models) -> None:
    done = command(
        "chat", str(models()), "Hello", "--json", "--ctx", "1024", "--max-tokens", "40", "--temperature", "0"
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert words(answer["answer"]) <= words(ANSWER)
    assert words(answer["reasoning"]) <= words(REASONING)
    assert answer["decode_tokens"] == 40
    assert answer["stop_reason"] == "length"
    assert answer["n_ctx"] == 1024
    for key in ("prompt_tokens", "reused_tokens", "time_to_first_token_s", "prefill_tokens_s", "decode_tokens_s"):
        assert answer[key] >= 0


def test_the_answer_alone_is_on_stdout(models: Models) -> None:
    done = command(
        "chat", str(models()), "--stats", "--ctx", "1024", "--max-tokens", "40", "--temperature", "0", stdin="Hello\n"
    )
    assert done.returncode == 0, done.stderr
    assert words(done.stdout) <= words(ANSWER)
    assert re.search(
        r"tokens/s · 40 tokens · first after [\d.]+ s · thought for .* · context \d+ of 1,024", done.stderr
    )
    assert "The answer ends at its limit of 40 tokens.\n" in done.stderr


def test_the_settings_system_prompt_and_those_of_new_chats_are_in_force(models: Models) -> None:
    def answer(*options: str) -> dict[str, object]:
        done = command(
            "chat", str(models()), "Hello", "--json", "--ctx", "512", "--temperature", "0", "--threads", "1", *options
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    new = ChatSettings(max_tokens=6)
    program = Settings(config_dir() / "settings.toml")
    program.set(CHAT_DEFAULTS, text_of(new))
    bare = answer()
    program.set(SYSTEM_PROMPT, "Answer as a pirate would, and be brief.")
    assert bare["decode_tokens"] == 6
    with_prompt = answer("--max-tokens", "3")
    assert with_prompt["decode_tokens"] == 3
    assert isinstance(bare["prompt_tokens"], int)
    assert isinstance(with_prompt["prompt_tokens"], int)
    assert with_prompt["prompt_tokens"] > bare["prompt_tokens"] + 5
    assert answer("--system", "")["prompt_tokens"] == bare["prompt_tokens"]


def test_think_off_reaches_the_template(models: Models) -> None:
    done = command(
        "chat", str(models(template="v31")), "Hello", "--json", "--think", "off", "--ctx", "512", "--max-tokens", "9"
    )
    assert json.loads(done.stdout)["reasoning"] == ""


def test_what_is_not_installed_is_said_with_the_command() -> None:
    done = command("chat", "r1-distill-qwen-7b", "Hello")
    assert done.returncode == 1
    assert "Next: Download it: launcher download r1-distill-qwen-7b" in done.stderr
    assert done.stdout == ""
    done = command("chat", "r1-distill-quen-7b", "Hello", "--json")
    assert done.returncode == 1
    assert "r1-distill-qwen-7b" in done.stdout  # near names
    assert command("chat", "/nowhere/model.gguf", "Hello").returncode == 1


def test_no_question_is_an_error(models: Models) -> None:
    done = command("chat", str(models()))
    assert done.returncode == 1
    assert "There is no question" in done.stderr


def test_a_context_beyond_memory_is_refused_before_loading(models: Models) -> None:
    done = command("chat", str(models(slow=True)), "Hello", "--ctx", "100000000")
    assert done.returncode == 1
    assert "Loading" not in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_model_and_a_terminal_the_way_is_shown(models: Models) -> None:
    """An installed model is found in the hub cache by its name there."""
    snapshot = hub_cache_dir() / "models--somebody--Tiny-GGUF" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    shutil.copy(models(), snapshot / "Tiny-Q4_K_M.gguf")
    done = command("chat")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Your PC: ")
    assert "launcher chat" in done.stdout
    assert "Tiny-Q4_K_M.gguf" in done.stdout
    answered = command("chat", "somebody/Tiny-GGUF", "Hello", "--max-tokens", "5", "--ctx", "512", "--json")
    assert json.loads(answered.stdout)["decode_tokens"] == 5


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, *arguments: str) -> None:
        self.text = ""
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "launcher", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            preexec_fn=_own_terminal,
        )
        os.close(slave)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def wait_for(self, pattern: str) -> str:
        """Read until new text matches; what was read so far is used up."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.text)):
            assert time.monotonic() < deadline, f"{pattern!r} did not come: {self.text!r}"
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.master, 65536).decode("utf-8", "replace")
                except OSError:
                    assert re.search(pattern, self.text), f"it ended before {pattern!r}: {self.text!r}"
        before, self.text = self.text[: found.end()], self.text[found.end() :]
        return before

    def wait_until_idle(self) -> None:
        """Until the program sleeps, as when it waits for a key.

        CPython loses a Ctrl+C that comes in the instant between writing the prompt and waiting for input (the next key
        delivers it): no person is that fast, a test on a busy machine is.
        """
        deadline = time.monotonic() + PATIENCE_S
        asleep = 0
        while asleep < 10:
            assert time.monotonic() < deadline, "it never waits"
            state = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
            asleep = asleep + 1 if state == "S" else 0
            time.sleep(0.02)

    def end(self) -> int:
        return self.process.wait(PATIENCE_S)


def _own_terminal() -> None:
    """Ctrl+C typed there reaches the program, as in a real terminal."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal(*arguments))
        return opened[-1]

    yield start
    for each in opened:
        each.process.kill()
        each.process.wait()
        os.close(each.master)


def test_a_conversation(terminal: Callable[..., Terminal], models: Models) -> None:
    t = terminal(
        "chat", str(models()), "--ctx", "1024", "--max-tokens", "40", "--temperature", "0", "--stats", "--threads", "1"
    )
    t.wait_for("> ")
    t.type("Hello\n")
    shown = t.wait_for(r"tokens/s · 40 tokens.*\n")
    assert "\x1b[2m" in shown  # the reasoning is dim
    assert "Loading" not in shown
    t.wait_for("> ")
    t.type("/continue\n")
    t.wait_for(r"tokens/s · 80 tokens.*\n")  # of the whole answer, as in the window
    t.wait_for("> ")
    t.type("Go on\n")
    t.wait_for(r"\((?!0 )\d+ reused\)")  # the conversation goes on in the same context
    t.wait_for("> ")
    t.type("/new\n")
    t.wait_for("A new chat")
    t.type("/quit\n")
    assert t.end() == 0


def test_ctrl_c_stops_the_answer_and_then_leaves(terminal: Callable[..., Terminal], models: Models) -> None:
    t = terminal("chat", str(models(slow=True, template="v3", end_weight=0.0)), "--ctx", "2048", "--stats")
    t.wait_for("> ")
    t.type("Hello\n")
    t.wait_for(r"memory|cache|card|computer")
    t.type("\x03")
    t.wait_for(r"tokens/s · \d+ tokens")
    t.wait_for("> ")
    t.wait_until_idle()
    t.type("\x03")
    t.wait_for("Ctrl.C again leaves")
    t.wait_for("> ")
    t.wait_until_idle()
    t.type("\x03")
    assert t.end() == 130


@pytest.fixture
def hub_address() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, object]]:
    return {c["name"]: c for c in json.loads(done.stdout)["checks"]}


def test_doctor_finds_everything_in_order(hub_address: str) -> None:
    found = checks(command("doctor", "--json", HF_ENDPOINT=hub_address))
    assert list(found) == [
        *("program", "packs", "engine", "devices", "results", "built-in"),
        *("home", "disk", "database", "hub", "window"),
    ]
    for name in ("program", "packs", "engine", "devices", "results", "built-in", "home", "database", "hub"):
        assert found[name]["ok"], found[name]
    assert "0.3.36" in str(found["engine"]["detail"])
    assert "HTTP 404" in str(found["hub"]["detail"])


def test_doctor_names_what_fails_and_exits_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = command(
        "doctor",
        "--json",
        HF_ENDPOINT="http://127.0.0.1:9",
        LLAMA_CPP_LIB_PATH=str(tmp_path),
        LAUNCHER_HOME=str(tmp_path / "file" / "home"),
    )
    assert done.returncode == 1, done.stderr
    found = checks(done)
    for name in ("engine", "home", "hub"):
        assert not found[name]["ok"]
        assert found[name]["next"]
    assert "does not answer" in str(found["hub"]["detail"])


def test_doctor_in_words() -> None:
    done = command("doctor", HF_HUB_OFFLINE="1")
    assert re.search(r"^ok    engine    llama-cpp-python", done.stdout, re.MULTILINE)
    assert "is not asked" in done.stdout
