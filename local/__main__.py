"""Command line of the local stack; STACK names a stack other than the default."""

from __future__ import annotations

import argparse
import sys

from local import bridge, deploy, run, sam_local
from local.stack import name_from_environment
from local.steps import StepFailed, report, step


def main() -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="start the stack, or bring it up to date")
    runner.add_argument("--detach", action="store_true", help="return when it is ready")
    runner.add_argument("--live", action="store_true", help="run the package from its sources")
    runner.add_argument("--containers", help="serve on an address that containers reach too: 1, or the address")
    commands.add_parser("env", help="print the settings that point other tools at the stack")
    commands.add_parser("build", help="build for AWS")
    commands.add_parser("local-env", help="write what `sam local` needs to know of the running stack")
    commands.add_parser("local-api", help="serve the API by `sam local start-api` and check it")
    options = parser.parse_args()
    try:
        if options.command == "run":
            host = bridge.address(options.containers) if options.containers else ""
            run.run(name_from_environment(), options.detach, options.live, host)
        elif options.command == "env":
            run.print_environment(name_from_environment())
        elif options.command == "local-env":
            sam_local.write_files(name_from_environment())
        elif options.command == "local-api":
            sam_local.try_api(name_from_environment())
        else:
            with step("sam build"):
                deploy.build("arm64", deploy.FOR_AWS)
    except StepFailed as failure:
        report(failure)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted: everything that was started is stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
