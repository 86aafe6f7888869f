"""The lines that the scripts beside it write, and src/ops/oracle.rs reads; what is too large to be written, both make."""

import torch


def heading(version):
    """Two lines: the version of torch, and the names of the fields."""
    print(f"# torch {version}")
    print("case,tensor,shape,values")


def tensor(case, name, values):
    """One line; nine digits give a float32 back exactly."""
    shape = "x".join(str(size) for size in values.shape)
    print(f"{case},{name},{shape}," + " ".join(f"{v:.9g}" for v in values.flatten().tolist()))


def scrambled(count, stream):
    """MurmurHash3's finaliser of index + stream * 0x9E3779B9, modulo 2^32 at each step."""
    low = 0xFFFFFFFF
    h = (torch.arange(count, dtype=torch.int64) + stream * 0x9E3779B9) & low
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & low
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & low
    return h ^ (h >> 16)


def fill(values, stream, centre=0.0, width=1.0):
    """centre + width * u with u in [-1, 1), a multiple of 2^-15."""
    u = ((scrambled(values.numel(), stream) >> 16) - 32768).to(values.dtype) / 32768
    with torch.no_grad():
        values.copy_((centre + width * u).reshape(values.shape))
    return values


def places(count):
    return torch.arange(count) if count <= 64 else scrambled(64, 255) % count


def summary(values):
    """Of all entries: max|b|, sum, Euclidean norm."""
    values = values.double()
    return torch.stack((values.abs().max(), values.sum(), values.norm()))
