"""Reading and writing notebooks, and the error that a person sees."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

KERNEL = "gan-course"
KERNELSPEC = {"display_name": "GAN course (Rust)", "language": "rust", "name": KERNEL}
# What evcxr 0.22 answers to kernel_info, less its empty version: Lab writes the same when it saves.
LANGUAGE_INFO = {
    "codemirror_mode": "rust",
    "file_extension": ".rs",
    "mimetype": "text/rust",
    "name": "Rust",
    "pygment_lexer": "rust",
}


class Failure(Exception):
    """One line for the person: what failed, why, what to do next."""


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Failure(f"{path.name} is not UTF-8: save it as UTF-8") from None


def read_notebook(path: Path) -> NotebookNode:
    try:
        notebook = nbformat.reads(read_text(path), as_version=4)
        nbformat.validate(notebook)
    except OSError as error:
        raise Failure(f"can't read {path}: {error.strerror}") from None
    except Exception as error:  # nbformat raises many kinds, ValueError and its own
        raise Failure(f"{path.name} is not a notebook ({first_line(str(error))}): "
                      "restore it with git, or delete it and run `cargo course notebooks`") from None
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """JSON with sorted keys, one space and a newline at the end, as Lab itself saves."""
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


def write_whole(path: Path, text: str) -> None:
    """Writes all or nothing: a full disk or a Ctrl-C leaves the old file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o644)  # mkstemp's 0600 would show as a mode nobody chose
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def strip_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
