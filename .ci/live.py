"""The course's kernel as a learner has it while something trains: what moves, what an interrupt keeps, what fails.

    .lab/python/bin/python .ci/live.py

Drives the real kernel through jupyter_client and nbclient: updates a second while a cell trains, what a saved
notebook holds of it, the two kinds of interrupt, cells that fail, questions to the user, two frontends and one that
never reads, restart, shutdown, and a launcher that is killed.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

import nbclient
import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from kernels import COURSE, Failure, Kernel

GAN = "use gan_course::lessons::gan::{Gan, GanConfig};"
NEW = "let mut gan: Gan = Gan::new(GanConfig::default())?;"
ENDLESS = "gan.train(100_000_000)?;"
UPDATES_A_SECOND = 5.0  # what the course promises

Message = dict[str, Any]


class Cell:
    """What came of a cell, with the time of each message since it was sent."""

    def __init__(self, client: BlockingKernelClient, code: str, stop: bool = True) -> None:
        self.client = client
        self.sent = time.monotonic()
        self.id = client.execute(code, stop_on_error=stop)
        self.messages: list[tuple[float, Message]] = []

    def next(self, seconds: float) -> Message | None:
        """The next message of this cell."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self.client.get_iopub_msg(timeout=left)
            except Empty:
                return None
            if message["parent_header"].get("msg_id") == self.id:
                self.messages.append((time.monotonic() - self.sent, message))
                return message
        return None

    def until(self, done: Callable[[Message], bool], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = self.next(left)
            if message is not None and done(message):
                return
        raise Failure(f"no {what} within {seconds:.0f} s")

    def end(self, seconds: float = 60) -> Message:
        """Waits for the cell's end; the reply's content."""
        self.until(
            lambda m: m["msg_type"] == "status" and m["content"]["execution_state"] == "idle",
            "end of the cell",
            seconds,
        )
        while True:
            reply = self.client.get_shell_msg(timeout=10)
            if reply["parent_header"].get("msg_id") == self.id:
                return reply["content"]

    def of(self, *kinds: str) -> list[tuple[float, Message]]:
        return [(when, m) for when, m in self.messages if m["msg_type"] in kinds]

    def text(self, name: str) -> str:
        return "".join(m["content"]["text"] for _, m in self.of("stream") if m["content"]["name"] == name)


def need(condition: object, what: str) -> None:
    if not condition:
        raise Failure(what)


def ok(kernel: Kernel, code: str, output: str | None = None) -> Cell:
    cell = Cell(kernel.client, code)
    reply = cell.end(120)
    need(reply["status"] == "ok", f"`{code}` gave {reply}")
    if output is not None:
        said = cell.text("stdout").strip()
        need(said == output, f"`{code}` printed {said!r}, not {output!r}")
    return cell


def shows(message: Message) -> bool:
    return message["msg_type"] == "display_data"


def updates(kernel: Kernel) -> None:
    ok(kernel, GAN)
    ok(kernel, NEW)
    cell = ok(kernel, 'println!("before"); gan.train(20_000)?; println!("after {}", gan.steps());')
    shown = cell.of("display_data", "update_display_data")
    need(len(cell.of("display_data")) >= 2, "training showed less than a bar and curves")
    seconds = shown[-1][0] - shown[0][0]
    rate = len(shown) / seconds
    need(rate >= UPDATES_A_SECOND, f"{rate:.1f} updates a second in {seconds:.1f} s of training")
    last: dict[str, Message] = {}
    for _, message in shown:
        last[message["content"]["transient"]["display_id"]] = message["content"]["data"]
    bar = next(data["text/plain"] for data in last.values() if "step " in data["text/plain"])
    need("step 20,000 of 20,000" in bar and "100 %" in bar, f"the bar ends at {bar!r}")
    kinds = [m["msg_type"] for _, m in cell.messages]
    need(
        len(kinds) - 1 - kinds[::-1].index("update_display_data") < len(kinds) - 1 - kinds[::-1].index("stream"),
        "what was shown came after what was printed behind it",
    )
    print(f"{rate:.1f} updates a second for {seconds:.1f} s")


def saved(folder: Path) -> None:
    cells = [new_code_cell(code) for code in (GAN, NEW, "gan.train(6_000)?;")]
    notebook = new_notebook(cells=cells)
    client = nbclient.NotebookClient(
        notebook, kernel_name=COURSE, resources={"metadata": {"path": str(folder)}}, timeout=120
    )
    client.execute()
    outputs = notebook.cells[2].outputs
    need(all(o.output_type == "display_data" for o in outputs), f"outputs are {[o.output_type for o in outputs]}")
    need(1 <= len(outputs) <= 3, f"the notebook holds {len(outputs)} outputs of one training")
    images = 0
    for output in outputs:
        html = output.data["text/html"]
        need(output.data["text/plain"].strip(), "an output without a text alternative")
        for alt, data in re.findall(r'<img alt="([^"]+)".*?base64,([^"]+)"', html):
            need(base64.b64decode(data).startswith(b"\x89PNG"), "a picture that is no PNG")
            need(re.search("6,?000", html) and alt.strip(), "the picture is not of the last step, or says nothing")
            need(len(data) * 3 // 4 <= 80_000, f"a picture of {len(data) * 3 // 4} bytes")
            images += 1
    need(images, "no picture in the saved notebook")
    print(f"saved: {len(outputs)} outputs, {images} PNG with words")


def interrupts(kernel: Kernel) -> None:
    ok(kernel, NEW)
    cell = Cell(kernel.client, ENDLESS + ' println!("the cell goes on");')
    cell.until(shows, "display")
    time.sleep(0.5)
    kernel.manager.interrupt_kernel()
    reply = cell.end(10)
    need(reply["status"] == "ok", f"after a gentle interrupt the cell gave {reply}")
    need("the cell goes on" in cell.text("stdout"), "the cell did not go on")
    said = " ".join(m["content"]["data"]["text/plain"] for _, m in cell.of("display_data"))
    need("Interrupted after step" in said and "Go on with train(" in said, "the interrupt was not explained")
    ok(kernel, 'let here: u64 = gan.steps(); println!("{}", here > 0);', "true")
    ok(kernel, 'gan.train(10)?; println!("{}", gan.steps() == here + 10);', "true")
    # The second interrupt of a cell is the hard one: here a cell that trains and then hangs.
    cell = Cell(kernel.client, ENDLESS + " std::thread::sleep(std::time::Duration::from_secs(600));")
    cell.until(shows, "display")
    kernel.manager.interrupt_kernel()
    cell.until(
        lambda m: "Interrupted" in str(m["content"].get("data", {}).get("text/plain")), "explanation", 10
    )
    kernel.manager.interrupt_kernel()
    reply = cell.end(10)
    need(reply["status"] == "error" and reply["evalue"], f"after a second interrupt the cell gave {reply}")
    need(Cell(kernel.client, 'println!("{}", gan.steps());').end()["status"] == "error", "variables outlived it")
    ok(kernel, 'println!("{}", 1);', "1")


def failures(kernel: Kernel, folder: Path) -> None:
    ok(kernel, "let kept: i32 = 7;")
    for code, name, value in (
        ('panic!("boom {}", kept);', "Panic", "boom 7"),
        ('"x".parse::<i32>()?;', "Error", "invalid digit found in string"),
        ('Err::<(), _>(gan_course::Error::new("fly").next("walk"))?;', "Error", "cannot fly. Next: walk"),
        ('let wrong: i32 = "text";', "Error", "mismatched types"),
    ):
        cell = Cell(kernel.client, code)
        reply = cell.end()
        need(reply["status"] == "error", f"`{code}` gave {reply}")
        error = cell.of("error")[0][1]["content"]
        need((error["ename"], error["evalue"]) == (name, value), f"`{code}` gave {error}")
        need((reply["ename"], reply["evalue"]) == (name, value), f"`{code}` replied {reply}")
        need(not cell.text("stderr"), f"`{code}` also wrote {cell.text('stderr')!r} to stderr")
    cell = ok(kernel, 'eprintln!("{}", kept); eprintln!("note"); println!("{kept}");', "7")
    deadline = time.monotonic() + 2
    while cell.text("stderr") != "7\nnote\n" and (left := deadline - time.monotonic()) > 0:
        cell.next(left)  # evcxr may send it late
    need(cell.text("stderr") == "7\nnote\n", f"stderr was {cell.text('stderr')!r}")
    caught = "let ended: bool = std::panic::catch_unwind(|| panic!(\"caught\")).is_err();"
    ok(kernel, caught)
    ok(kernel, 'println!("{ended}");', "true")
    # Cells that wait behind one that failed don't run.
    first = Cell(kernel.client, 'std::thread::sleep(std::time::Duration::from_secs(1)); panic!("first");')
    second = Cell(kernel.client, 'println!("second");')
    need(first.end()["status"] == "error", "the first cell did not fail")
    need(second.end()["status"] == "aborted", "the cell behind it ran")
    notebook = new_notebook(cells=[new_code_cell('panic!("stop here");'), new_code_cell("1")])
    try:
        nbclient.NotebookClient(
            notebook, kernel_name=COURSE, resources={"metadata": {"path": str(folder)}}
        ).execute()
    except CellExecutionError as error:
        need("stop here" in str(error), f"nbclient said {error}")
    else:
        raise Failure("nbclient went on behind a panic")


def questions(kernel: Kernel) -> None:
    # What the crate `evcxr_input` does, without the crate.
    code = """println!("EVCXR_INPUT_REQUEST:Name? ");
let mut line: String = String::new();
std::io::stdin().read_line(&mut line)?;
println!("Hello, {}", line.trim());"""
    kernel.client.allow_stdin = True
    cell = Cell(kernel.client, code)
    asked = kernel.client.get_stdin_msg(timeout=60)
    need(asked["content"]["prompt"].strip() == "Name?", f"asked {asked['content']}")
    kernel.client.input("Ada")
    need(cell.end()["status"] == "ok" and cell.text("stdout") == "Hello, Ada\n", f"it said {cell.text('stdout')!r}")


def frontends(kernel: Kernel) -> None:
    # With a session of its own, as another window has it.
    other = BlockingKernelClient(connection_file=kernel.manager.connection_file)
    other.load_connection_file()
    other.start_channels()
    other.wait_for_ready(timeout=60)
    address = f"tcp://{kernel.manager.ip}:{kernel.manager.iopub_port}"
    context = zmq.Context()
    sleeper = context.socket(zmq.SUB)  # subscribes and never reads
    sleeper.rcvhwm = 1
    sleeper.connect(address)
    sleeper.subscribe(b"")
    time.sleep(0.3)
    ok(kernel, NEW)
    cell = ok(kernel, 'gan.train(4_000)?; println!("both");')
    theirs = []
    while not theirs or theirs[-1]["content"].get("execution_state") != "idle":
        message = other.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") == cell.id:
            theirs.append(message)
    ours = [m["header"]["msg_id"] for _, m in cell.messages if m["msg_type"] != "update_display_data"]
    need(
        ours == [m["header"]["msg_id"] for m in theirs if m["msg_type"] != "update_display_data"],
        "two frontends heard different things",
    )
    reply = Cell(other, 'println!("{}", gan.steps());').end()
    need(reply["status"] == "ok", "the second frontend can't run a cell")
    sleeper.close(linger=0)
    context.term()
    other.stop_channels()


def ends(kernel: Kernel) -> None:
    kernel.manager.restart_kernel(now=False)
    kernel.client.stop_channels()
    kernel.client = kernel.manager.client()  # type: ignore[assignment]
    kernel.client.start_channels()
    kernel.wait_ready()
    need(Cell(kernel.client, 'println!("{}", gan.steps());').end()["status"] == "error", "variables outlived it")
    ok(kernel, 'println!("restarted");', "restarted")
    # The go-between killed: the kernel is dead for Jupyter, and can be started again.
    os.kill(kernel.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while kernel.manager.is_alive():
        need(time.monotonic() < deadline, "Jupyter does not see that the kernel died")
        time.sleep(0.1)
    kernel.manager.restart_kernel(now=True)
    kernel.client.stop_channels()
    kernel.client = kernel.manager.client()  # type: ignore[assignment]
    kernel.client.start_channels()
    kernel.wait_ready()
    ok(kernel, 'println!("again");', "again")
    # A shutdown while a cell runs, which evcxr alone would not hear.
    Cell(kernel.client, "std::thread::sleep(std::time::Duration::from_secs(600));")
    time.sleep(2)
    started = time.monotonic()
    need(kernel.shut_down(), "a shutdown message in the middle of a cell did not end the kernel")
    print(f"shut down in a cell within {time.monotonic() - started:.1f} s")


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # What is trained here stays here.
        os.environ["GAN_COURSE_RUNS"] = str(folder / "runs")
        kernel = Kernel(folder, quiet=False)  # a restart writes where the start did
        try:
            kernel.wait_ready()
            for step, play in (
                ("updates", lambda: updates(kernel)),
                ("saved by nbclient", lambda: saved(folder)),
                ("interrupts", lambda: interrupts(kernel)),
                ("failures", lambda: failures(kernel, folder)),
                ("questions", lambda: questions(kernel)),
                ("frontends", lambda: frontends(kernel)),
                ("restart, kill, shutdown", lambda: ends(kernel)),
            ):
                started = time.monotonic()
                try:
                    play()
                except (Failure, Empty) as error:
                    print(f"live: {step}: {error or 'a message did not come'}", file=sys.stderr)
                    return 1
                print(f"{time.monotonic() - started:5.1f} s  {step}", flush=True)
        finally:
            kernel.discard()
    return 0


if __name__ == "__main__":
    sys.exit(main())
