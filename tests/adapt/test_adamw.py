"""The optimiser of the networks from scratch, against PyTorch's."""

from __future__ import annotations

import torch

from headstart.adapt.arms.adamw import AdamW


def test_it_steps_as_pytorchs_does():
    chance = torch.Generator().manual_seed(0)
    start = [torch.randn(5, 3, generator=chance), torch.randn(3, generator=chance)]
    ours = [torch.nn.Parameter(value.clone()) for value in start]
    theirs = [torch.nn.Parameter(value.clone()) for value in start]
    mine = AdamW(ours, lr=0.05, weight_decay=0.1)
    reference = torch.optim.AdamW(theirs, lr=0.05, weight_decay=0.1)
    for _ in range(50):
        rows = torch.randn(8, 5, generator=chance)
        for weight, bias in (ours, theirs):
            torch.tanh(rows @ weight + bias).square().sum().backward()
        mine.step()
        reference.step()
        reference.zero_grad()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
