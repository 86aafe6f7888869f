"""Drives one Jupyter kernel, for the kill test and the benchmark: start, run a cell, end; its processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

COURSE = "gan-course"
START_SECONDS = 300  # plain evcxr builds everything first
CELL_SECONDS = 300
SHUTDOWN_SECONDS = 15  # Jupyter waits for five
LATE_SECONDS = 5  # evcxr may send what a cell printed after it has reported the cell as done


class Failure(Exception):
    """One line: what went wrong, and in which kernel."""


@dataclass
class Answer:
    """What a cell gave."""

    stdout: str
    errors: str
    first_output: float  # seconds since the cell was sent; NaN when it printed nothing
    seconds: float


class Kernel:
    """A kernel that was just started; not ready before `wait_ready`."""

    def __init__(
        self,
        folder: Path,
        name: str = COURSE,
        specs: Path | None = None,
        environment: dict[str, str] | None = None,
        quiet: bool = True,
    ) -> None:
        self.manager = KernelManager(kernel_name=name)
        if specs is not None:
            self.manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[str(specs)])
        self.ended = False
        self.started = time.monotonic()
        with open(os.devnull, "wb") as nowhere:
            out: dict[str, Any] = {"stdout": nowhere, "stderr": nowhere} if quiet else {}
            self.manager.start_kernel(cwd=str(folder), env=environment or dict(os.environ), **out)
        client = self.manager.client()
        assert isinstance(client, BlockingKernelClient)
        self.client = client
        self.client.start_channels()

    @property
    def pid(self) -> int:
        """The process that the kernelspec starts: for the course's kernel, its launcher."""
        return int(self.manager.provisioner.pid)  # type: ignore[union-attr,attr-defined]

    def age(self) -> float:
        """Seconds since its process was started."""
        return time.monotonic() - self.started

    def wait_ready(self) -> None:
        try:
            self.client.wait_for_ready(timeout=START_SECONDS)
        except RuntimeError as error:
            raise Failure(f"kernel {self.pid} did not start: {error}") from None

    def send(self, code: str) -> None:
        """Starts a cell and does not wait for it."""
        self.client.execute(code)

    def run(self, code: str, output: str | None = None) -> Answer:
        """Runs a cell to its end; listens a little longer for the output that it should print."""
        texts = {"stdout": "", "stderr": ""}
        errors: list[str] = []
        first: list[float] = []
        sent = time.monotonic()

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                texts[content["name"]] += content["text"]
                first.append(time.monotonic() - sent)
            elif message["msg_type"] == "error":
                errors.append(content["evalue"])

        try:
            self.client.execute_interactive(code, timeout=CELL_SECONDS, output_hook=hear)
        except TimeoutError:
            raise Failure(f"a cell was not done after {CELL_SECONDS} s: {code}") from None
        seconds = time.monotonic() - sent
        if output is not None:
            self.hear_late(hear, lambda: errors or texts["stderr"] or texts["stdout"].strip() == output)
        return Answer(
            texts["stdout"],
            "\n".join([*errors, texts["stderr"]]).strip(),
            first[0] if first else float("nan"),
            seconds,
        )

    def hear_late(self, hear: Callable[[dict[str, Any]], None], done: Callable[[], object]) -> None:
        deadline = time.monotonic() + LATE_SECONDS
        while not done() and (left := deadline - time.monotonic()) > 0:
            try:
                hear(self.client.get_iopub_msg(timeout=left))
            except Empty:
                return

    def expect(self, code: str, output: str) -> Answer:
        """Runs a cell that must print `output` and nothing else."""
        answer = self.run(code, output)
        if answer.errors or answer.stdout.strip() != output:
            said = (answer.errors or answer.stdout).strip().split("\n", 1)[0]
            raise Failure(f"`{code}` in kernel {self.pid} should print {output!r}, not {said!r}")
        return answer

    def shut_down(self) -> bool:
        """The clean way, as Jupyter has it: a shutdown message, after which the process ends by itself; else SIGTERM.

        Whether the message was enough. evcxr 0.22 ends at it nearly always, but not always.
        """
        self.client.shutdown()
        try:
            self.wait_end(SHUTDOWN_SECONDS, "a shutdown message")
        except Failure:
            self.signal(signal.SIGTERM)
            self.wait_end(30, "a shutdown message and SIGTERM")
            return False
        return True

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait_end(self, seconds: float, reason: str) -> None:
        deadline = time.monotonic() + seconds
        while self.manager.is_alive():
            if time.monotonic() > deadline:
                raise Failure(f"kernel {self.pid} still runs {seconds:.0f} s after {reason}")
            time.sleep(0.1)
        self.ended = True
        self.client.stop_channels()
        self.manager.cleanup_resources()

    def discard(self) -> None:
        """After a failure: nothing of this kernel stays."""
        if not self.ended:
            self.signal(signal.SIGTERM)
            self.wait_end(30, "SIGTERM")


def kernel_processes(kernels: Path) -> dict[int, Path]:
    """Every process that works in a kernel's own copy of the template: its id and that copy."""
    found: dict[int, Path] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue  # it ended, or it is another user's
        for variable in environment.split(b"\0"):
            if variable.startswith(b"EVCXR_TMPDIR="):
                copy = Path(os.fsdecode(variable.split(b"=", 1)[1]))
                if kernels in copy.parents:
                    found[int(entry.name)] = copy
    return found


def parent_of(pid: int) -> int | None:
    try:
        # The name in parentheses may hold spaces; the state and the parent come after it.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None
