"""Twenty starts and kills of the course's kernel, and then one more, which must find everything in order.

    .lab/python/bin/python .ci/kernel_kills.py

Kernels are ended in every way that happens to a learner: shut down, terminated, the launcher killed, killed
while it starts, evcxr killed, killed in the middle of a cell; in eight starts two kernels run at once, and
what happens to one must not disturb the other. Then one more kernel must start and show that tensors made in
different cells have different ids and right gradients (cells are shared libraries: linked statically, each
would count its tensors from the same number). After its shutdown no copy of the template and no process may
be left, and every file of the template must be as before.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kernels import Failure, Kernel, kernel_processes, parent_of

ROOT = Path(__file__).resolve().parent.parent

CRATE_CALL = 'println!("{:.5}", gan_course::loss::binary_cross_entropy(0.0, 1.0));'
CRATE_SAYS = "0.69315"
LONG_CELL = "std::thread::sleep(std::time::Duration::from_secs(120));"

TENSORS = (
    ("use gan_course::dfdx::prelude::*; let dev: Cpu = Cpu::default();", ""),
    ("let x: Tensor<Rank1<3>, f32, Cpu> = dev.tensor([1.0, 2.0, 3.0]);", ""),
    ("let y: Tensor<Rank1<3>, f32, Cpu> = dev.tensor([4.0, 5.0, 6.0]);", ""),
    # Ids are private, but a tensor prints its own.
    (
        r"""fn id(text: String) -> String {
        text.split("UniqueId(").nth(1).unwrap().split(')').next().unwrap().into()
    }
    println!("{}", id(format!("{x:?}")) != id(format!("{y:?}")));""",
        "true",
    ),
    (
        "{ let g = (x.leaky_trace() * y.clone()).sum::<Rank0, _>().backward(); "
        'println!("{:?} {:?}", g.get(&x).array(), g.get(&y).array()); }',
        "[4.0, 5.0, 6.0] [1.0, 2.0, 3.0]",
    ),
)


class Test:
    """One run of the test on one checkout."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.kernels = checkout / ".lab" / "kernels"
        self.template = checkout / ".lab" / "template"
        self.folder = folder
        self.open: list[Kernel] = []
        self.starts = 0
        self.shutdowns = 0
        self.deaf = 0  # shutdown messages that no kernel obeyed

    # Starts

    def start(self, ready: bool = True) -> Kernel:
        kernel = Kernel(self.folder)
        self.open.append(kernel)
        self.starts += 1
        if ready:
            kernel.wait_ready()
        return kernel

    def call(self, kernel: Kernel) -> None:
        kernel.expect(CRATE_CALL, CRATE_SAYS)

    def evcxr_of(self, kernel: Kernel) -> tuple[int, Path]:
        """The process id of the launcher's child, and the copy it works in."""
        for pid, copy in kernel_processes(self.kernels).items():
            if parent_of(pid) == kernel.pid:
                return pid, copy
        raise Failure(f"launcher {kernel.pid} has no child with its own copy in {self.kernels.name}/")

    # Ways to end a kernel. Those that leave the launcher time to tidy up must leave no copy.

    def shut_down(self, kernel: Kernel) -> None:
        copy = self.evcxr_of(kernel)[1]
        self.shutdowns += 1
        if not kernel.shut_down():
            self.deaf += 1
            print(f"kernel {kernel.pid} did not end at the shutdown message, but at SIGTERM", flush=True)
        self.gone(copy, "a shutdown")

    def terminate(self, kernel: Kernel) -> None:
        copy = self.evcxr_of(kernel)[1]
        kernel.signal(signal.SIGTERM)
        kernel.wait_end(30, "SIGTERM")
        self.gone(copy, "SIGTERM")

    def kill_evcxr(self, kernel: Kernel) -> None:
        pid, copy = self.evcxr_of(kernel)
        os.kill(pid, signal.SIGKILL)
        kernel.wait_end(30, "evcxr was killed")
        self.gone(copy, "evcxr was killed")

    def kill_launcher(self, kernel: Kernel) -> None:
        kernel.signal(signal.SIGKILL)
        kernel.wait_end(10, "SIGKILL")

    def kill_in_cell(self, kernel: Kernel) -> None:
        kernel.send(LONG_CELL)
        time.sleep(2)
        self.kill_launcher(kernel)

    def terminate_in_cell(self, kernel: Kernel) -> None:
        kernel.send(LONG_CELL)
        time.sleep(2)
        self.terminate(kernel)

    def gone(self, copy: Path, reason: str) -> None:
        left = [path.name for path in (copy, copy.with_name(f"{copy.name}.lock")) if path.exists()]
        if left:
            raise Failure(f"after {reason} the launcher left {', '.join(left)} in .lab/kernels")
        pids = [pid for pid, other in kernel_processes(self.kernels).items() if other == copy]
        if pids:
            raise Failure(f"after {reason} process {pids[0]} still works in .lab/kernels/{copy.name}")

    # The rounds

    def one(self, end: Callable[[Kernel], None]) -> None:
        kernel = self.start()
        self.call(kernel)
        end(kernel)

    def while_starting(self, delay: float) -> None:
        kernel = self.start(ready=False)
        time.sleep(delay)
        self.kill_launcher(kernel)

    def two(self, first_end: Callable[[Kernel], None], second_end: Callable[[Kernel], None]) -> None:
        first, second = self.start(ready=False), self.start(ready=False)
        first.wait_ready()
        second.wait_ready()
        if self.evcxr_of(first)[1] == self.evcxr_of(second)[1]:
            raise Failure("two kernels at once share one copy of the template")
        first.expect('let mine = 1; println!("{mine}");', "1")
        second.expect('let mine = 2; println!("{mine}");', "2")
        self.call(first)
        self.call(second)
        first_end(first)
        self.call(second)
        second.expect('println!("{mine}");', "2")
        second_end(second)

    def last(self) -> None:
        kernel = self.start()
        self.call(kernel)
        for code, output in TENSORS:
            kernel.expect(code, output)
        self.shut_down(kernel)
        left = sorted(path.name for path in self.kernels.iterdir())
        if left:
            raise Failure(f"the last kernel left stray copies in .lab/kernels: {', '.join(left)}")
        if processes := kernel_processes(self.kernels):
            raise Failure(f"orphan processes after the last shutdown: {', '.join(map(str, processes))}")

    def run(self) -> None:
        if not self.template.is_dir():
            raise Failure("the kernel has no template in .lab/template: run `cargo course setup`")
        if kernel_processes(self.kernels):
            raise Failure("a kernel of this checkout runs already: close its notebooks, then try again")
        before = hashes(self.template)
        rounds: list[tuple[str, Callable[[], None]]] = [
            ("shut down", lambda: self.one(self.shut_down)),
            ("launcher killed", lambda: self.one(self.kill_launcher)),
            ("killed 0.1 s into its start", lambda: self.while_starting(0.1)),
            ("terminated", lambda: self.one(self.terminate)),
            ("killed 0.6 s into its start", lambda: self.while_starting(0.6)),
            ("evcxr killed", lambda: self.one(self.kill_evcxr)),
            ("killed in a cell", lambda: self.one(self.kill_in_cell)),
            ("killed 1.5 s into its start", lambda: self.while_starting(1.5)),
            ("terminated in a cell", lambda: self.one(self.terminate_in_cell)),
            ("killed 3 s into its start", lambda: self.while_starting(3.0)),
            ("launcher killed again", lambda: self.one(self.kill_launcher)),
            ("evcxr killed again", lambda: self.one(self.kill_evcxr)),
            ("two: one killed, one shut down", lambda: self.two(self.kill_launcher, self.shut_down)),
            ("two: one shut down, one terminated", lambda: self.two(self.shut_down, self.terminate)),
            (
                "two: one killed in a cell, one's evcxr killed",
                lambda: self.two(self.kill_in_cell, self.kill_evcxr),
            ),
            ("two: one terminated, one killed", lambda: self.two(self.terminate, self.kill_launcher)),
            ("one more: tensors of different cells, then a shutdown", self.last),
        ]
        for name, play in rounds:
            started = time.monotonic()
            try:
                play()
            except Failure as error:
                raise Failure(f"{name} (start {self.starts}): {error}") from None
            print(f"start {self.starts:2}  {time.monotonic() - started:5.1f} s  {name}", flush=True)
        after = hashes(self.template)
        changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        if changed:
            raise Failure(f"{len(changed)} files of the template changed, first {changed[0]}")
        if 2 * self.deaf > self.shutdowns:
            raise Failure(f"{self.deaf} of {self.shutdowns} shutdown messages did not end their kernel")
        print(
            f"{self.starts - 1} starts and kills: no stray copy, no orphan, "
            f"{len(before)} template files as before"
        )


def hashes(folder: Path) -> dict[str, str]:
    """What every file of a folder holds, links by their target."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"link to {os.readlink(path)}"
        elif path.is_file():
            with path.open("rb") as file:
                found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Starts and kills the course's kernel twenty times.")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="the checkout whose kernel is tested")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(options.checkout.resolve(), Path(folder))
        try:
            test.run()
        except Failure as error:
            print(f"kernel_kills: {error}", file=sys.stderr)
            return 1
        finally:
            for kernel in test.open:
                kernel.discard()
    return 0


if __name__ == "__main__":
    sys.exit(main())
