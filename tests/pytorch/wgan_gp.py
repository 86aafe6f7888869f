"""Writes wgan_gp.csv: one whole step of the critic and one of the generator in the plane, without the update of weights.

Run by hand, in an environment with torch (its version is in the first line of the result):
    python tests/pytorch/wgan_gp.py > tests/pytorch/wgan_gp.csv

A line is `case,tensor,shape,values` as in dcgan.csv, with networks, data, noise and epsilon filled by the same integer
formula, and results written as their entries at 64 places and a summary. A case is `GAME pPACK bBATCH sSALT`, where GAME is
gan, wgan, gp (penalty on both sides) or gp-one (on lengths above 1 only).

    losses   critic's whole loss, its penalty (lambda included; 0 without), mean c(x) - mean c(G(z)), generator's loss
    lengths  of the critic's gradient at each interpolate
    c gradient TENSOR, g gradient TENSOR
"""

import sys

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from literals import fill, heading, places, summary, tensor

WIDTH, LAMBDA = 128, 0.1
CASES = [("gan", 1, 32, 8), ("wgan", 1, 32, 13), ("gp", 1, 32, 19), ("gp-one", 1, 32, 24), ("gp", 2, 32, 4)]


def mlp(inputs, outputs, dtype, stream):
    sizes = (inputs, WIDTH, WIDTH, WIDTH)
    hidden = [nn.Sequential(nn.Linear(i, o), nn.ReLU()) for i, o in zip(sizes, sizes[1:])]
    network = nn.Sequential(*hidden, nn.Linear(WIDTH, outputs)).to(dtype)
    for at, (name, values) in enumerate(network.named_parameters()):
        # About as large as keeps the size of activations from layer to layer.
        fill(values, stream + at, 0.0, 1 / 8 if name.endswith("bias") else 1.0 if name == "0.0.weight" else 1 / 4)
    return network


def step(case, dtype):
    game, pack, batch, salt = case
    stream = 100 * salt
    g, c = mlp(2, 2, dtype, stream), mlp(2 * pack, 1, dtype, stream + 30)
    nearest = []
    for module in [*g.modules(), *c.modules()]:
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda _, inputs, __: nearest.append(float(inputs[0].detach().abs().min())))
    x, first, fresh = (fill(torch.empty(batch, 2, dtype=dtype), stream + at, 0.0, 2.0) for at in (60, 61, 62))
    epsilon = fill(torch.empty(batch // pack, 1, dtype=dtype), stream + 63, 0.5, 0.5)

    fake = g(first).detach()
    x, fake = x.reshape(-1, 2 * pack), fake.reshape(-1, 2 * pack)
    real_scores, fake_scores = c(x), c(fake)
    estimate = real_scores.mean() - fake_scores.mean()
    penalty, lengths = torch.zeros((), dtype=dtype), None
    if game == "gan":
        both = torch.cat([real_scores, fake_scores])
        of_c = cross_entropy(both, torch.cat([torch.ones_like(real_scores), torch.zeros_like(fake_scores)]))
    else:
        of_c = -estimate
    if game.startswith("gp"):
        between = (epsilon * x + (1 - epsilon) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(c(between).sum(), between, create_graph=True)
        lengths = slope.norm(2, dim=1)
        off = (lengths - 1).relu() if game == "gp-one" else lengths - 1
        penalty = LAMBDA * off.square().mean()
    (of_c + penalty).backward()
    result = {f"c gradient {name}": values.grad.clone() for name, values in c.named_parameters()}
    if lengths is not None:
        result["lengths"] = lengths.detach()

    scores = c(g(fresh).reshape(-1, 2 * pack))
    of_g = cross_entropy(scores, torch.ones_like(scores)) if game == "gan" else -scores.mean()
    of_g.backward()
    result |= {f"g gradient {name}": values.grad for name, values in g.named_parameters()}
    result = {name: (values.flatten()[places(values.numel())], summary(values)) for name, values in result.items()}
    return result, torch.stack((of_c + penalty, penalty, estimate, of_g)).detach(), min(nearest)


heading(torch.__version__)
for case in CASES:
    game, pack, batch, salt = case
    name = f"{game} p{pack} b{batch} s{salt}"
    result, losses, nearest = step(case, torch.float64)
    single, *_ = step(case, torch.float32)
    # Where the truth is 0 throughout, as for the last bias of a critic, so must float32's be.
    scale = {key: float(whole[0]) or 1e-30 for key, (_, whole) in result.items()}
    worst = max((float((single[key][0] - result[key][0]).abs().max()) / scale[key], key) for key in result)
    print(f"{name}: float32 within {worst[0]:.1e} ({worst[1]}), nearest to a kink {nearest:.1e}", file=sys.stderr)
    assert nearest >= 1e-5 and worst[0] <= 1e-4, "an activation at its kink: take another salt"
    tensor(name, "losses", losses)
    for key, (entries, whole) in result.items():
        tensor(name, key, entries)
        tensor(name, f"{key} summary", whole)
