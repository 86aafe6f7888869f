"""One step of the 1-D GAN: this crate against PyTorch's eager mode, in turn in the same run.

    python benches/gan_step.py

needs torch in the environment. Both sides train the networks 1-16-16-1 with LeakyReLU 0.2 on 128 samples of
N(4, 1.25) and 128 fake ones a step, with non-saturating losses on logits and Adam on both. Ours also averages G's
weights, measures scores and both gradients' norms, and keeps the history; PyTorch's side is left as lean as a
tutorial's loop.
"""

import statistics
import subprocess
import time
from pathlib import Path

import torch
from torch import nn

BATCH, ROUNDS = 128, 5


def mlp():
    return nn.Sequential(
        nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1)
    )


class Gan:
    def __init__(self):
        self.g, self.d = mlp(), mlp()
        self.opt_g = torch.optim.Adam(self.g.parameters(), lr=1e-3, betas=(0.5, 0.999))
        self.opt_d = torch.optim.Adam(self.d.parameters(), lr=1e-3, betas=(0.5, 0.999))
        self.loss = nn.BCEWithLogitsLoss()
        self.targets = torch.cat([torch.ones(BATCH, 1), torch.zeros(BATCH, 1)])

    def step(self):
        x = (torch.randn(BATCH, 1) * 1.25 + 4 - 4) / 1.25
        with torch.no_grad():
            fake = self.g(torch.randn(BATCH, 1))
        logits = self.d(torch.cat([x, fake]))
        loss_d = self.loss(logits, self.targets)
        self.opt_d.zero_grad()
        loss_d.backward()
        self.opt_d.step()
        loss_g = self.loss(self.d(self.g(torch.randn(BATCH, 1))), self.targets[:BATCH])
        self.opt_g.zero_grad()
        loss_g.backward()
        self.opt_g.step()
        return loss_d.item(), loss_g.item()


def torch_step():
    """Median microseconds a step, with the number of threads that suits PyTorch best here: one."""
    torch.set_num_threads(1)
    gan, rounds = Gan(), []
    for _ in range(12):
        begun = time.perf_counter()
        for _ in range(50):
            gan.step()
        rounds.append((time.perf_counter() - begun) / 50 * 1e6)
    return statistics.median(rounds[2:])


def rust_step():
    command = ["cargo", "bench", "--quiet", "--bench", "gan_step"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    return float(done.stdout)


rust_step()  # builds
rust, eager = [], []
for _ in range(ROUNDS):
    rust.append(rust_step())
    eager.append(torch_step())
ours, theirs = statistics.median(rust), statistics.median(eager)
print(f"gan-course {ours:.0f} µs a step; PyTorch {torch.__version__} {theirs:.0f} µs; ratio {theirs / ours:.1f}")
print("rounds:", " ".join(f"{a:.0f}/{b:.0f}" for a, b in zip(rust, eager)))
