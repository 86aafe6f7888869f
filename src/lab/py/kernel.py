"""Drives evcxr over Jupyter's protocol, for set-up.

`kernel.py version EVCXR`   prints the version that the kernel program answers with.
`kernel.py warm EVCXR US`   runs the first cells of a lesson, so that the folder named by EVCXR_TMPDIR holds
                            everything built that a later kernel needs; prints what is being compiled. US is our
                            own program, whose `exec` ends the kernel however this script ends.

Exit status 1 with one line on stderr when the kernel does not do what a kernel does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from queue import Empty

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

# Each line builds something that every lesson needs: the crate and its dependencies, the parts that a kept
# variable adds, and (by failing) the check of all dependencies that evcxr runs to explain an error.
WARM_UP = [
    ('println!("{}", gan_course::Error::new("warm up"));', "ok", "cannot warm up"),
    ("let warm: Vec<f32> = vec![1.0, 2.0];", "ok", ""),
    ('println!("{:?}", warm);', "ok", "[1.0, 2.0]"),
    ('let wrong: i32 = "text";', "error", "mismatched types"),
]


def start(command: list[str], timeout: float) -> tuple[KernelManager, object]:
    """A running kernel and its client, ready for cells."""
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[*command, "--control_file", "{connection_file}"],
        interrupt_mode="message",
        language="rust",
        display_name="evcxr",
    )
    # evcxr greets on stdout, which is where our answer goes.
    manager.start_kernel(env=dict(os.environ), cwd=os.getcwd(), stdout=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=timeout)
    except RuntimeError as error:
        manager.shutdown_kernel(now=True)
        raise SystemExit(f"the kernel program {command[-1]} did not start: {error}") from None
    return manager, client


def version(evcxr: str) -> None:
    with tempfile.TemporaryDirectory(prefix="gan-course-") as folder:
        # No Cargo.toml and an empty `core`: the answer needs no dependency, and evcxr's analyser, not finding the
        # standard library's sources, would have rustup install them for the whole machine.
        os.chdir(folder)
        os.mkdir("core")
        os.environ.update(EVCXR_CONFIG_DIR=folder, RUST_SRC_PATH=folder)
        manager, client = start([evcxr], timeout=60)
        try:
            client.kernel_info()
            content = client.get_shell_msg(timeout=30)["content"]
        except Empty:
            raise SystemExit(f"the kernel program {evcxr} does not answer") from None
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            os.chdir("/")
    if content.get("implementation") != "evcxr_jupyter":
        raise SystemExit(f"{evcxr} answers as {content.get('implementation')}, not as evcxr_jupyter")
    print(content["implementation_version"])


def warm(evcxr: str, us: str) -> None:
    manager, client = start([us, "exec", "--", evcxr], timeout=1800)
    try:
        for code, status, wanted in WARM_UP:
            said: list[str] = []

            def hear(message: dict, said: list[str] = said) -> None:
                content = message["content"]
                said.append(content.get("text") or content.get("evalue") or "")

            reply = client.execute_interactive(code, output_hook=hear, timeout=1800, allow_stdin=False)
            text = "".join(said)
            if reply["content"]["status"] != status or wanted not in text:
                raise SystemExit(f"the cell `{code}` gave {text.strip() or 'nothing'!r}, not {wanted!r}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


if __name__ == "__main__":
    try:
        {"version": version, "warm": warm}[sys.argv[1]](*sys.argv[2:])
    except KeyboardInterrupt:  # Ctrl-C during set-up: no traceback is owed
        raise SystemExit("interrupted") from None
