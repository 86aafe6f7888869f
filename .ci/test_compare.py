"""Tests of cuda/compare.py: no GPU, no program of the course.

.lab/python/bin/python .ci/test_compare.py
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cuda"))

import compare  # noqa: E402


def row(step: int = 1, **changed: float | None) -> compare.Row:
    found = {"step": step, "epoch": 1, "loss": 0.5, "small": 1e-6, "absent": None, "seconds": 0.25}
    return {**found, **changed}


class Compare(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def told(self, *arguments: str) -> tuple[int, str]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = compare.main(list(arguments))
        return status, said.getvalue().strip()

    def file(self, name: str, rows: list[compare.Row]) -> str:
        path = self.folder / name
        path.write_text("".join(json.dumps(each) + "\n" for each in rows))
        return str(path)

    def beside(self, gpu: list[compare.Row], processor: list[compare.Row] | None = None) -> tuple[int, str]:
        processor = processor or [row(), row(2)]
        return self.told(self.file("processor", processor), self.file("gpu", gpu))

    def test_rounding_and_time_may_differ(self) -> None:
        near = row(loss=0.5 * (1 + 0.9e-3), small=9e-6, seconds=9.0)
        self.assertEqual(self.beside([near, row(2, loss=7.0)]), (0, "right"))

    def test_a_first_step_that_differs_is_named(self) -> None:
        for value in (0.5 * (1 + 1.1e-3), 0.5 * (1 - 1.1e-3), -0.5, float("nan"), float("inf")):
            self.assertEqual(
                self.beside([row(loss=value), row(2)]), (1, f"loss: {value}, on the processor 0.5")
            )
        # Below 0.01 a difference of 1e-5 is as large as it may be.
        self.assertEqual(self.beside([row(small=1.2e-5), row(2)])[0], 1)

    def test_what_is_not_finite_on_one_side_only_is_named(self) -> None:
        self.assertEqual(self.beside([row(loss=None), row(2)]), (1, "loss: None, on the processor 0.5"))
        self.assertEqual(self.beside([row(absent=1.0), row(2)]), (1, "absent: 1.0, on the processor None"))
        self.assertEqual(self.beside([row(), row(2, loss=None)]), (1, "loss is not finite in the last step"))
        self.assertEqual(self.beside([row(), row(2)], [row(), row(2, loss=None)]), (0, "right"))

    def test_other_steps_and_columns_are_named(self) -> None:
        self.assertEqual(self.beside([row()]), (1, "1 steps, on the processor 2"))
        status, said = self.beside([{"step": 1, "loss": 0.5}, row(2)])
        self.assertEqual(status, 1)
        self.assertIn("columns step, loss, on the processor step, epoch", said)

    def test_a_run_has_all_its_steps_and_all_are_finite(self) -> None:
        full = [row(step, absent=0.0) for step in (1, 2, 3)]
        self.assertEqual(self.told("--steps", "3", self.file("run", full)), (0, "right"))
        self.assertEqual(self.told("--steps", "4", self.file("run", full)), (1, "3 steps, not 4"))
        full[1]["loss"] = None
        self.assertEqual(
            self.told("--steps", "3", self.file("run", full)), (1, "step 2: loss is not finite")
        )

    def test_files_that_say_nothing_are_named(self) -> None:
        whole = self.file("whole", [row()])
        status, said = self.told(whole, str(self.folder / "nowhere"))
        self.assertEqual(status, 1)
        self.assertIn("nowhere can't be read", said)
        self.assertEqual(self.told(whole, self.file("empty", []))[1], f"{self.folder / 'empty'} has no steps")
        half = self.folder / "half"
        half.write_text('{"step": 1, "lo')
        self.assertIn("half can't be read", self.told(whole, str(half))[1])

    def test_other_arguments_are_answered_with_the_usage(self) -> None:
        self.assertEqual(self.told()[0], 2)
        self.assertEqual(self.told("--steps", "3")[0], 2)


if __name__ == "__main__":
    unittest.main()
