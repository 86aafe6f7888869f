"""Executes notebooks through the real kernel, and finds the cells that fail.

evcxr reports a panic and a failing `?` as *ok* and only prints to stderr; so whatever a cell prints to stderr is
a failure. What a cell prints, to stdout too, may come after evcxr has reported it as done; so we listen a little
longer than nbclient does.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from queue import Empty

import nbclient
import nbclient.exceptions
from jupyter_client.kernelspec import NoSuchKernel
from nbformat import NotebookNode

from files import KERNEL, Failure, first_line, read_notebook, read_text, strip_colours, to_text, write_whole
from record import normalise

STARTUP_SECONDS = 900  # the first start may build the kernel's template
CELL_SECONDS = 600
LATE_SECONDS = 0.3  # measured: the rest of a panic comes up to 0.1 s after the cell is idle


def run(paths: list[Path], scratch: Path, record: bool, only: str | None) -> None:
    """Executes the notebooks one after the other; raises Failure at the first bad cell."""
    if only is not None:
        paths = [path for path in paths if path.name.startswith(f"{only}-")]
    if not paths:
        raise Failure(
            "no notebook to run: the lessons are numbered like the files in notebooks/ (00, 01, ...)"
        )
    scratch.mkdir(parents=True, exist_ok=True)
    for path in paths:
        notebook = read_notebook(path)
        started = time.monotonic()
        try:
            asyncio.run(execute(notebook, path.stem, scratch))
        except NoSuchKernel:
            raise Failure(
                f"{path.stem}: this environment has no kernel {KERNEL}: "
                "run `cargo course setup`, then try again"
            ) from None
        count = sum(1 for cell in notebook.cells if cell.cell_type == "code")
        print(f"{path.stem}: {count} cells ran in {time.monotonic() - started:.1f} s", flush=True)
        if record:
            normalise(notebook, path.stem, forbidden=[str(scratch.resolve()), str(Path.home())])
            text = to_text(notebook)
            if text == read_text(path):
                print(f"{path.stem}: recorded outputs unchanged")
            else:
                write_whole(path, text)
                print(f"{path.stem}: outputs recorded")


async def execute(notebook: NotebookNode, lesson: str, scratch: Path) -> None:
    """Runs every code cell in order in a fresh kernel, and says how long each took."""
    client = nbclient.NotebookClient(
        notebook,
        kernel_name=KERNEL,
        timeout=CELL_SECONDS,
        startup_timeout=STARTUP_SECONDS,
        allow_errors=True,
        coalesce_streams=True,
        resources={"metadata": {"path": str(scratch)}},
    )
    code = [(index, cell) for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    started = time.monotonic()
    try:
        async with client.async_setup_kernel():
            print(f"{lesson}: kernel ready, {time.monotonic() - started:.1f} s", flush=True)
            for number, (index, cell) in enumerate(code, start=1):
                started = time.monotonic()
                await client.async_execute_cell(cell, index, execution_count=number)
                seconds = time.monotonic() - started
                await late_outputs(client, cell, index)
                error = failure_of(cell.outputs)
                if error is not None:
                    raise Failure(
                        f"{lesson}: cell {number} of {len(code)} (`{first_line(cell.source)}`) {error}: "
                        f"correct it in lessons/{lesson}.md"
                    )
                print(f"{lesson}: cell {number} of {len(code)}, {seconds:.2f} s", flush=True)
    except nbclient.exceptions.CellTimeoutError:
        raise Failure(
            f"{lesson}: cell {number} of {len(code)} (`{first_line(cell.source)}`) was not done after "
            f"{CELL_SECONDS} s: make it shorter in lessons/{lesson}.md"
        ) from None
    except (nbclient.exceptions.DeadKernelError, RuntimeError) as error:
        where = f"in cell {number} of {len(code)}" if "number" in locals() else "while it started"
        raise Failure(
            f"{lesson}: the kernel died {where} ({first_line(str(error))}): run `cargo course doctor`"
        ) from None


async def late_outputs(client: nbclient.NotebookClient, cell: NotebookNode, index: int) -> None:
    """Adds to a cell's outputs what evcxr still sends after it has reported the cell as done."""
    deadline = time.monotonic() + LATE_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        try:
            message = await client.kc.get_iopub_msg(timeout=left)
        except Empty:
            break
        if message["msg_type"] != "status":
            client.process_message(message, cell, index)
    cell.outputs = joined(cell.outputs)


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs, each stream's texts in one, at the place of its first: how they were cut was chance."""
    streams: dict[str, NotebookNode] = {}
    kept = []
    for output in outputs:
        if output.output_type == "stream" and output.name in streams:
            streams[output.name].text += output.text
            continue
        if output.output_type == "stream":
            streams[output.name] = output
        kept.append(output)
    return kept


def failure_of(outputs: list[NotebookNode]) -> str | None:
    """Why a cell failed, in a few words, or None."""
    for output in outputs:
        if output.output_type == "error":
            return f"failed: {first_line(strip_colours(output.evalue)) or output.ename}"
    stderr = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stderr")
    if not stderr:
        return None
    lines = [line.strip() for line in strip_colours(stderr).splitlines() if line.strip()]
    for index, line in enumerate(lines):
        if "panicked at" in line:
            reason = lines[index + 1] if index + 1 < len(lines) else "no message"
            return f"panicked: {reason}"
    return f"wrote to stderr (a failing `?` does): {lines[0] if lines else 'an empty line'}"
