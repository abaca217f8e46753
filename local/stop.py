"""Stop a stack and, if asked, throw its data away: `python3 -m local.stop [--reset]`; STACK names the stack."""

from __future__ import annotations

import shutil
import sys

from local import process
from local.stack import DEFAULT, folder_of, name_from_environment
from local.steps import step


def main(reset: bool) -> None:
    """Stop the stack named in STACK."""
    name = name_from_environment()
    if process.pid_of(name) is None:
        print(f"the stack {name} is not running")
    else:
        with step("saving and stopping"):
            process.stop(name)
    if reset:
        with step("deleting its data"):
            folder = folder_of(name)
            shutil.rmtree(folder / "state" if name == DEFAULT else folder, ignore_errors=True)
            (folder / "stack.json").unlink(missing_ok=True)


if __name__ == "__main__":
    main(reset="--reset" in sys.argv[1:])
