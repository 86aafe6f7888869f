"""PyTorch's side of `cargo course measure dcgan-cpu`: the course's PyTorch notebook, timed step by step on demand.

    python dcgan_cpu.py THREADS [--detach]

A line on standard input is a request, a line on standard output its answer; end of input ends the program.

    load PRESET BATCH                  networks, optimisers, one batch of images; answers `ready`
    step                               one step of training; answers `SECONDS LOSS_D LOSS_G`
    layer KIND IN OUT SIZE STRIDE PADDING BATCH
                                       one layer with kernel 4, forward and backward; KIND is conv2d or
                                       conv_transpose2d; answers `SECONDS`
    product N                          a product of two N×N matrices; answers `SECONDS`

Before the first request it says `pytorch VERSION`. float32, eager mode.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

CHANNELS, LATENT, KERNEL = 3, 128, 4
AT_LEAST = 0.02  # seconds for which a layer or a product is repeated

# Widths of both networks by preset: from the outer end of D inwards, and from the inner end of G outwards.
DISCRIMINATOR = {128: (64, 128, 256, 512, 1024), 64: (64, 128, 256, 512), 32: (64, 128, 256)}
GENERATOR = {128: (512, 256, 128, 64, 32), 64: (512, 256, 128, 64), 32: (256, 128, 64)}


def discriminator(widths):
    layers = []
    for i, o in zip((CHANNELS, *widths), widths):
        layers += [nn.Conv2d(i, o, KERNEL, 2, 1, bias=False), nn.BatchNorm2d(o), nn.LeakyReLU(0.2, inplace=True)]
    layers += [nn.Conv2d(widths[-1], 1, KERNEL, 1, 0, bias=False), nn.Flatten(), nn.Sigmoid()]
    return nn.Sequential(*layers)


def generator(widths):
    layers = []
    for at, (i, o) in enumerate(zip((LATENT, *widths), widths)):
        stride, padding = (1, 0) if at == 0 else (2, 1)
        layers += [nn.ConvTranspose2d(i, o, KERNEL, stride, padding, bias=False), nn.BatchNorm2d(o), nn.ReLU(True)]
    layers += [nn.ConvTranspose2d(widths[-1], CHANNELS, KERNEL, 2, 1, bias=False), nn.Tanh()]
    return nn.Sequential(*layers)


class Training:
    """The notebook's functions train_discriminator and train_generator."""

    def __init__(self, preset, batch, detach):
        self.batch, self.detach = batch, detach
        self.d, self.g = discriminator(DISCRIMINATOR[preset]), generator(GENERATOR[preset])
        for module in (*self.d.modules(), *self.g.modules()):
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.normal_(module.weight, 0.0, 0.02)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1.0, 0.02)
        self.opt_d = torch.optim.Adam(self.d.parameters(), lr=0.0002, betas=(0.5, 0.999))
        self.opt_g = torch.optim.Adam(self.g.parameters(), lr=0.0002, betas=(0.5, 0.999))
        self.images = torch.randn(batch, CHANNELS, preset, preset).clamp_(-1, 1)

    def train_discriminator(self):
        self.opt_d.zero_grad()
        real_preds = self.d(self.images)
        real_targets = torch.ones(self.images.size(0), 1)
        real_loss = F.binary_cross_entropy(real_preds, real_targets)
        real_score = torch.mean(real_preds).item()

        latent = torch.randn(self.batch, LATENT, 1, 1)
        fake_images = self.g(latent)
        if self.detach:
            fake_images = fake_images.detach()
        fake_targets = torch.zeros(fake_images.size(0), 1)
        fake_preds = self.d(fake_images)
        fake_loss = F.binary_cross_entropy(fake_preds, fake_targets)
        fake_score = torch.mean(fake_preds).item()

        loss = real_loss + fake_loss
        loss.backward()
        self.opt_d.step()
        return loss.item(), real_score, fake_score

    def train_generator(self):
        self.opt_g.zero_grad()
        latent = torch.randn(self.batch, LATENT, 1, 1)
        fake_images = self.g(latent)
        preds = self.d(fake_images)
        targets = torch.ones(self.batch, 1)
        loss = F.binary_cross_entropy(preds, targets)
        loss.backward()
        self.opt_g.step()
        return loss.item()

    def step(self):
        begun = time.perf_counter()
        loss_d, _, _ = self.train_discriminator()
        loss_g = self.train_generator()
        return time.perf_counter() - begun, loss_d, loss_g


def repeated(prepare, run):
    """Mean seconds of `run`, without those of `prepare`, which makes what it consumes; the first time doesn't count."""
    prepare()
    run()
    total = count = 0
    while count == 0 or total < AT_LEAST:
        prepare()
        begun = time.perf_counter()
        run()
        total += time.perf_counter() - begun
        count += 1
    return total / count


def layer(kind, inputs, outputs, size, stride, padding, batch):
    operation = {"conv2d": F.conv2d, "conv_transpose2d": F.conv_transpose2d}[kind]
    sizes = (outputs, inputs) if kind == "conv2d" else (inputs, outputs)
    image = torch.randn(batch, inputs, size, size, requires_grad=True)
    kernel = torch.randn(*sizes, KERNEL, KERNEL, requires_grad=True)
    outer = torch.randn_like(operation(image, kernel, stride=stride, padding=padding))

    def forget():
        image.grad = kernel.grad = None

    def run():
        operation(image, kernel, stride=stride, padding=padding).backward(outer)

    return repeated(forget, run)


def product(size):
    a, b = torch.randn(size, size), torch.randn(size, size)
    return repeated(lambda: None, lambda: torch.mm(a, b))


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(0)
    detach = "--detach" in sys.argv[2:]
    training = None
    print("pytorch", torch.__version__, flush=True)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "load":
            training = Training(*map(int, rest), detach)
            answer = ("ready",)
        elif word == "step":
            answer = training.step()
        elif word == "layer":
            answer = (layer(rest[0], *map(int, rest[1:])),)
        elif word == "product":
            answer = (product(int(rest[0])),)
        else:
            sys.exit(f"dcgan_cpu.py: no such request: {line.strip()}")
        print(*answer, flush=True)


if __name__ == "__main__":
    main()
