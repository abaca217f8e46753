"""Getting started: login, whoami, completion, prime."""

import os
import sys

import click

from switchyard_client.cli import output, settings
from switchyard_client.cli.failures import MEANINGS, Exit, Usage
from switchyard_client.cli.session import Session, pass_session

#: At most so many tokens for `prime`, at three characters a token, which is more than any tokenizer makes of English.
PRIME_TOKENS_MAX = 1_500
CHARACTERS_A_TOKEN = 3


@click.command()
@click.option("--name", help="The profile's name (default: that of --profile, or 'default').")
@click.option("--url", metavar="URL", help="The service, as before the command.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read a token from standard input.")
@click.option("--paste", is_flag=True, help="Ask for a token, and open no browser.")
@pass_session
def login(session: Session, name: str | None, url: str | None, from_stdin: bool, paste: bool) -> None:
    """Sign in to a service, and keep that as a profile.

    Your browser asks you whether this command may act for you. Where there is no browser, paste the address where
    another one ends; or a token that an administrator issued. Tokens go to the keyring, or to a file that only you can
    read.
    """
    name = name or session.profile or "default"
    given = url or session.url or os.environ.get("SWITCHYARD_URL") or _asked("URL of the service")
    url = settings.checked_url(given)
    signed = _token(session, url, from_stdin, paste)
    token = signed if isinstance(signed, str) else signed.access
    checked = Session(url=url, token=token, patience=session.patience)
    # Any page will do: what counts is whether the token is taken.
    checked.get("/v1/tracks", {"limit": 1})
    if isinstance(signed, str):
        where = settings.save(name, url, signed, session.project)
    else:
        where = settings.keep_connection(name, url, signed, session.project)
    output.note(f"signed in to {url}; the token is kept in {where}")
    if session.json:
        output.emit({"profile": name, "url": url, "kept": where})


def _asked(what: str, hide: bool = False) -> str:
    if not sys.stdin.isatty():
        raise Usage(f"{what}: there is nobody to ask; give it as an option, or --stdin for the token")
    return str(click.prompt(what, hide_input=hide, err=True))


def _token(session: Session, url: str, from_stdin: bool, paste: bool) -> str | settings.Connection:
    """Return a token that was given or pasted, or what a person allowed in the browser."""
    if from_stdin:
        return sys.stdin.readline().strip()
    if session.token or paste:
        return session.token or _asked("Token", hide=True).strip()
    from switchyard_client.cli import browser

    return browser.sign_in(url, output.note, _asked)


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell: source it."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise Usage(f"no completion for {shell}")
    root = context.find_root()
    output.line(kind(root.command, {}, "switchyard", "_SWITCHYARD_COMPLETE").source())


@click.command()
@click.pass_context
def prime(context: click.Context) -> None:
    """Print what an agent needs to know to use this command."""
    output.line(text_for_agents(context.find_root()))


def text_for_agents(context: click.Context) -> str:
    """Return the text of `prime`, made from the parser: every command with its arguments and options."""
    lines = [
        "# switchyard: tasks, goals and runs of a shared ledger",
        "",
        "Add --json for JSON on stdout; prose goes to stderr.",
        "TRACK, TASK and GOAL are ids, or external ids. Commands:",
        "",
        *_commands(context.command, context, ""),
        "",
        "Work loop: `claim` (exit 7: nothing to do), do it, `heartbeat` before the lease ends,",
        "then `done` with a --note, or `release`. A blocked task cannot be begun: what it depends on comes first.",
        "",
        "Exit: " + "; ".join(f"{status.value} {meaning}" for status, meaning in MEANINGS.items() if status < 100) + ".",
    ]
    return "\n".join(lines)


#: Not for agents: they are set up by people.
_FOR_PEOPLE = {"login", "completion", "prime", "mcp"}


def _commands(command: click.Command, context: click.Context, path: str) -> list[str]:
    if not isinstance(command, click.Group):
        return [_usage(command, context, path)]
    found: list[str] = []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if inner is not None and name not in _FOR_PEOPLE:
            found += _commands(inner, click.Context(inner, context, name), f"{path} {name}".strip())
    return found


def _usage(command: click.Command, context: click.Context, path: str) -> str:
    words = []
    for each in command.get_params(context):
        if isinstance(each, click.Argument):
            words.append(each.make_metavar(context))
        elif isinstance(each, click.Option) and "--help" not in each.opts:
            words.append(f"[{each.opts[0]}]" if each.is_flag else f"[{each.opts[0]} {_value(each)}]")
    usage = " ".join([path, *words])
    return f"- `{usage}`: {command.get_short_help_str(80)}"


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.metavar or {"integer range": "N"}.get(option.type.name, option.type.name.upper())


def exit_table() -> list[tuple[Exit, str]]:
    """Return the exit statuses with their meanings, for the documents."""
    return list(MEANINGS.items())
