"""`switchyard`: the parser, and how every command ends."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from switchyard_client import VERSION
from switchyard_client.cli import (
    claims,
    exports,
    feeds,
    files,
    imports,
    mcp,
    output,
    questions,
    runs,
    schedules,
    setup,
    tracks,
)
from switchyard_client.cli.failures import Ended, Exit, Usage, status_of, told
from switchyard_client.cli.session import PATIENCE, Session
from switchyard_client.errors import Refused, Unreachable


class _ReaderGone(Exception):
    """Who read standard output has gone."""


class _Group(click.Group):
    """The group of all commands: `--json` may stand anywhere."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Click itself would end with the status 1.
            raise _ReaderGone from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # What follows `worker` is the worker's own, and what follows `--` is no option.
        ours = args[: next((place for place, each in enumerate(args) if each in ("worker", "--")), len(args))]
        if "--json" in ours:
            args = ["--json", *(each for each in ours if each != "--json"), *args[len(ours) :]]
        return super().parse_args(ctx, args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--profile", metavar="NAME", help="Which profile; 'local' is the local stack of this folder.")
@click.option("--url", metavar="URL", help="The service (environment: SWITCHYARD_URL).")
@click.option("--token", metavar="TOKEN", help="Better in SWITCHYARD_TOKEN: others see the command line.")
@click.option("--project", metavar="ID", help="For new tracks and lists (environment: SWITCHYARD_PROJECT).")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
@click.option("--patience", type=click.FloatRange(1, 3_600), default=PATIENCE, metavar="SECONDS", help="Of retries.")
@click.version_option(VERSION, prog_name="switchyard")
@click.pass_context
def cli(
    context: click.Context,
    profile: str | None,
    url: str | None,
    token: str | None,
    project: str | None,
    as_json: bool,
    patience: float,
) -> None:
    """Plan, claim and run work on a Switchyard service.

    Flags come before the environment, the environment before the profile.
    """
    context.obj = Session(profile, url, token, project, as_json, patience)


for _command in (
    setup.login,
    tracks.ready,
    tracks.list_,
    tracks.show,
    tracks.add,
    tracks.plan,
    tracks.edit,
    tracks.done,
    claims.claim,
    claims.heartbeat,
    claims.release,
    runs.run,
    runs.follow,
    runs.goal,
    questions.ask,
    questions.answer,
    files.files,
    imports.import_,
    exports.export,
    feeds.feeds,
    schedules.schedule,
    mcp.mcp,
    setup.prime,
    runs.worker,
    setup.completion,
):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status (`failures.Exit`)."""
    try:
        cli.main(args=None if arguments is None else list(arguments), prog_name="switchyard", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        output.note("interrupted")
        return Exit.INTERRUPTED
    except click.ClickException as error:
        error.show(sys.stderr)
        return Exit.USAGE
    except Usage as error:
        output.note(f"error: {error}")
        return Exit.USAGE
    except Ended as end:
        if str(end):
            output.note(str(end))
        return end.status
    except UnicodeEncodeError as error:
        output.note(f"error: {error.object[max(0, error.start - 20) : error.end]!r} is no text in UTF-8")
        return Exit.USAGE
    except Refused as refusal:
        output.note("refused: " + "\n".join(told(refusal)))
        return status_of(refusal)
    except Unreachable as problem:
        output.note(f"the service does not answer: {problem}")
        return Exit.UNREACHABLE
    except (_ReaderGone, BrokenPipeError):
        # Who reads has gone: the interpreter's last flush must not fail on it either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED
    return Exit.DONE


def run() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
