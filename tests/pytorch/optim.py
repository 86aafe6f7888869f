"""Writes optim.csv: 20 steps of PyTorch's optimisers on given gradients.

Run by hand, in an environment with torch (its version is in the first line of the result):
    python tests/pytorch/optim.py > tests/pytorch/optim.csv

Two tensors, 0.weight (2, 3) and 0.bias (2,), start from fixed values; gradients are made of exactly
representable numbers, with zeros, tiny and large ones, so that Rust can make the same.
"""

import torch

SCALES = [1.0, 1e-4, 0.0, 30.0, 1.0, 1e-7, 0.25, -2.0]
OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
    "sgd-momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.005),
    "rmsprop-momentum": lambda p: torch.optim.RMSprop(p, lr=0.005, alpha=0.9, momentum=0.5),
    "adam": lambda p: torch.optim.Adam(p, lr=0.001),
    "adam-gan": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.5, 0.999), eps=1e-3),
}


def gradient(step, element):
    """A number in [-1, 1] with few binary digits, times the element's scale (both rounded to float32)."""
    unit = ((step * 37 + element * 11) % 33 - 16) / 16
    return torch.tensor(unit) * torch.tensor(SCALES[element])


print(f"# torch {torch.__version__}")
print("optimiser,step," + ",".join(f"p{i}" for i in range(8)))
for name, make in OPTIMISERS.items():
    weight = torch.tensor([[0.5, -0.25, 1.0], [2.0, 0.125, -1.0]], requires_grad=True)
    bias = torch.tensor([0.75, -0.5], requires_grad=True)
    optimiser = make([weight, bias])
    for step in range(20):
        flat = torch.stack([gradient(step, i) for i in range(8)])
        weight.grad, bias.grad = flat[:6].reshape(2, 3), flat[6:]
        optimiser.step()
        values = weight.flatten().tolist() + bias.tolist()
        print(f"{name},{step + 1}," + ",".join(repr(v) for v in values))
