"""Writes vae.csv: one whole step of a variational autoencoder on images, without the update of weights.

Run by hand, in an environment with torch (its version is in the first line of the result):
    python tests/pytorch/vae.py > tests/pytorch/vae.csv

A line is `case,tensor,shape,values` as in dcgan.csv, and networks, images and noise are filled by the same integer formula. A
case is `PRESET lLATENT cCHANNELS bBATCH sSALT`. The encoder is DCGAN's discriminator with 2 L outputs, means and then
logarithms of variances; the decoder its generator; sigma is 0.2.

    losses   the negative log-likelihood, the divergence from the prior; nats an image, averaged over the batch
    decoded, e gradient TENSOR, d gradient TENSOR
"""

import sys

import torch
from torch.distributions import Independent, Normal, kl_divergence

from literals import fill, heading, places, summary, tensor
from networks import discriminator, generator, named, prepare

SIGMA = 0.2
CASES = [  # preset, latent, channels, batch, salt
    ("32small", 2, 1, 4, 1),
    ("32small", 16, 3, 3, 2),
    ("64", 16, 3, 2, 3),
]


def step(case, dtype):
    preset, latent, channels, batch, salt = case
    size, stream = 64 if preset == "64" else 32, 100 * salt
    encoder = prepare(discriminator(preset, channels, outputs=2 * latent), dtype, stream)
    decoder = prepare(generator(preset, latent, channels), dtype, stream + 30)
    x = fill(torch.empty(batch, channels, size, size, dtype=dtype), stream + 60)
    epsilon = fill(torch.empty(batch, latent, dtype=dtype), stream + 61, 0.0, 2.0)
    means, logs = encoder(x).flatten(1).chunk(2, dim=1)
    deviations = (0.5 * logs).exp()
    decoded = decoder((means + deviations * epsilon)[:, :, None, None])
    # By PyTorch's own distributions, not by the formulas.
    reconstruction = -Independent(Normal(decoded, SIGMA), 3).log_prob(x).mean()
    prior = Normal(torch.zeros_like(means), torch.ones_like(means))
    kl = kl_divergence(Normal(means, deviations), prior).sum(1).mean()
    (reconstruction + kl).backward()
    result = {"decoded": decoded.detach()}
    result |= {f"e gradient {name}": values.grad for name, values in named(encoder)}
    result |= {f"d gradient {name}": values.grad for name, values in named(decoder)}
    result = {name: (values.flatten()[places(values.numel())], summary(values)) for name, values in result.items()}
    return result, torch.stack((reconstruction, kl)).detach()


heading(torch.__version__)
for case in CASES:
    preset, latent, channels, batch, salt = case
    name = f"{preset} l{latent} c{channels} b{batch} s{salt}"
    result, losses = step(case, torch.float64)
    single, _ = step(case, torch.float32)
    worst = max((float((single[key][0] - result[key][0]).abs().max() / result[key][1][0]), key) for key in result)
    print(f"{name}: float32 within {worst[0]:.1e} ({worst[1]})", file=sys.stderr)
    assert worst[0] <= 1e-4, "an activation at its kink: take another salt"
    tensor(name, "losses", losses)
    for key, (entries, whole) in result.items():
        tensor(name, key, entries)
        tensor(name, f"{key} summary", whole)
