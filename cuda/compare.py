"""Compares the first steps of two runs by their metrics, for run.sh.

    python compare.py PROCESSOR.jsonl GPU.jsonl     the first step: each number within 1e-3 of its column's size
    python compare.py --steps N RUN.jsonl           that a run has N steps, all finite

The first step is made of the same weights, images and noise on both. Later ones part: where a gradient is rounding noise,
Adam moves a weight by its whole rate in either direction.
"""

import json
import sys
from pathlib import Path

TOLERANCE = 1e-3


def rows(path: str) -> list[dict[str, float | None]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def unfinished(found: list[dict[str, float | None]], steps: int) -> str | None:
    if len(found) != steps:
        return f"{len(found)} steps, not {steps}"
    bad = [(row["step"], name) for row in found for name, value in row.items() if value is None]
    return f"step {bad[0][0]}: {bad[0][1]} is not finite" if bad else None


def difference(processor: dict[str, float | None], gpu: dict[str, float | None]) -> str | None:
    for name, expected in processor.items():
        value = gpu.get(name)
        if name in ("step", "epoch") or name.startswith("seconds"):
            continue
        if (expected is None) != (value is None):
            return f"{name}: {value}, on the processor {expected}"
        if expected is not None and not abs(value - expected) <= TOLERANCE * max(abs(expected), 1e-2):
            return f"{name}: {value}, on the processor {expected}"
    return None


def main() -> int:
    if sys.argv[1] == "--steps":
        found = rows(sys.argv[3])
        wrong = unfinished(found, int(sys.argv[2]))
    else:
        processor, gpu = rows(sys.argv[1]), rows(sys.argv[2])
        wrong = difference(processor[0], gpu[0])
        # A column that is not there at this step is not there on the processor either.
        missing = [name for name, value in gpu[-1].items() if value is None and processor[-1][name] is not None]
        wrong = wrong or (f"{missing[0]} is not finite in the last step" if missing else None)
    print(wrong or "right")
    return int(wrong is not None)


if __name__ == "__main__":
    sys.exit(main())
