"""Makes the notebooks from the lessons, and executes them through the real kernel.

    notebooks.py generate --from DIR --to NOTEBOOKS
    notebooks.py run [--record] [--only NN] --scratch DIR NOTEBOOK...

`generate` (convert.py) converts DIR/NN-name.md to NOTEBOOKS/NN-name.ipynb. `run` (execute.py) executes
copies in memory, with DIR as the cells' working folder, so no notebook changes; `--record` (record.py)
writes the outputs back, normalised. Exit 1 and one line on stderr when something is wrong.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

from convert import generate
from execute import run
from files import Failure


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="notebooks", description="Makes and executes the course's notebooks.")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("generate", help="convert lessons to notebooks")
    making.add_argument("--from", dest="source", type=Path, required=True, help="folder of NN-name.md")
    making.add_argument("--to", dest="target", type=Path, required=True, help="folder of the notebooks")
    running = commands.add_parser("run", help="execute notebooks on temporary copies")
    running.add_argument("--record", action="store_true", help="write the outputs back, normalised")
    running.add_argument("--only", metavar="NN", help="only this lesson")
    running.add_argument("--scratch", type=Path, required=True, help="folder the cells run in")
    running.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    options = parser.parse_args(arguments)
    # A terminated run must still shut its kernel down, as Ctrl-C does.
    signal.signal(signal.SIGTERM, _terminated)
    try:
        if options.command == "generate":
            generate(options.source, options.target)
        else:
            run(options.notebooks, options.scratch, options.record, options.only)
    except Failure as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{error.filename or 'a file'}: {error.strerror}: free space or correct the path, then try again")
    except KeyboardInterrupt:
        return complain("interrupted: nothing half-written was left; run it again")
    return 0


def _terminated(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def complain(message: str) -> int:
    sys.stdout.flush()
    print(f"notebooks: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
