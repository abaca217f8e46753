"""Command line of releases: `python -m release deploy ENV`, by way of `make deploy ENV=dev`."""

from __future__ import annotations

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError

from local.steps import StepFailed, report
from release import deploy, destroy, verify
from release.settings import BAKE_SECONDS, Settings, ask, load
from release.smoke import WAIT_SECONDS, smoke
from release.stacks import outputs, parameters


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument("command", choices=("preflight", "deploy", "smoke", "verify", "destroy"))
    parser.add_argument("environment", help="dev, prod or local: a section of samconfig.toml")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="answers, instead of being asked: A=1 B=2"
    )
    parser.add_argument("--yes", action="store_true", help="deploy without showing the change set first")
    parser.add_argument(
        "--bake", type=int, default=BAKE_SECONDS, help=f"seconds to watch the alarms (default {BAKE_SECONDS})"
    )
    parser.add_argument(
        "--wait",
        type=int,
        choices=range(3_001),
        metavar="SECONDS",
        default=WAIT_SECONDS,
        help=f"seconds for which the smoke test waits for a run to be offered (default {WAIT_SECONDS}, at most 3000)",
    )
    parser.add_argument("--plan", action="store_true", help="of verify: say what it would try, and call nothing")
    options = parser.parse_args(arguments)
    if options.plan:
        print(verify.plan())
        return 0
    try:
        settings = load(options.environment)
        # None of the answers has a space in it.
        given = [each.partition("=") for several in options.set for each in several.split()]
        ask(settings, {name: value for name, _, value in given}, standing=lambda: _standing(settings))
        settings.remember()
        _run(options, settings)
    except StepFailed as failure:
        report(failure)
        return 1
    except (BotoCoreError, ClientError) as error:
        report(StepFailed(str(error), hint="AWS refused that, or could not be reached"))
        return 3
    except KeyboardInterrupt:
        print("\ninterrupted; `make deploy` again shows how things stand", file=sys.stderr)
        return 130
    return 0


def _standing(settings: Settings) -> dict[str, str]:
    """The parameters of the stack that is there; none where AWS cannot be asked, as the preflight says next."""
    try:
        return parameters(settings)
    except (BotoCoreError, ClientError):
        return {}


def _run(options: argparse.Namespace, settings: Settings) -> None:
    match options.command:
        case "preflight":
            deploy.look(settings)
        case "deploy":
            deploy.release(settings, confirm=not options.yes, bake=options.bake, wait=options.wait)
        case "smoke":
            found = outputs(settings)
            print(f"answered: {', '.join(smoke(settings, found['ApiUrl'], found['TableName'], options.wait))}")
        case "verify":
            verify.verify(settings)
        case "destroy":
            destroy.destroy(settings)


if __name__ == "__main__":
    sys.exit(main())
