"""PyTorch's side of `cargo course measure cuda`: the course's PyTorch notebook on a GPU, eager, float32.

    python dcgan_cuda.py PIXELS BATCH STEPS [--tf32]

Prints PyTorch's version, the seconds of a step, and by how many megabytes the GPU's free memory fell.
"""

import sys
import time

import torch
from dcgan_cpu import Training


def main() -> None:
    pixels, batch, steps = map(int, sys.argv[1:4])
    tf32 = "--tf32" in sys.argv[4:]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.manual_seed(0)
    torch.set_default_device("cuda")
    torch.zeros(1)
    before, _ = torch.cuda.mem_get_info()
    training = Training(pixels, batch, detach=False)
    for _ in range(min(steps, 10)):
        training.step()
    torch.cuda.synchronize()
    begun = time.perf_counter()
    for _ in range(steps):
        training.step()
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - begun) / steps
    after, _ = torch.cuda.mem_get_info()
    print(torch.__version__, seconds, (before - after) / 1e6)


if __name__ == "__main__":
    main()
