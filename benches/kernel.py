"""How long a learner waits: the course's kernel beside plain evcxr, as a Markdown table.

    .lab/python/bin/python benches/kernel.py [--runs 5] [--plain-runs 1] [--check]

Measured as Jupyter sees it, on real kernels: from the start of the kernel's process to the first output of a
cell that calls the crate; the first `let`; then more crate calls and `let`s. Plain evcxr is the same program
without our template, with the dependency in an evcxr.toml as a reader of its manual would write it; it builds
everything at each start, so by default it runs once. `--check` exits 1 when a bound is broken.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / ".ci"))

from kernels import Failure, Kernel  # noqa: E402

FIRST_CALL = 'println!("{:.5}", gan_course::loss::cross_entropy(&[0.5, 0.5], &[0.25, 0.75])?);'
FIRST_SAYS = "0.83699"
FIRST_LET = "let first = gan_course::loss::binary_cross_entropy(0.0, 1.0);"
LATER_CALL = 'println!("{:.5}", gan_course::loss::binary_cross_entropy(0.0, 1.0));'
LATER_SAYS = "0.69315"
LATER_LET = "let later_{} = gan_course::loss::binary_cross_entropy(0.0, 1.0);"
LATER_CELLS = 3  # of each kind, in each run

# Seconds, and what the ratio must reach.
START_AT_MOST, FIRST_LET_AT_MOST, CALL_AT_MOST, LET_AT_MOST, RATIO_AT_LEAST = 9.0, 6.0, 0.5, 0.7, 7.0


@dataclass
class Times:
    """Seconds, one a run (or a cell)."""

    ready: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    first_let: list[float] = field(default_factory=list)
    call: list[float] = field(default_factory=list)
    let: list[float] = field(default_factory=list)


def measure(kernel: Kernel, times: Times) -> None:
    """One kernel from its start to its end."""
    try:
        kernel.wait_ready()
        times.ready.append(kernel.age())
        before = kernel.age()
        times.start.append(before + kernel.expect(FIRST_CALL, FIRST_SAYS).first_output)
        times.first_let.append(kernel.expect(FIRST_LET, "").seconds)
        for number in range(LATER_CELLS):
            times.call.append(kernel.expect(LATER_CALL, LATER_SAYS).seconds)
            times.let.append(kernel.expect(LATER_LET.format(number), "").seconds)
        kernel.shut_down()
    finally:
        kernel.discard()


def course(runs: int) -> Times:
    times = Times()
    for number in range(runs):
        print(f"course's kernel, run {number + 1} of {runs}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            measure(Kernel(Path(folder)), times)
    return times


def plain(runs: int, checkout: Path) -> Times:
    """The same evcxr without our launcher, template and settings."""
    chosen = checkout / ".lab" / "evcxr.json"  # what set-up chose for the course's own kernels
    if not chosen.exists():
        raise Failure("no Rust kernel has been chosen yet: run `cargo course setup`")
    program = json.loads(chosen.read_text())["path"]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EVCXR", "CARGO_")) or name == "CARGO_HOME"
    }
    times = Times()
    for number in range(runs):
        print(f"plain evcxr, run {number + 1} of {runs} (more than a minute)", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "evcxr.toml").write_text(
                f'[dependencies]\ngan-course = {{ path = "{checkout}", default-features = false }}\n'
            )
            spec = {
                "argv": [program, "--control_file", "{connection_file}"],
                "display_name": "Rust",
                "language": "rust",
                "interrupt_mode": "message",
            }
            (folder / "specs" / "plain").mkdir(parents=True)
            (folder / "specs" / "plain" / "kernel.json").write_text(json.dumps(spec))
            measure(Kernel(folder, "plain", folder / "specs", environment), times)
    return times


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def machine() -> str:
    """What the figures depend on, in one line."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    sources = Path(output("rustc", "--print", "sysroot"), "lib/rustlib/src/rust/library/core/src/lib.rs")
    installed = "installed" if sources.exists() else "not installed"
    return (
        f"{datetime.date.today()}, {os.cpu_count()} cores ({model}), {output('rustc', '--version')}, "
        f"`rust-src` {installed}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures the course's kernel.")
    parser.add_argument("--runs", type=int, default=5, help="starts of the course's kernel (5)")
    parser.add_argument(
        "--plain-runs", type=int, default=1, help="starts of plain evcxr (1; 0 leaves it out)"
    )
    parser.add_argument("--check", action="store_true", help="exit 1 when a bound is broken")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="the crate that plain evcxr builds")
    options = parser.parse_args()
    if options.runs < 1 or options.plain_runs < 0:
        parser.error("at least 1 run, and no fewer than 0 of plain evcxr")
    try:
        ours = course(options.runs)
        stock = plain(options.plain_runs, options.checkout.resolve())
    except Failure as error:
        print(f"kernel: {error}", file=sys.stderr)
        return 1

    middle = statistics.median
    rows: list[tuple[str, float, float | None, float | None]] = [
        ("kernel ready", middle(ours.ready), None, middle(stock.ready) if stock.ready else None),
        (
            "start to first output of a crate call",
            middle(ours.start),
            START_AT_MOST,
            middle(stock.start) if stock.start else None,
        ),
        (
            "first `let`",
            middle(ours.first_let),
            FIRST_LET_AT_MOST,
            middle(stock.first_let) if stock.first_let else None,
        ),
        ("then a crate call", middle(ours.call), CALL_AT_MOST, middle(stock.call) if stock.call else None),
        ("then a `let`", middle(ours.let), LET_AT_MOST, middle(stock.let) if stock.let else None),
    ]
    print(f"{machine()}. Seconds, medians of {options.runs} starts (plain evcxr: {options.plain_runs}).\n")
    print("| | course's kernel | at most | plain evcxr |\n| --- | --- | --- | --- |")
    for name, seconds, bound, other in rows:
        print(
            f"| {name} | {seconds:.2f} | {'' if bound is None else bound} "
            f"| {'' if other is None else f'{other:.2f}'} |"
        )
    broken = [
        f"{name} takes {seconds:.2f} s, the bound is {bound} s"
        for name, seconds, bound, _ in rows
        if bound is not None and not seconds <= bound
    ]
    if stock.start:
        ratio = middle(stock.start) / middle(ours.start)
        print(f"\nFirst output {ratio:.1f} times faster than plain evcxr (at least {RATIO_AT_LEAST:.0f}).")
        if not ratio >= RATIO_AT_LEAST:
            broken.append(
                f"the start is {ratio:.1f} times faster than plain evcxr, the bound is {RATIO_AT_LEAST:.0f}"
            )
    for line in broken:
        print(f"kernel: {line}", file=sys.stderr)
    return 1 if broken and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
