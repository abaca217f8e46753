"""Command line of the local stack: `python -m local run [--detach]`; STACK names a stack other than the default."""

from __future__ import annotations

import argparse
import sys

from local import run
from local.stack import name_from_environment
from local.steps import StepFailed, report


def main() -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="start the stack, or bring it up to date")
    runner.add_argument("--detach", action="store_true", help="return when it is ready")
    options = parser.parse_args()
    try:
        run.run(name_from_environment(), options.detach)
    except StepFailed as failure:
        report(failure)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted: everything that was started is stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
