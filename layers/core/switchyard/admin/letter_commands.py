"""Commands on dead letters: `dead-letters list | show | redrive | purge`."""

import argparse
from collections.abc import Callable
from typing import Any

from switchyard.admin.letters import QUEUES, DeadLetters
from switchyard.admin.stack import Stack

_MOST = 100


def add(commands: Any, stack: Callable[[argparse.Namespace], str]) -> None:
    """Add the commands to those of the command line."""
    help_ = "What the pipeline, webhooks, notifications and mails gave up: docs/runbooks.md."
    parser = commands.add_parser("dead-letters", help=help_, description=help_)
    verbs = parser.add_subparsers(required=True, metavar="verb")

    def verb(name: str, help_: str, run: Callable[[DeadLetters, Any], Any], show: Callable[[Any], str]) -> Any:
        made = verbs.add_parser(name, help=help_, description=help_)
        made.set_defaults(run=lambda _, options: run(DeadLetters(Stack(stack(options))), options), show=show)
        return made

    verb("list", "How many letters each queue has.", lambda letters, _: letters.counts(), _counts)
    for name, help_, run in (
        ("show", "Show letters; they stay.", lambda letters, o: letters.show(o.queue, o.most)),
        (
            "redrive",
            "Bring letters in again; what fails stays.",
            lambda letters, o: letters.redrive(o.queue, o.most),
        ),
    ):
        made = verb(name, help_, run, _letters)
        made.add_argument("queue", choices=QUEUES)
        made.add_argument("--most", type=int, default=_MOST, help=f"no more letters than this (default {_MOST})")
    made = verb("purge", "Delete all letters of a queue, for good.", _purge, lambda answer: f"purged {answer['queue']}")
    made.add_argument("queue", choices=QUEUES)
    made.add_argument("--yes", action="store_true", required=True, help="it cannot be undone")


def _purge(letters: DeadLetters, options: argparse.Namespace) -> dict[str, str]:
    letters.purge(options.queue)
    return {"queue": options.queue}


def _counts(found: list[dict[str, Any]]) -> str:
    return "\n".join(f"{each['letters']:>6}  {each['queue']}" for each in found)


def _letters(found: list[dict[str, Any]]) -> str:
    def line(each: dict[str, Any]) -> str:
        end = each.get("outcome") or each["error"] or "no error told"
        return f"{each['since']}  {each['kind']:<8}  {each['about']}\n    {end}"

    return "\n".join(map(line, found)) or "none"
