"""PyTorch's side of `cargo course measure vae`: a variational autoencoder, trained and judged in eager mode.

    python vae.py THREADS FOLDER LATENT SIGMA RATE BATCH STEPS SEED

FOLDER holds `train.bin` and `test.bin`, grey images of 32 x 32 bytes. Prints one line: the reconstruction's term and the divergence
from the prior, nats a test image with one draw of z each.

The networks are DCGAN's of 32 x 32 pixels with 128, 64 and 32 channels: the decoder its generator, the encoder its discriminator
with means and logarithms of variances as outputs.
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

SIDE, WIDTHS = 32, (32, 64, 128)
AT_A_TIME = 100


def encoder(latent):
    layers = []
    for i, o in zip((1, *WIDTHS), WIDTHS):
        layers += [nn.Conv2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(WIDTHS[-1], 2 * latent, 4, 1, 0, bias=False), nn.Flatten())


def decoder(latent):
    widths = WIDTHS[::-1]
    layers = [nn.Unflatten(1, (latent, 1, 1))]
    for at, (i, o) in enumerate(zip((latent, *widths), widths)):
        stride, padding = (1, 0) if at == 0 else (2, 1)
        layers += [nn.ConvTranspose2d(i, o, 4, stride, padding, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], 1, 4, 2, 1, bias=False), nn.Tanh())


def initialise(network):
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)


def images(path):
    pixels = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
    return pixels.view(-1, 1, SIDE, SIDE).float() / 127.5 - 1


def terms(networks, x, sigma):
    """Both terms of the negative lower bound, nats an image."""
    means, logs = networks[0](x).chunk(2, dim=1)
    z = Normal(means, (0.5 * logs).exp())
    decoded = networks[1](z.rsample())
    reconstruction = -Independent(Normal(decoded, sigma), 3).log_prob(x).mean()
    prior = Normal(torch.zeros_like(means), torch.ones_like(means))
    return reconstruction, kl_divergence(z, prior).sum(1).mean()


def main():
    threads, folder, latent, sigma, rate, batch, steps, seed = sys.argv[1:]
    latent, sigma, batch, steps = int(latent), float(sigma), int(batch), int(steps)
    torch.set_num_threads(int(threads))
    torch.manual_seed(int(seed))
    train, test = (images(Path(folder) / f"{name}.bin") for name in ("train", "test"))
    networks = encoder(latent), decoder(latent)
    for network in networks:
        initialise(network)
    optimiser = torch.optim.Adam([p for network in networks for p in network.parameters()], lr=float(rate))
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) == 0:
            order = torch.randperm(len(train))
        reconstruction, kl = terms(networks, train[order[:batch]], sigma)
        order = order[batch:]
        optimiser.zero_grad()
        (reconstruction + kl).backward()
        optimiser.step()
    for network in networks:
        network.eval()
    sums = torch.zeros(2)
    with torch.no_grad():
        for part in test.split(AT_A_TIME):
            sums += torch.stack(terms(networks, part, sigma)) * len(part)
    print(*(sums / len(test)).tolist())


main()
