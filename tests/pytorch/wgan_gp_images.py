"""Writes wgan_gp_images.csv: one whole step of the critic and one of the generator on images, without the update of weights.

Run by hand, in an environment with torch (its version is in the first line of the result):
    python tests/pytorch/wgan_gp_images.py > tests/pytorch/wgan_gp_images.csv

A line is `case,tensor,shape,values` as in dcgan.csv, and networks, images, noise and epsilon are filled by the same integer
formula. A case is `GAME PRESET lLATENT cCHANNELS bBATCH sSALT`, where GAME is gp (no batch normalisation in the critic) or
gp-norm (with it, in training mode: the penalty's gradient is that of the sum of the batch's scores).

    losses   critic's whole loss, its penalty (lambda included), mean c(x) - mean c(G(z)), generator's loss
    lengths  of the critic's gradient at each interpolate
    c gradient TENSOR, g gradient TENSOR

Without batch normalisation there are no biases to keep activations from their kinks: weights are so large that activations
are about 1, batches small, and a case in which one lies within 3e-6 of 0 is refused: take another salt.
"""

import sys

import torch
from torch import nn

from literals import fill, heading, places, summary, tensor
from networks import discriminator, generator, named, prepare

LAMBDA = 10.0
CASES = [  # game, preset, latent, channels, batch, salt
    ("gp", "32small", 16, 1, 2, 7),
    ("gp", "64", 16, 3, 1, 24),
    ("gp-norm", "32small", 128, 3, 3, 1),
]


def critic(game, preset, channels, dtype, stream):
    if game == "gp-norm":
        return prepare(discriminator(preset, channels), dtype, stream)
    network = discriminator(preset, channels, normalised=False).to(dtype)
    for at, (name, values) in enumerate(network.named_parameters()):
        fill(values, stream + at, 0.0, 1 / 4 if name == "0.0.weight" else 1 / 16)
    return network


def step(case, dtype):
    game, preset, latent, channels, batch, salt = case
    size, stream = 64 if preset == "64" else 32, 100 * salt
    g = prepare(generator(preset, latent, channels), dtype, stream)
    c = critic(game, preset, channels, dtype, stream + 30)
    nearest = []
    for module in [*g.modules(), *c.modules()]:
        if isinstance(module, (nn.ReLU, nn.LeakyReLU)):
            module.register_forward_hook(lambda _, inputs, __: nearest.append(float(inputs[0].detach().abs().min())))
    x = fill(torch.empty(batch, channels, size, size, dtype=dtype), stream + 60)
    first, fresh = (fill(torch.empty(batch, latent, 1, 1, dtype=dtype), stream + at, 0.0, 2.0) for at in (61, 62))
    epsilon = fill(torch.empty(batch, 1, 1, 1, dtype=dtype), stream + 63, 0.5, 0.5)

    fake = g(first).detach()
    estimate = c(x).mean() - c(fake).mean()
    between = (epsilon * x + (1 - epsilon) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(c(between).sum(), between, create_graph=True)
    lengths = slope.flatten(1).norm(2, dim=1)
    penalty = LAMBDA * (lengths - 1).square().mean()
    (penalty - estimate).backward()
    result = {f"c gradient {name}": values.grad.clone() for name, values in named(c)}
    result["lengths"] = lengths.detach()

    of_g = -c(g(fresh)).mean()
    of_g.backward()
    result |= {f"g gradient {name}": values.grad for name, values in named(g)}
    result = {name: (values.flatten()[places(values.numel())], summary(values)) for name, values in result.items()}
    return result, torch.stack((penalty - estimate, penalty, estimate, of_g)).detach(), min(nearest)


heading(torch.__version__)
for case in CASES:
    game, preset, latent, channels, batch, salt = case
    name = f"{game} {preset} l{latent} c{channels} b{batch} s{salt}"
    result, losses, nearest = step(case, torch.float64)
    single, *_ = step(case, torch.float32)
    worst = max((float((single[key][0] - result[key][0]).abs().max() / result[key][1][0]), key) for key in result)
    print(f"{name}: float32 within {worst[0]:.1e} ({worst[1]}), nearest to a kink {nearest:.1e}", file=sys.stderr)
    assert nearest >= 3e-6 and worst[0] <= 1e-4, "an activation at its kink: take another salt"
    tensor(name, "losses", losses)
    for key, (entries, whole) in result.items():
        tensor(name, key, entries)
        tensor(name, f"{key} summary", whole)
