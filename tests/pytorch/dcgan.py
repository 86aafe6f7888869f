"""Writes dcgan.csv: one full step of PyTorch's DCGAN, every preset of the course, without the update of weights.

Run by hand, in an environment with torch (its version is in the first line of the result):
    python tests/pytorch/dcgan.py > tests/pytorch/dcgan.csv

A line is `case,tensor,shape,values` as in batch_norm.csv; a case is `PRESET lLATENT cCHANNELS bBATCH sSALT`. The networks and
inputs are too large to be written down: both sides fill them by the same integer formula (`fill`), exact in float32.
Neither are results written whole, but as

    NAME            (min(64, n))  the entries at the places that `places` gives
    NAME summary    (3)           of all n entries: max|b|, sum, Euclidean norm

NAME is `images` (G(z) on the first noise), `d gradient TENSOR` of the discriminator's loss, `g gradient TENSOR` of the
generator's loss, and `d running TENSOR`, `g running TENSOR` after the step. `losses` are d on real, d on fake, g;
`scores` are the means of sigmoid(D(x)) and sigmoid(D(G(z))), both of the discriminator's step.

The numbers are of float64, so that they are the truth; float32 PyTorch is held to them by the same 1e-4 (to stderr: its
largest error). An activation that lies so near its kink that rounding puts it on the other side would break that on
either side, and among millions of normally distributed ones some always do. So the biases of batch normalisation are about
3 and -3 in turn, three standard deviations from the kink, on both of its sides; and the script refuses a case in which an
activation of the float64 run is within 1e-5 of 0: take another salt.
"""

import sys

import torch
from torch import nn

from literals import fill, heading, places, summary, tensor
from networks import discriminator, generator, named, prepare

CASES = [  # preset, latent, channels, batch, salt
    ("128", 128, 3, 2, 2),
    ("64", 128, 3, 4, 6),
    ("32", 128, 3, 4, 1),
    ("32small", 128, 3, 4, 1),
    ("32small", 16, 1, 4, 1),
]


def step(case, dtype):
    preset, latent, channels, batch, salt = case
    size = 128 if preset == "128" else 64 if preset == "64" else 32
    stream = 100 * salt
    g = prepare(generator(preset, latent, channels), dtype, stream)
    d = prepare(discriminator(preset, channels), dtype, stream + 30)
    images = fill(torch.empty(batch, channels, size, size, dtype=dtype), stream + 60)
    first, fresh = (fill(torch.empty(batch, latent, 1, 1, dtype=dtype), stream + at, 0.0, 2.0) for at in (61, 62))
    loss = nn.BCEWithLogitsLoss()
    result, nearest = {}, []
    for network in (g, d):
        for module in network.modules():
            if isinstance(module, (nn.ReLU, nn.LeakyReLU)):
                module.register_forward_hook(lambda _, inputs, __: nearest.append(float(inputs[0].detach().abs().min())))

    fake = g(first).detach()
    real_logits = d(images)
    on_real = loss(real_logits, torch.ones_like(real_logits))
    fake_logits = d(fake)
    on_fake = loss(fake_logits, torch.zeros_like(fake_logits))
    (on_real + on_fake).backward()
    result["images"] = fake
    for name, values in named(d):
        result[f"d gradient {name}"] = values.grad.clone()  # the generator's step adds to it

    logits = d(g(fresh))
    of_g = loss(logits, torch.ones_like(logits))
    of_g.backward()
    for name, values in named(g):
        result[f"g gradient {name}"] = values.grad
    for letter, network in (("d", d), ("g", g)):
        for name, values in network.named_buffers():
            if "running" in name:
                result[f"{letter} running {name}"] = values
    result = {name: (values.flatten()[places(values.numel())], summary(values)) for name, values in result.items()}
    losses = torch.stack((on_real, on_fake, of_g)).detach()
    scores = torch.stack([torch.sigmoid(z).mean() for z in (real_logits, fake_logits)]).detach()
    return result, losses, scores, min(nearest)


heading(torch.__version__)
for case in CASES:
    preset, latent, channels, batch, salt = case
    name = f"{preset} l{latent} c{channels} b{batch} s{salt}"
    result, losses, scores, nearest = step(case, torch.float64)
    single, *_ = step(case, torch.float32)
    worst = max((float((single[key][0] - result[key][0]).abs().max() / result[key][1][0]), key) for key in result)
    print(f"{name}: float32 within {worst[0]:.1e} ({worst[1]}), nearest to a kink {nearest:.1e}", file=sys.stderr)
    assert nearest >= 1e-5 and worst[0] <= 1e-4, "an activation at its kink: take another salt"
    tensor(name, "losses", losses)
    tensor(name, "scores", scores)
    for key, (entries, whole) in result.items():
        tensor(name, key, entries)
        tensor(name, f"{key} summary", whole)
