"""Turns lessons (jupytext Markdown, one ```rust fence a cell) into notebooks.

The same input gives the same bytes: cell ids are hashes, no tool's version is written. Outputs recorded for
a cell whose source did not change are kept. A notebook whose lesson is gone is removed, if we made it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from files import KERNELSPEC, LANGUAGE_INFO, Failure, read_notebook, read_text, to_text, write_whole

MARKDOWN = {"extension": ".md", "format_name": "markdown", "split_at_heading": True}


def generate(source: Path, target: Path) -> None:
    """Writes every lesson of `source` as a notebook in `target`, and says what happened to each."""
    if not source.is_dir():
        raise Failure(f"no folder {source}: give --from the folder with the expanded lessons")
    lessons = sorted(source.glob("[0-9][0-9]-*.md"))
    if not lessons:
        raise Failure(f"no lesson NN-name.md in {source}: nothing was changed")
    target.mkdir(parents=True, exist_ok=True)
    # Everything is converted before anything is written: a broken lesson leaves all notebooks alone.
    made: list[tuple[Path, str, str]] = []
    for lesson in lessons:
        path = target / f"{lesson.stem}.ipynb"
        old = read_notebook(path) if path.exists() else None
        new = to_text(convert(read_text(lesson), lesson.stem, old))
        if old is None:
            word = "created"
        else:
            word = "unchanged" if read_text(path) == new else "updated"
        made.append((path, new, word))
    stale = [path for path in sorted(target.glob("*.ipynb"))
             if not (source / f"{path.stem}.md").exists() and is_ours(path)]
    for path, text, word in made:
        if word != "unchanged":
            write_whole(path, text)
        print(f"{word:9} {path.name}")
    for path in stale:
        path.unlink()
        print(f"removed   {path.name} (its lesson is gone)")


def is_ours(path: Path) -> bool:
    """Whether a lesson made this notebook: a person's own notebook is never removed."""
    try:
        return bool(read_notebook(path).metadata.get("gan_course", {}).get("lesson"))
    except Failure:
        return False


def convert(markdown: str, lesson: str, old: NotebookNode | None = None) -> NotebookNode:
    """The notebook of one lesson, with the outputs that `old` has recorded for unchanged cells."""
    body = without_header(markdown)
    fenced = fences(body)
    if unclosed := [line for line, _, closed in fenced if not closed]:
        raise Failure(f"{lesson}: the code fence at line {unclosed[0]} below the header is never closed: close it")
    header = "---\njupyter:\n  kernelspec:\n" + "".join(f"    {k}: {v}\n" for k, v in KERNELSPEC.items()) + "---\n\n"
    notebook = jupytext.reads(header + hide_other_languages(body), fmt=MARKDOWN)

    cells = []
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        source = show_other_languages(cell.source) if cell.cell_type == "markdown" else cell.source
        # Only what we understand: jupytext's layout hints (lines_to_next_cell) depend on its version.
        metadata = {"tags": list(cell.metadata["tags"])} if cell.metadata.get("tags") else {}
        key = f"{lesson}\n{cell.cell_type}\n{source}"
        fresh = {"cell_type": cell.cell_type, "id": cell_id(key, seen[key]), "metadata": metadata, "source": source}
        seen[key] += 1
        if cell.cell_type == "code":
            fresh |= {"execution_count": None, "outputs": []}
        cells.append(NotebookNode(fresh))

    code = [cell for cell in cells if cell.cell_type == "code"]
    wanted = sum(1 for _, info, _ in fenced if is_cell(info))
    if len(code) != wanted:
        raise Failure(f"{lesson}: {wanted} ```rust fences became {len(code)} code cells: "
                      "start each fence at the line's beginning, with three backticks")
    if old is not None:
        keep_outputs(code, [cell for cell in old.cells if cell.cell_type == "code"])
    return nbformat.from_dict({
        "cells": cells,
        "metadata": {"gan_course": {"lesson": lesson}, "kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO},
        "nbformat": 4,
        "nbformat_minor": 5,
    })


def keep_outputs(cells: list[NotebookNode], old: list[NotebookNode]) -> None:
    """Moves outputs from `old` to the cells with the same source (the n-th of equals to the n-th)."""
    recorded: dict[tuple[str, int], NotebookNode] = {}
    for (key, cell) in numbered(old):
        recorded[key] = cell
    for (key, cell) in numbered(cells):
        if key in recorded:
            cell.outputs = recorded[key].outputs
            cell.execution_count = recorded[key].execution_count


def numbered(cells: list[NotebookNode]) -> Iterator[tuple[tuple[str, int], NotebookNode]]:
    """Each cell with its source and how many cells before it have the same source."""
    seen: Counter[str] = Counter()
    for cell in cells:
        yield (cell.source, seen[cell.source]), cell
        seen[cell.source] += 1


def cell_id(key: str, occurrence: int) -> str:
    """Stable across runs and machines, different for equal cells."""
    return hashlib.sha256(f"{key}\n{occurrence}".encode()).hexdigest()[:12]


def without_header(markdown: str) -> str:
    """The lesson after its YAML header, which is for us and not for the reader."""
    return re.sub(r"\A---\n.*?\n---\n+", "", markdown, count=1, flags=re.DOTALL)


FENCE = re.compile(r"^(`{3,}|~{3,})\s*([^`\n]*?)\s*$")


def fences(markdown: str) -> list[tuple[int, str, bool]]:
    """(line, info string, closed) of each fence that starts a line; fences inside a fence don't count."""
    found: list[tuple[int, str, bool]] = []
    mark = ""
    for number, line in enumerate(markdown.split("\n"), start=1):
        match = FENCE.match(line)
        if match is None:
            continue
        if not mark:
            mark = match[1]
            found.append((number, match[2], False))
        elif match[1].startswith(mark) and not match[2]:
            mark = ""
            found[-1] = (*found[-1][:2], True)
    return found


def is_cell(info: str) -> bool:
    """A ```rust fence is a cell; ```rust,ignore or ```text is not."""
    return info.split(maxsplit=1)[:1] == ["rust"]


NOT_A_CELL = " .noeval"  # jupytext's word for "leave this fence in the text"


def hide_other_languages(markdown: str) -> str:
    """jupytext would make ```bash or ```python a code cell with a magic that our kernel doesn't have."""
    lines = markdown.split("\n")
    for number, info, _ in fences(markdown):
        if info and not is_cell(info):
            lines[number - 1] += NOT_A_CELL
    return "\n".join(lines)


def show_other_languages(source: str) -> str:
    """Undoes `hide_other_languages`."""
    return re.sub(rf"^((?:`{{3,}}|~{{3,}}).*){re.escape(NOT_A_CELL)}$", r"\1", source, flags=re.MULTILINE)
