"""Tests of the pure parts of src/lab/py: no kernel, no network.

.lab/python/bin/python .ci/test_notebooks.py
"""

from __future__ import annotations

import base64
import contextlib
import io
import struct
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src" / "lab" / "py"))

import files  # noqa: E402
import notebooks  # noqa: E402
from convert import convert, fences, generate  # noqa: E402
from execute import failure_of, joined  # noqa: E402
from files import Failure, read_notebook, to_text  # noqa: E402
from nbformat import NotebookNode  # noqa: E402
from nbformat.v4 import new_output  # noqa: E402
from record import normalise, normalise_text  # noqa: E402

LESSON = """---
title: Two cells
---

# Two cells

Text.

```rust
let x = 1;
```

```bash
not a cell
```

## More

```rust
println!("{x}");
```

```rust
println!("{x}");
```
"""


def png() -> str:
    """A 1 by 1 PNG in base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\0\0")
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    ).decode()


def code_cells(notebook: files.NotebookNode) -> list[files.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


class Generate(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.lessons = Path(folder.name, "lessons")
        self.notebooks = Path(folder.name, "notebooks")
        self.lessons.mkdir()
        self.lesson = self.lessons / "00-two.md"
        self.lesson.write_text(LESSON, encoding="utf-8")
        self.notebook = self.notebooks / "00-two.ipynb"

    def generate(self) -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            generate(self.lessons, self.notebooks)
        return said.getvalue()

    def record(self) -> None:
        """Gives each code cell an output that names it."""
        notebook = read_notebook(self.notebook)
        for number, cell in enumerate(code_cells(notebook), start=1):
            cell.outputs = [new_output("stream", name="stdout", text=f"output {number}\n")]
            cell.execution_count = number
        self.notebook.write_text(to_text(notebook), encoding="utf-8")

    def outputs(self) -> list[str]:
        return ["".join(o.text for o in cell.outputs) for cell in code_cells(read_notebook(self.notebook))]

    def test_second_run_changes_nothing(self) -> None:
        self.assertIn("created   00-two.ipynb", self.generate())
        first, when = self.notebook.read_bytes(), self.notebook.stat().st_mtime_ns
        self.assertIn("unchanged 00-two.ipynb", self.generate())
        self.assertEqual((first, when), (self.notebook.read_bytes(), self.notebook.stat().st_mtime_ns))
        self.assertTrue(first.endswith(b"}\n"))

    def test_cells(self) -> None:
        self.generate()
        notebook = read_notebook(self.notebook)
        self.assertEqual(
            [c.source for c in code_cells(notebook)], ["let x = 1;", 'println!("{x}");', 'println!("{x}");']
        )
        self.assertEqual(len({cell.id for cell in notebook.cells}), len(notebook.cells))
        self.assertEqual(notebook.metadata.kernelspec.name, "gan-course")
        self.assertNotIn("jupytext", notebook.metadata)
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type != "code")
        self.assertIn("```bash\nnot a cell\n```", text)
        self.assertNotIn("title:", text)

    def test_unchanged_cells_keep_their_outputs(self) -> None:
        self.generate()
        self.record()
        self.assertIn("unchanged", self.generate())
        self.lesson.write_text(
            LESSON.replace("Text.", "Other text.\n\n```rust\nlet new = 2;\n```"), encoding="utf-8"
        )
        self.assertIn("updated", self.generate())
        self.assertEqual(self.outputs(), ["", "output 1\n", "output 2\n", "output 3\n"])

    def test_changed_cell_loses_its_output(self) -> None:
        self.generate()
        self.record()
        self.lesson.write_text(LESSON.replace("let x = 1;", "let x = 2;"), encoding="utf-8")
        self.generate()
        self.assertEqual(self.outputs(), ["", "output 2\n", "output 3\n"])
        self.assertIsNone(code_cells(read_notebook(self.notebook))[0].execution_count)

    def test_equal_cells_keep_the_order_of_their_outputs(self) -> None:
        self.generate()
        self.record()
        self.lesson.write_text(LESSON.rsplit("```rust\n", 1)[0], encoding="utf-8")
        self.generate()
        self.assertEqual(self.outputs(), ["output 1\n", "output 2\n"])

    def test_only_our_stale_notebooks_are_removed(self) -> None:
        self.generate()
        own = read_notebook(self.notebook)
        del own.metadata["gan_course"]
        (self.notebooks / "mine.ipynb").write_text(to_text(own), encoding="utf-8")
        (self.notebooks / "broken.ipynb").write_text("{", encoding="utf-8")
        self.lesson.rename(self.lessons / "01-two.md")
        self.assertIn("removed   00-two.ipynb", self.generate())
        self.assertEqual(
            sorted(path.name for path in self.notebooks.iterdir()),
            ["01-two.ipynb", "broken.ipynb", "mine.ipynb"],
        )

    def test_broken_lesson_changes_nothing(self) -> None:
        self.generate()
        before = self.notebook.read_bytes()
        self.lesson.write_text(LESSON.replace("let x = 1;", "let x = 2;"), encoding="utf-8")
        for broken, why in (
            (b"```rust\nlet y = 1;\n", "never closed"),
            (b"\xff\xfe", "not UTF-8"),
            (b"~~~rust\nlet y = 1;\n~~~\n", "became 0 code cells"),
        ):
            (self.lessons / "01-broken.md").write_bytes(broken)
            with self.assertRaisesRegex(Failure, why):
                self.generate()
            self.assertEqual(before, self.notebook.read_bytes())
            self.assertEqual([self.notebook], list(self.notebooks.iterdir()))

    def test_broken_notebook_is_named(self) -> None:
        self.generate()
        for broken in ("{", "[]", '{"cells": 3}', ""):
            self.notebook.write_text(broken, encoding="utf-8")
            with self.assertRaisesRegex(Failure, "00-two.ipynb is not a notebook"):
                self.generate()
            self.assertEqual(broken, self.notebook.read_text(encoding="utf-8"))

    def test_folder_without_lessons_removes_nothing(self) -> None:
        self.generate()
        self.lesson.unlink()
        with self.assertRaisesRegex(Failure, "no lesson"):
            self.generate()
        self.assertTrue(self.notebook.exists())

    def test_errors_are_one_line(self) -> None:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = notebooks.main(
                ["generate", "--from", str(self.lessons / "none"), "--to", str(self.notebooks)]
            )
        self.assertEqual(code, 1)
        self.assertEqual(said.getvalue().count("\n"), 1)
        # A file where the folder belongs (permission bits don't stop root).
        blocked = self.lessons.parent / "file"
        blocked.write_text("")
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = notebooks.main(
                ["generate", "--from", str(self.lessons), "--to", str(blocked / "notebooks")]
            )
        self.assertEqual((code, said.getvalue().count("\n")), (1, 1))

    def test_fences(self) -> None:
        text = "```rust\na\n```\n\n````markdown\n```rust\nb\n```\n````\n\n"
        text += "~~~\n```\n~~~\n\n- c\n  ```rust\n  ```\n"
        self.assertEqual([info for _, info, closed in fences(text) if closed], ["rust", "markdown", ""])
        notebook = convert(text, "00-x")
        self.assertEqual([cell.source for cell in code_cells(notebook)], ["a"])


class Run(unittest.TestCase):
    def test_what_counts_as_failure(self) -> None:
        out = new_output("stream", name="stdout", text="fine\n")
        self.assertIsNone(failure_of([out]))
        error = new_output("error", ename="Error", evalue="\x1b[31mmismatched types\x1b[0m", traceback=[])
        self.assertEqual(failure_of([out, error]), "failed: mismatched types")
        panic = "\nthread '<unnamed>' (7) panicked at src/lib.rs:97:1:\nboom\nstack backtrace:\n"
        self.assertEqual(failure_of([new_output("stream", name="stderr", text=panic)]), "panicked: boom")
        self.assertIn(
            "No such file", failure_of([new_output("stream", name="stderr", text="No such file\n")]) or ""
        )
        self.assertIn("empty line", failure_of([new_output("stream", name="stderr", text="\n")]) or "")

    def test_late_outputs_join_the_cell(self) -> None:
        def stream(name: str, text: str) -> NotebookNode:
            return new_output("stream", name=name, text=text)

        figure = new_output("display_data", data={"text/plain": "figure"})
        # The first line of a panic in time, its message and the cell's last line of stdout too late.
        outputs = [stream("stdout", "a\n"), stream("stderr", "\nthread panicked at"), figure]
        outputs += [stream("stderr", " src/lib.rs:97:1:\nboom\n"), stream("stdout", "b\n")]
        whole = joined(outputs)
        self.assertEqual(failure_of(whole), "panicked: boom")
        self.assertEqual([o.get("text", "figure") for o in whole][::2], ["a\nb\n", "figure"])

    def test_no_such_lesson(self) -> None:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = notebooks.main(["run", "--only", "99", "--scratch", "unused", "00-x.ipynb"])
        self.assertEqual((code, said.getvalue().count("\n")), (1, 1))


class Record(unittest.TestCase):
    def test_times(self) -> None:
        for text, expected in {
            "took 1.23 s": "took … s",
            "in 456 it/s, 1,234.5 steps/s": "in … it/s, … steps/s",
            "12 steps per second": "… steps per second",
            "1.5ms 3.4s 12µs": "…ms …s …µs",
            "1000 steps in 2 s.": "1000 steps in … s.",
            "step 900 of 2,000 · D 0.69 · 450 steps/s · 0:02 left\n"
            "step 2,000 of 2,000 · D 0.69 · 470 steps/s · done in 0:04\n": (
                "step 2,000 of 2,000 · D 0.69 · … steps/s · done in …\n"
            ),
            # Data, not times.
            "waiting 71 min, 4.5 minutes": "waiting 71 min, 4.5 minutes",
            "loss 0.70662 step 100": "loss 0.70662 step 100",
            "the 1s and 0s": "the 1s and 0s",
            "3 samples": "3 samples",
            "x1.5s v2.3.4s": "x1.5s v2.3.4s",
        }.items():
            self.assertEqual(normalise_text(text), expected)
            self.assertEqual(normalise_text(expected), expected)

    def test_image_data_are_left_alone(self) -> None:
        text = '<img src="data:image/png;base64,/5ms/9 s+3us/AA==" alt="5 ms">'
        self.assertEqual(
            normalise_text(text), '<img src="data:image/png;base64,/5ms/9 s+3us/AA==" alt="… ms">'
        )

    def notebook(self, *outputs: files.NotebookNode) -> files.NotebookNode:
        made = convert("```rust\nfigure()\n```\n", "00-x")
        code_cells(made)[0].outputs = list(outputs)
        return made

    def figure(self, html: str) -> files.NotebookNode:
        return new_output("execute_result", {"text/html": html}, execution_count=9)

    def test_figure_gets_png_and_text(self) -> None:
        html = f'<img alt="A &quot;red&quot; dot" src="data:image/png;base64,{png()}" width="640">'
        html = f"<figure>{html}<figcaption>A dot</figcaption></figure>"
        made = self.notebook(self.figure(html))
        normalise(made, "00-x", [])
        once = to_text(made)
        output = code_cells(made)[0].outputs[0]
        self.assertEqual(output.data, {"text/html": html, "image/png": png(), "text/plain": 'A "red" dot'})
        self.assertEqual(output.metadata, {"image/png": {"alt": 'A "red" dot', "width": 640}})
        self.assertEqual((output.execution_count, code_cells(made)[0].execution_count), (1, 1))
        normalise(made, "00-x", [])
        self.assertEqual(once, to_text(made))

    def test_bad_figures(self) -> None:
        source = f'src="data:image/png;base64,{png()}"'
        for html, why in (
            (f"<img {source}>", "without a text alternative"),
            (f'<img {source} alt=" ">', "without a text alternative"),
            ('<img src="figure.png" alt="a">', "not an embedded PNG"),
            ('<img src="data:image/png;base64,AAAA" alt="a">', "can't be decoded"),
        ):
            with self.assertRaisesRegex(Failure, why):
                normalise(self.notebook(self.figure(html)), "00-x", [])

    def test_paths_of_this_machine_are_refused(self) -> None:
        made = self.notebook(new_output("stream", name="stdout", text="saved in /home/someone/runs\n"))
        with self.assertRaisesRegex(Failure, "path of this machine"):
            normalise(made, "00-x", ["/home/someone"])


if __name__ == "__main__":
    unittest.main()
