"""GPUs that this computer does not have: RPC servers on loopback, inside this process, whose devices the engine takes for GPUs.

They hold nothing in a dry run, so any number of them of any size fits. They end with the process.
"""

from __future__ import annotations

import socket
import threading
import time

from launcher.core.errors import UserError
from launcher.core.words import say
from launcher.engine.worker.binding import Binding, check_reachable

_PATIENCE_S = 10.0
_TRIES = 5  # a port that was free may be taken by another program before the server has it


def add_stand_ins(binding: Binding, count: int) -> list[int]:
    """Handles of `count` new devices, in order.

    Raises:
        UserError: this engine build has no RPC, or no port of the loopback interface can be used.
    """
    if not count:
        return []
    known = set(binding.device_handles().values())
    binding.add_rpc_servers((_serve(binding, count),))
    return [h for h in binding.device_handles().values() if h not in known]


def stand_in_names(count: int) -> list[str]:
    """What placements for stand-ins call them (engine/dry_run.py)."""
    return [f"stand-in {i}" for i in range(count)]


def _serve(binding: Binding, count: int) -> str:
    for _ in range(_TRIES):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            endpoint = f"127.0.0.1:{probe.getsockname()[1]}"
        server = threading.Thread(target=binding.serve_rpc, args=(endpoint, count), name="stand-ins", daemon=True)
        server.start()
        if _is_listening(endpoint, server):
            return endpoint
    raise UserError(
        "stand_in_failed",
        say("The graphics cards of another machine cannot be imitated here."),
        say("No port of the loopback interface could be used in {n} tries.", n=_TRIES),
    )


def _is_listening(endpoint: str, server: threading.Thread) -> bool:
    deadline = time.monotonic() + _PATIENCE_S
    while server.is_alive() and time.monotonic() < deadline:
        try:
            check_reachable(endpoint)
        except UserError:
            time.sleep(0.005)
        else:
            # Somebody else's server would leave ours without its port, and ended.
            server.join(0.02)
            return server.is_alive()
    return False
