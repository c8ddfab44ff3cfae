"""Trains the model: `python train.py FOLDER` writes tokenizer.json and weights.pt there. Wants PyTorch.

Two processes of one thread each share every step: at this size that is twice as fast as two threads in one process.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import chats
import guide
import numpy as np
import reasoning
import tokens
import torch
from exchange import Exchange
from held_out import reasoning_task
from model import Experts, TinyDeepSeek
from muon import Muon
from settings import LESSONS, PAD, SEED, SHAPE, TRAINING, Lesson
from tokenizers import Tokenizer
from torch import distributed, multiprocessing
from torch.nn import functional

_LONG_TOKENS = 400


def main() -> None:
    """Trains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from-lesson", type=int, default=1, help="go on from the weights that the lesson before left")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    tokens.train(options.folder / "tokenizer.json")
    with tempfile.TemporaryDirectory() as meeting:
        arguments = (options.folder, options.from_lesson, Path(meeting) / "point")
        multiprocessing.spawn(_worker, arguments, nprocs=TRAINING.n_processes)


def _worker(rank: int, folder: Path, first: int, meeting_point: Path) -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)
    distributed.init_process_group(
        "gloo", init_method=f"file://{meeting_point}", rank=rank, world_size=TRAINING.n_processes
    )
    encoder = chats.Encoder(Tokenizer.from_file(str(folder / "tokenizer.json")))
    model = TinyDeepSeek(SHAPE)
    if rank == 0:
        print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    if first > 1:
        model.load_state_dict(torch.load(folder / f"lesson-{first - 1}.pt", weights_only=True))
    for number, lesson in enumerate(LESSONS[first - 1 :], first):
        _train(model, lesson, chats.Mixture(encoder, lesson), Probe(encoder) if rank == 0 else None)
        if rank == 0:
            torch.save(model.state_dict(), folder / f"lesson-{number}.pt")
    if rank == 0:
        torch.save(model.state_dict(), folder / "weights.pt")
    distributed.destroy_process_group()


def _train(model: TinyDeepSeek, lesson: Lesson, mixture: chats.Mixture, probe: Probe | None) -> None:
    n_steps = lesson.n_chats // TRAINING.chats_per_step
    matrices = [
        p for name, p in model.named_parameters() if name.startswith("blocks") and p.ndim > 1 and "gate_inp" not in name
    ]
    embedding = model.token_embd
    held = {id(p) for p in (*matrices, embedding)}
    others = [p for p in model.parameters() if id(p) not in held]
    adam = {"betas": (0.9, 0.98), "weight_decay": 0.0}
    optimizers: list[tuple[torch.optim.Optimizer, float]] = [
        (Muon(matrices, lr=0.0, weight_decay=TRAINING.weight_decay), TRAINING.muon_rate),
        (torch.optim.AdamW([embedding], lr=0.0, **adam), TRAINING.embedding_rate),
        (torch.optim.AdamW(others, lr=0.0, **adam), TRAINING.adam_rate),
    ]
    started, seen, losses = time.monotonic(), 0, list[float]()
    for step in range(n_steps):
        for optimizer, peak in optimizers:
            optimizer.param_groups[0]["lr"] = peak * lesson.rate * _rate(step, n_steps)
        batch = [mixture.chat() for _ in range(TRAINING.chats_per_step)]
        losses.append(_learn(model, batch))
        _add_up(model)
        for optimizer, _ in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        model.balance(TRAINING.expert_bias_rate)
        seen += sum(map(len, batch))
        if probe is None:
            continue
        if step % 10 == 9:
            elapsed = time.monotonic() - started
            print(
                f"step {step + 1}/{n_steps} loss {np.mean(losses[-10:]) * TRAINING.n_processes:.4f} {seen:,} tokens {seen / elapsed:.0f}/s {elapsed:.0f} s",
                flush=True,
            )
        if step % 100 == 99 or step == n_steps - 1:
            print("  " + probe.table(model), flush=True)


def _rate(step: int, n_steps: int) -> float:
    """Of the peak: a short rise, level, a long fall to nothing."""
    return min(1.0, (step + 1) / TRAINING.warmup_steps, (n_steps - step) / (n_steps * TRAINING.rest))


def _learn(model: TinyDeepSeek, batch: list[chats.Chat]) -> float:
    """This process's part of the gradients of the mean loss over the answers' tokens; returns its part of the loss.

    Chats of similar length are computed together, so that little is padding.
    """
    batch = sorted(batch, key=len)
    n_learned = sum(len(chat.answer) for chat in batch)
    total = 0.0
    for group in _share(_groups(batch)):
        ids = torch.full((len(group), len(group[-1])), PAD)
        learned = torch.zeros(ids.shape, dtype=torch.bool)
        for row, chat in enumerate(group):
            ids[row, : len(chat)] = torch.tensor(chat.prompt + chat.answer)
            learned[row, len(chat.prompt) : len(chat)] = True
        hidden = model.hidden(ids)[:, :-1][learned[:, 1:]]
        loss = (
            functional.cross_entropy(
                functional.linear(hidden, model.output), ids[:, 1:][learned[:, 1:]], reduction="sum"
            )
            / n_learned
        )
        loss.backward()
        total += loss.item()
    return total


def _add_up(model: TinyDeepSeek) -> None:
    """Gradients and experts' loads of all processes."""
    sums = [p.grad for p in model.parameters() if p.grad is not None] + [
        block.ffn.load for block in model.blocks if isinstance(block.ffn, Experts)
    ]
    flat = torch.cat([part.flatten() for part in sums])
    distributed.all_reduce(flat)
    for part, summed in zip(sums, flat.split([part.numel() for part in sums]), strict=True):
        part.copy_(summed.view_as(part))


def _share(groups: list[list[chats.Chat]]) -> list[list[chats.Chat]]:
    """What this process computes: the costly groups first, each to the process that has least to do."""
    shares: list[list[list[chats.Chat]]] = [[] for _ in range(TRAINING.n_processes)]
    costs = [0] * TRAINING.n_processes
    for group in sorted(groups, key=_cost, reverse=True):
        idlest = costs.index(min(costs))
        shares[idlest].append(group)
        costs[idlest] += _cost(group)
    return shares[distributed.get_rank()]


def _cost(group: list[chats.Chat]) -> int:
    """Of computing a group, relative to others: attention counts from some hundred tokens on."""
    length = len(group[-1])
    return len(group) * length * (_LONG_TOKENS + length)


def _groups(batch: list[chats.Chat]) -> list[list[chats.Chat]]:
    """By length, of a like number of chats; the few that are far longer than the rest each for themselves."""
    usual = [chat for chat in batch if len(chat) <= _LONG_TOKENS]
    size = -(-len(usual) // TRAINING.groups_per_step)
    return [usual[i : i + size] for i in range(0, len(usual), size)] + [
        [chat] for chat in batch if len(chat) > _LONG_TOKENS
    ]


class Probe:
    """How much of what is held out the model would answer right.

    An answer counts if every token of it is the likeliest one after those before: then it is what greedy decoding would write.
    Beside that, the share of tokens that were.
    """

    def __init__(self, encoder: chats.Encoder, n: int = 60) -> None:
        rng = random.Random(SEED + 1)
        turns: list[Exchange] = [
            reasoning_task(rng, task, for_evaluation=True) for task in reasoning.TASKS for _ in range(n)
        ]
        turns += [guide.exchange(*held) for held in rng.sample(guide.held_out_questions(), 4 * n)]
        self._cases = [
            (
                turn.task + (" zh" if turn.is_chinese and turn.task == "guide" else ""),
                encoder.prompt([], turn.question),
                encoder.answer(turn),
            )
            for turn in turns
        ]

    @torch.no_grad()
    def table(self, model: TinyDeepSeek) -> str:
        """Shares by kind of task."""
        model.eval()
        right: dict[str, list[tuple[bool, float]]] = defaultdict(list)
        for start in range(0, len(self._cases), 40):
            cases = self._cases[start : start + 40]
            width = max(len(prompt) + len(answer) for _, prompt, answer in cases)
            ids = torch.zeros(len(cases), width, dtype=torch.int64)
            for row, (_, prompt, answer) in enumerate(cases):
                ids[row, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
            best = model(ids).argmax(-1)
            for row, (task, prompt, answer) in enumerate(cases):
                written = best[row, len(prompt) - 1 : len(prompt) + len(answer) - 1].tolist()
                right[task].append((written == answer, float(np.mean(np.equal(written, answer)))))
        model.train()
        return "  ".join("{} {:.2f} {:.2f}".format(task, *np.mean(hits, axis=0)) for task, hits in right.items())


if __name__ == "__main__":
    main()
