"""One critic step in the plane without and with gradient penalty: this crate against PyTorch's eager mode, in turn in the
same run.

    python benches/critic_step.py

needs torch in the environment. Both sides: three layers of 128 ReLU units, 256 real and 256 generated points a step, G without
gradients, Adam; the penalty at 256 interpolates by double backward. Ours also draws its data, measures the gradient's norm
and the lengths at the interpolates. Each side on one thread.
"""

import statistics
import subprocess
import time
from pathlib import Path

import torch
from torch import nn

BATCH, WIDTH, ROUNDS, STEPS = 256, 128, 5, 20


def mlp(outputs):
    sizes = (2, WIDTH, WIDTH, WIDTH)
    hidden = [layer for i, o in zip(sizes, sizes[1:]) for layer in (nn.Linear(i, o), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, outputs))


class Critic:
    def __init__(self, penalised):
        self.penalised = penalised
        self.g, self.c = mlp(2), mlp(1)
        self.adam = torch.optim.Adam(self.c.parameters(), lr=1.5e-3, betas=(0.0, 0.9))

    def step(self):
        x = torch.randn(BATCH, 2)
        with torch.no_grad():
            fake = self.g(torch.randn(BATCH, 2))
        loss = self.c(fake).mean() - self.c(x).mean()
        if self.penalised:
            epsilon = torch.rand(BATCH, 1)
            between = (epsilon * x + (1 - epsilon) * fake).requires_grad_()
            (slope,) = torch.autograd.grad(self.c(between).sum(), between, create_graph=True)
            loss = loss + 0.1 * (slope.norm(2, dim=1) - 1).square().mean()
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss.item()


def torch_steps():
    """Median microseconds of a step without and with penalty."""
    games, rounds = [Critic(False), Critic(True)], ([], [])
    for _ in range(15):
        for game, times in zip(games, rounds):
            begun = time.perf_counter()
            for _ in range(STEPS):
                game.step()
            times.append((time.perf_counter() - begun) / STEPS * 1e6)
    return [statistics.median(times[3:]) for times in rounds]


def rust_steps():
    command = ["cargo", "bench", "--quiet", "--bench", "critic_step", "--", "1"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


torch.set_num_threads(1)
rust_steps()  # builds
ours, theirs = [], []
for _ in range(ROUNDS):
    ours.append(rust_steps())
    theirs.append(torch_steps())
for name, rounds in (("gan-course", ours), (f"PyTorch {torch.__version__}", theirs)):
    without, penalised = (statistics.median(times) for times in zip(*rounds))
    ratio = statistics.median(b / a for a, b in rounds)
    print(f"{name}: {without:.0f} µs without, {penalised:.0f} µs with penalty, ratio {ratio:.2f}")
    print("  rounds:", " ".join(f"{a:.0f}/{b:.0f}" for a, b in rounds))
