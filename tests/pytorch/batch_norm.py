"""Writes batch_norm.csv: PyTorch's BatchNorm2d, two training steps and inference after them.

Run by hand, in an environment with torch (its version is in the first line of the result):
    python tests/pytorch/batch_norm.py > tests/pytorch/batch_norm.csv

A line is `case,tensor,shape,values`: shape as 2x3x4, values in row-major order, separated by spaces. One module of C
channels (epsilon 1e-5, momentum 0.1, running mean 0 and variance 1 at first) goes through three cases, `NAME step 1`,
`NAME step 2` (training) and `NAME inference`, of which each has

    x, scale, bias                              (B, C, H, W), (C), (C)    the inputs
    y, outer                                    (B, C, H, W)              the output and the gradient that comes back
    x gradient, scale gradient, bias gradient   of sum(outer * y)
    running mean, running variance              (C)                       after the case (variance: unbiased)

Scale and bias are the same in all three. NAME is `maps` (several images), `one image`, `one pixel` (H = W = 1) or
`offset` (a mean far larger than the deviation, where a naive variance loses its digits).
"""

import torch

from literals import heading, tensor

torch.manual_seed(1)
SHAPES = {"maps": (4, 3, 4, 5), "one image": (1, 2, 3, 3), "one pixel": (6, 4, 1, 1), "offset": (4, 2, 4, 4)}

heading(torch.__version__)
for name, shape in SHAPES.items():
    layer = torch.nn.BatchNorm2d(shape[1])
    with torch.no_grad():
        layer.weight.copy_(1 + 0.5 * torch.randn(shape[1]))
        layer.bias.copy_(torch.randn(shape[1]))
    for case in ("step 1", "step 2", "inference"):
        layer.train(case != "inference")
        layer.zero_grad()
        x = torch.randn(shape) * 1.5 + torch.randn(1, shape[1], 1, 1)
        if name == "offset":
            x = x + 100
        x.requires_grad_()
        y = layer(x)
        outer = torch.randn_like(y)
        y.backward(outer)
        for tensor_name, values in {
            "x": x,
            "scale": layer.weight,
            "bias": layer.bias,
            "y": y,
            "outer": outer,
            "x gradient": x.grad,
            "scale gradient": layer.weight.grad,
            "bias gradient": layer.bias.grad,
            "running mean": layer.running_mean,
            "running variance": layer.running_var,
        }.items():
            tensor(f"{name} {case}", tensor_name, values)
