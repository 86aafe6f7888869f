"""The lines that the scripts beside it write, and src/ops/oracle.rs reads."""


def heading(version):
    """Two lines: the version of torch, and the names of the fields."""
    print(f"# torch {version}")
    print("case,tensor,shape,values")


def tensor(case, name, values):
    """One line; nine digits give a float32 back exactly."""
    shape = "x".join(str(size) for size in values.shape)
    print(f"{case},{name},{shape}," + " ".join(f"{v:.9g}" for v in values.flatten().tolist()))
