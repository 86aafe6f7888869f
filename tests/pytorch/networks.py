"""DCGAN's networks as the scripts beside it compute with them, filled by the integer formula of literals.py."""

import torch
from torch import nn

from literals import fill

GENERATOR = {"128": (512, 256, 128, 64, 32), "64": (512, 256, 128, 64), "32": (256, 128, 64), "32small": (128, 64, 32)}
DISCRIMINATOR = {
    "128": (64, 128, 256, 512, 1024),
    "64": (64, 128, 256, 512),
    "32": (64, 128, 256),
    "32small": (32, 64, 128),
}


def generator(preset, latent, channels):
    widths = GENERATOR[preset]
    blocks = [(nn.ConvTranspose2d(latent, widths[0], 4, 1, 0, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())]
    for i, o in zip(widths, widths[1:]):
        blocks.append((nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU()))
    blocks.append((nn.ConvTranspose2d(widths[-1], channels, 4, 2, 1, bias=False), nn.Tanh()))
    return nn.Sequential(*(nn.Sequential(*block) for block in blocks))


def discriminator(preset, channels, normalised=True, outputs=1):
    """Without batch normalisation, a critic; with 2 L outputs, a VAE's encoder."""
    widths = (channels, *DISCRIMINATOR[preset])
    blocks = []
    for i, o in zip(widths, widths[1:]):
        norm = (nn.BatchNorm2d(o),) if normalised else ()
        blocks.append(nn.Sequential(nn.Conv2d(i, o, 4, 2, 1, bias=False), *norm, nn.LeakyReLU(0.2)))
    return nn.Sequential(*blocks, nn.Conv2d(widths[-1], outputs, 4, 1, 0, bias=False))


def named(network):
    """Parameters by the names of the Rust modules: a batch normalisation's weight is its scale."""
    modules = dict(network.named_modules())
    for name, values in network.named_parameters():
        module, _, field = name.rpartition(".")
        normalises = isinstance(modules[module], nn.BatchNorm2d)
        yield f"{module}.scale" if normalises and field == "weight" else name, values


def prepare(network, dtype, stream):
    """Fills scales about 1, and biases about 3 and -3 in turn: far from the activations' kinks, on both of their sides."""
    network = network.to(dtype)
    for at, (name, values) in enumerate(named(network)):
        fill(values, stream + at, 1.0 if name.endswith("scale") else 0.0, 1 / 32)
        if name.endswith("bias"):
            with torch.no_grad():
                values[0::2] += 3
                values[1::2] -= 3
    return network
