"""Compares the first steps of two runs by their metrics, for run.sh.

    python compare.py PROCESSOR.jsonl GPU.jsonl     the first step: each number within 1e-3 of its column's size
    python compare.py --steps N RUN.jsonl           that a run has N steps, all finite

The first step is made of the same weights, images and noise on both. Later ones part: where a gradient is rounding noise,
Adam moves a weight by its whole rate in either direction.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TOLERANCE = 1e-3
Row = dict[str, "float | None"]


class Wrong(Exception):
    """What differs."""


def rows(path: str) -> list[Row]:
    try:
        found = [json.loads(line) for line in Path(path).read_text().splitlines()]
    except (OSError, ValueError) as cause:
        raise Wrong(f"{path} can't be read: {cause}") from cause
    if not found:
        raise Wrong(f"{path} has no steps")
    return found


def whole(found: list[Row], steps: int) -> None:
    """That there are so many steps, all finite."""
    if len(found) != steps:
        raise Wrong(f"{len(found)} steps, not {steps}")
    for row in found:
        for name, value in row.items():
            if value is None:
                raise Wrong(f"step {row['step']}: {name} is not finite")


def same(processor: list[Row], gpu: list[Row]) -> None:
    """That the first steps are alike, and that all that is finite at the processor's last step is so at the GPU's."""
    if len(processor) != len(gpu):
        raise Wrong(f"{len(gpu)} steps, on the processor {len(processor)}")
    if list(processor[0]) != list(gpu[0]):
        raise Wrong(f"columns {', '.join(gpu[0])}, on the processor {', '.join(processor[0])}")
    for name, expected in processor[0].items():
        value = gpu[0][name]
        if name in ("step", "epoch") or name.startswith("seconds"):
            continue
        if expected is None and value is None:
            continue
        if expected is None or value is None:
            raise Wrong(f"{name}: {value}, on the processor {expected}")
        # Written so that a NaN doesn't pass.
        if not abs(value - expected) <= TOLERANCE * max(abs(expected), 1e-2):
            raise Wrong(f"{name}: {value}, on the processor {expected}")
    # A column that is not there at this step is not there on the processor either.
    for name, value in gpu[-1].items():
        if value is None and processor[-1].get(name) is not None:
            raise Wrong(f"{name} is not finite in the last step")


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["--steps", steps, run]:
                whole(rows(run), int(steps))
            case [processor, gpu] if processor != "--steps":
                same(rows(processor), rows(gpu))
            case _:
                print(__doc__)
                return 2
    except Wrong as wrong:
        print(wrong)
        return 1
    print("right")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
