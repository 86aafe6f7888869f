"""Writes input_gradient.csv: gradients of a gradient penalty, by PyTorch's double backward in float64.

Run by hand, in an environment with torch (its version is in the first line of the result):
    python tests/pytorch/input_gradient.py > tests/pytorch/input_gradient.csv

A line is `case,tensor,shape,values`: shape as 2x3x4, values in row-major order, separated by spaces. Each case is a
critic: `NUMBER.weight`, `NUMBER.bias` are its parameters by the number of their layer, `x` the input, `slope` the
gradient of sum(critic(x)) in x, `penalty` the mean of (|slope of a sample| - 1)^2, and `NUMBER.weight gradient` that of
the penalty.
"""

import torch
from torch import nn

from literals import heading, tensor

torch.manual_seed(3)
CRITICS = {
    "mlp": ((5, 3), [nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1)]),
    "convolutions": (
        (3, 2, 9, 7),
        [
            nn.Conv2d(2, 4, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4, 3, 3, 1, 1, bias=False),
            nn.Tanh(),
            nn.AvgPool2d(2, 1),
            nn.Flatten(),
            nn.Linear(18, 1),
        ],
    ),
    "up and down": (
        (2, 2, 3, 3),
        [
            nn.ConvTranspose2d(2, 3, 4, 2, 1, bias=False),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(3, 2, 3, bias=False),
            nn.Sigmoid(),
            nn.Flatten(),
            nn.Linear(32, 1),
        ],
    ),
}

heading(torch.__version__)
for name, (shape, layers) in CRITICS.items():
    critic = nn.Sequential(*layers).double()
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
    penalty.backward()
    tensor(name, "x", x)
    tensor(name, "slope", slope)
    tensor(name, "penalty", penalty.reshape(1))
    for parameter, values in critic.named_parameters():
        tensor(name, parameter, values)
        if values.grad is not None:
            tensor(name, f"{parameter} gradient", values.grad)
