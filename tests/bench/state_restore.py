"""The second turn of a chat: out of the cache, from a saved KV state, and read again: `python -m tests.bench.state_restore [--model FILE]`.

Prints a table. Without a model two are generated: dense (llama) and MLA with experts (deepseek2), random weights. Each length is
measured in fresh workers: one reads the prompt, saves its state and answers a second turn out of its cache; another one reads
everything again, a third one restores the state. The times are what the user waits for the first token of that second turn, the
same few new tokens each time.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

from launcher.core.generation import Answer
from launcher.core.plans import Placement
from launcher.engine.protocol import StatesSaved
from tests.engine import conftest
from tests.engine.conftest import Engine, question, request_for
from tests.fakes.gguf_models import Shape, make_model

LENGTHS = (512, 2048, 8192)
_MODELS = {
    "llama, 12 layers, f16": ("llama", Shape(n_layer=12, n_embd=384, n_ff=1024, n_head=6)),
    "deepseek2, 12 layers, f16": ("deepseek2", Shape(n_layer=12, n_embd=384, n_head=6, n_ff=1024, n_expert=4)),
}
_SENTENCE = "The small model reads your question. "  # 8 tokens


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="a GGUF file of your own")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--lengths", type=int, nargs="*", default=LENGTHS)
    args = parser.parse_args()
    conftest.PATIENCE_S = 3600.0  # a long prompt on a slow machine
    print(
        f"{'model':28} {'tokens':>7} {'all read s':>11} {'in cache s':>11} {'reused':>7} {'state MB':>9} {'save s':>7}"
        f" {'restored':>9} {'restored s':>11} {'times faster':>13}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, path in _models(args.model, Path(folder)):
            for length in args.lengths:
                print(_measure(name, path, length, args.threads, Path(folder)), flush=True)


def _models(given: Path | None, folder: Path) -> Iterable[tuple[str, Path]]:
    if given:
        yield given.name[:28], given
        return
    for name, (arch, shape) in _MODELS.items():
        yield name, make_model(folder / f"{arch}.gguf", arch, shape=shape, template="v3")


def _measure(name: str, model: Path, length: int, threads: int, folder: Path) -> str:
    state = str(folder / "states" / f"{length:x}0.kvstate")
    text = _SENTENCE * (length // 8)
    placement = Placement(n_gpu_layers=0, n_ctx=length + 1024, threads=threads)
    saving = _open(model, placement)
    first = saving.ask(text, state_file=state, max_tokens=4)
    operation = saving.client.save_states()
    saved = saving.seen.wait(StatesSaved, lambda e: e.id == operation)
    turns = (text, first.answer, "Go on.")
    second = saving.ask_request(question(*turns, max_tokens=4))
    saving.client.close()
    again = _ask(model, placement, turns, "")
    restored = _ask(model, placement, turns, state)
    assert second.answer == again.answer, "what is in the cache must not change the answer"
    assert restored.answer == again.answer, "a restored chat must go on as if nothing had happened"
    plain_s, restored_s = again.timings.time_to_first_token_s, restored.timings.time_to_first_token_s
    Path(state).unlink()
    return (
        f"{name:28} {again.timings.prompt_tokens:7} {plain_s:11.2f} {second.timings.time_to_first_token_s:11.3f}"
        f" {second.timings.reused_tokens:7} {saved.size_bytes / 1e6:9.1f} {saved.seconds:7.2f}"
        f" {restored.timings.restored_tokens:9} {restored_s:11.3f} {plain_s / restored_s:13.0f}"
    )


def _ask(model: Path, placement: Placement, turns: tuple[str, ...], state: str) -> Answer:
    engine = _open(model, placement)
    answer = engine.ask_request(question(*turns, state_file=state, max_tokens=4))
    engine.client.close()
    return answer


def _open(model: Path, placement: Placement) -> Engine:
    engine = Engine()
    engine.load_request(request_for(model, placement))
    return engine


if __name__ == "__main__":
    main()
