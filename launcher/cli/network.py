"""`launcher network`: how the hub is reached; `launcher network test`: whether it can be, step by step."""

from __future__ import annotations

import argparse
import threading

from launcher.catalog import certificates, connection, hub_errors, network, proxies
from launcher.cli.output import error_document, print_json, print_user_error
from launcher.core.words import listed

_SOURCES = {"settings": "the settings", "environment": "the environment", "system": "the system"}
_MARKS = {"ok": "ok  ", "failed": "FAIL", "skipped": "-   "}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("what", nargs="?", choices=("show", "test"), default="show", help="show (default), or test it")
    parser.add_argument("--repo", help="test with this repository (default: the smallest of the catalog)")


def run(args: argparse.Namespace) -> int:
    """Show or test; 1 when the test fails."""
    return _test(args.repo, as_json=args.json) if args.what == "test" else _show(as_json=args.json)


def _show(*, as_json: bool) -> int:
    address = hub_errors.without_secrets(network.endpoint())
    proxy = network.proxy_in_use(address)
    token = network.token()
    extra = certificates.added(network.ca_file())
    if as_json:
        print_json(
            {
                "endpoint": address,
                "proxy": {"address": proxy.address, "source": proxy.source} if proxy is not None else None,
                "proxy_script": proxies.script(),
                "certificates": extra,
                "token_source": token.source if token is not None else None,
                "offline": network.offline_reason(),
            }
        )
        return 0
    script = proxies.script()
    rows = (
        ("Download server", address),
        ("Proxy", f"{proxy.address} (from {_SOURCES[proxy.source]})" if proxy is not None else "none"),
        ("Certificates", listed("the system's", *extra)),
        ("Access token", f"from {token.source}" if token is not None else "none"),
        ("Offline mode", _offline_text()),
    )
    print("\n".join(f"{name:<17}{value}" for name, value in rows))
    if script is not None and proxy is None:
        print(
            f"The system uses a configuration script ({script}), which is not supported: enter its proxy in the settings."
        )
    return 0


def _offline_text() -> str:
    reason = network.offline_reason()
    if reason is None:
        return "off"
    return "on, in the settings" if reason == "settings" else f"on, {reason} is set"


def _test(repo: str | None, *, as_json: bool) -> int:
    def on_step(step: connection.ConnectionStep) -> None:
        if step.state != "running" and not as_json:
            taken = f" ({step.seconds:.1f} s)" if step.state != "skipped" else ""
            print(f"{_MARKS[step.state]}  {step.title:<15}{step.text}{taken}".rstrip(), flush=True)

    report = connection.test_connection(on_step, threading.Event(), repo)
    error = report.error
    if as_json:
        document: dict[str, object] = {"ok": error is None, "steps": report.steps}
        if error is not None:
            document["error"] = error_document(error)
        print_json(document)
    elif error is not None:
        print_user_error(error, as_json=False)
    return 0 if error is None else 1
