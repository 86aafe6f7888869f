"""The Jupyter project's own test of a kernel (jupyter_kernel_test), for the course's kernel and for stock evcxr.

    target/ci-python/bin/python .ci/protocol.py

Ours must pass wherever stock evcxr passes. What evcxr itself lacks is listed in docs/kernel.md, and here: the test
fails where that list is no longer true.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

import jupyter_kernel_test as jkt

ROOT = Path(__file__).resolve().parent.parent
EVCXR = ROOT / ".lab/evcxr/bin/evcxr_jupyter"

# Tests that stock evcxr 0.22 fails. docs/kernel.md says why.
LACKS = {"test_is_complete", "test_history", "test_display_data", "test_error", "test_inspect"}
# Those that it fails now and then.
WAVERS = {"test_execute_stderr"}
# And of these, those that ours passes.
MENDED = {"test_error", "test_execute_stderr"}


class Rust(jkt.KernelTests):
    language_name = "Rust"
    file_extension = ".rs"
    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("oops");'
    completion_samples = [{"text": "let number = 1; num", "matches": {"number"}}]
    complete_code_samples = ["1 + 1", 'println!("a");', "fn f() {\n}"]
    incomplete_code_samples = ["fn f() {"]
    invalid_code_samples = ["let = ;"]
    code_generate_error = "let number: i32 = true;"
    code_execute_result = [{"code": "1 + 2", "result": "3"}]
    code_display_data = [
        {"code": 'println!("EVCXR_BEGIN_CONTENT text/html\\n<p>a</p>\\nEVCXR_END_CONTENT");', "mime": "text/html"}
    ]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "search")
    code_inspect_sample = "let number = String::new();"


def name_of(test: unittest.TestCase) -> str:
    """A sub-test's is that of its test."""
    found = re.search(r"\btest_\w+", test.id())
    return found[0] if found else test.id()


def outcome(kernel: str) -> dict[str, str]:
    """Each test's result; why it failed in one line."""
    tests = type(kernel, (Rust,), {"kernel_name": kernel})
    result = unittest.TestResult()
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(tests)
    names = [name_of(test) for test in suite]  # type: ignore[arg-type]
    suite.run(result)
    found = dict.fromkeys(names, "passed")
    for test, why in result.skipped:
        found[name_of(test)] = f"skipped: {why}"
    for test, trace in result.failures + result.errors:
        name = name_of(test)
        if name not in found:
            sys.exit(f"protocol: {kernel} did not start: {trace}")
        found[name] = f"failed: {trace.strip().splitlines()[-1]}"
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        # Stock evcxr, without the course's settings, and with nothing that it might install.
        spec = Path(folder, "kernels", "stock")
        (spec / "core").mkdir(parents=True)
        stock = {
            "argv": [str(EVCXR), "--control_file", "{connection_file}"],
            "display_name": "stock",
            "language": "rust",
            "interrupt_mode": "message",
            "env": {"EVCXR_CONFIG_DIR": str(spec), "RUST_SRC_PATH": str(spec)},
        }
        (spec / "kernel.json").write_text(json.dumps(stock), encoding="utf-8")
        os.environ["JUPYTER_PATH"] = os.pathsep.join([folder, str(ROOT / ".lab/python/share/jupyter")])
        os.chdir(folder)
        theirs, ours = outcome("stock"), outcome("gan-course")
    wrong = []
    for name, result in theirs.items():
        print(f"{name:28} stock {result[:60]:60} ours {ours[name][:60]}")
        failed = result != "passed" and not result.startswith("skipped")
        if name not in WAVERS and failed != (name in LACKS):
            wrong.append(f"{name} of stock evcxr: {result}; LACKS says otherwise")
        needed = result == "passed" or name in MENDED
        if needed and ours[name] != "passed":
            wrong.append(f"{name} of the course's kernel: {ours[name]}")
    for line in wrong:
        print(f"protocol: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
