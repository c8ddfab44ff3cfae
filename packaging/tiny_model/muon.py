"""The optimizer for matrices: momentum whose singular values are all made one (Muon, https://kellerjordan.github.io/posts/muon)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, distributed

_A, _B, _C = 3.4445, -4.7750, 2.0315
_STEPS = 5


class Muon(torch.optim.Optimizer):
    """For parameters (out, in), or (n, out, in) where each of n matrices stands for itself."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step. Every process makes its share of the updates: they cost as much as a tenth of the step's learning."""
        n_processes, rank = distributed.get_world_size(), distributed.get_rank()
        for group in self.param_groups:
            parameters = sorted(group["params"], key=Tensor.numel)
            updates = [torch.zeros_like(parameter) for parameter in parameters]
            for parameter, update in list(zip(parameters, updates, strict=True))[rank::n_processes]:
                update.copy_(self._update(parameter, group["momentum"]))
            flat = torch.cat([update.flatten() for update in updates])
            distributed.all_reduce(flat)
            sizes = [parameter.numel() for parameter in parameters]
            for parameter, update in zip(parameters, flat.split(sizes), strict=True):
                scale = max(1.0, parameter.shape[-2] / parameter.shape[-1]) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update.view_as(parameter), alpha=-group["lr"] * scale)

    def _update(self, parameter: Tensor, momentum: float) -> Tensor:
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        average = state["momentum"].lerp_(parameter.grad, 1 - momentum)
        return _orthogonal(parameter.grad.lerp(average, momentum))


def _orthogonal(matrix: Tensor) -> Tensor:
    """The nearest matrix with equal singular values, about, by Newton and Schulz's iteration."""
    is_tall = matrix.shape[-2] > matrix.shape[-1]
    x = matrix.mT if is_tall else matrix
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.mT
        x = _A * x + (_B * square + _C * square @ square) @ x
    return x.mT if is_tall else x
