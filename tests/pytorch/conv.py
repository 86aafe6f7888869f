"""Writes conv.csv: PyTorch's convolutions, pooling, up-sampling and leaky ReLU, forward and backward.

Run by hand, in an environment with torch (its version is in the first line of the result):
    python tests/pytorch/conv.py > tests/pytorch/conv.csv

A line is `case,tensor,shape,values`: shape as 2x3x4, values in row-major order, separated by spaces. The name of a
case says its kernel k, stride s, padding p (or its factor f). Of each case: the input `x`, `weight` if it has one,
the output `y`, the gradient `outer` that comes back from it, and `x gradient`, `weight gradient`.
"""

import torch
import torch.nn.functional as F

from literals import heading, tensor

torch.manual_seed(0)
CONV = [  # batch, in, out, rows, columns, kernel, stride, padding
    (2, 3, 4, 8, 8, 4, 2, 1),
    (2, 3, 2, 4, 4, 4, 1, 0),
    (1, 2, 3, 7, 5, 3, 2, 1),
    (1, 1, 1, 5, 6, 5, 3, 2),
    (2, 2, 2, 3, 3, 1, 2, 0),
]
POOL = [  # batch, channels, rows, columns, kernel, stride, padding
    (2, 2, 6, 6, 2, 2, 0),
    (1, 3, 7, 5, 3, 2, 1),
    (1, 1, 5, 5, 3, 1, 1),
    (2, 1, 4, 7, 4, 3, 2),
]


def write(case, operation, x, weight=None):
    """One case: its inputs, output, and gradients of sum(outer * y)."""
    x.requires_grad_()
    if weight is not None:
        weight.requires_grad_()
    y = operation(x) if weight is None else operation(x, weight)
    outer = torch.randn_like(y)
    y.backward(outer)
    tensor(case, "x", x)
    if weight is not None:
        tensor(case, "weight", weight)
    tensor(case, "y", y)
    tensor(case, "outer", outer)
    tensor(case, "x gradient", x.grad)
    if weight is not None:
        tensor(case, "weight gradient", weight.grad)


heading(torch.__version__)
for b, i, o, h, w, k, s, p in CONV:
    name = f"k{k} s{s} p{p}"
    write(
        f"conv2d {name}",
        lambda x, weight: F.conv2d(x, weight, stride=s, padding=p),
        torch.randn(b, i, h, w),
        torch.randn(o, i, k, k),
    )
    oh, ow = ((n + 2 * p - k) // s + 1 for n in (h, w))
    write(
        f"conv_transpose2d {name}",
        lambda y, weight: F.conv_transpose2d(
            y, weight, stride=s, padding=p, output_padding=tuple((n + 2 * p - k) % s for n in (h, w))
        ),
        torch.randn(b, o, oh, ow),
        torch.randn(o, i, k, k),
    )
for b, c, h, w, k, s, p in POOL:
    name = f"k{k} s{s} p{p}"
    # Few different numbers, so that a window often holds its largest twice.
    ties = torch.randint(-2, 3, (b, c, h, w)).float()
    write(f"max_pool2d {name}", lambda x: F.max_pool2d(x, k, s, p), torch.randn(b, c, h, w))
    write(f"max_pool2d ties {name}", lambda x: F.max_pool2d(x, k, s, p), ties)
    write(f"avg_pool2d {name}", lambda x: F.avg_pool2d(x, k, s, p), torch.randn(b, c, h, w))
for f in (1, 2, 3):
    write(f"upsample f{f}", lambda x: F.interpolate(x, scale_factor=f), torch.randn(2, 2, 3, 2))
for name, slope in (("0.2", 0.2), ("0", 0.0)):
    x = torch.randn(1, 2, 3, 4)
    x[0, 0, 0, :2] = torch.tensor([0.0, -0.0])
    write(f"leaky_relu {name}", lambda x: F.leaky_relu(x, slope), x)
write("tanh", torch.tanh, 2 * torch.randn(1, 2, 3, 4))
