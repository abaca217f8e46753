"""What each known MCP client needs to be told of the service."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from switchyard_client.cli import output
from switchyard_client.cli.session import Session, pass_session

#: Stands for the token unless it is asked for: what is printed ends up in files that are shared.
PLACEHOLDER = "sy_YOUR_TOKEN"


@dataclass(frozen=True, slots=True)
class Target:
    """A client: where its configuration is kept, and the text to put there for a URL and a token."""

    where: str
    text: Callable[[str, str], str]


def _json(value: Any) -> str:
    return json.dumps(value, indent=2)


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _claude_code(url: str, token: str) -> str:
    return f'claude mcp add --transport http switchyard "{url}" --header "Authorization: Bearer {token}"'


def _desktop(url: str, token: str) -> str:
    # The space of the header is in the environment: arguments with spaces are split on Windows.
    server = {
        "command": "npx",
        "args": ["-y", "mcp-remote", url, "--header", "Authorization:${AUTH}"],
        "env": {"AUTH": f"Bearer {token}"},
    }
    return _json({"mcpServers": {"switchyard": server}})


def _codex(url: str, _token: str) -> str:
    return f'[mcp_servers.switchyard]\nurl = "{url}"\nbearer_token_env_var = "SWITCHYARD_TOKEN"'


def _servers(**more: str) -> Callable[[str, str], str]:
    """Return the text of a file with `mcpServers`, the URL under the name that the client reads."""
    name = more.pop("url_name", "url")
    return lambda url, token: _json({"mcpServers": {"switchyard": {**more, name: url, "headers": _headers(token)}}})


TARGETS = {
    "claude-code": Target("run this", _claude_code),
    "claude-desktop": Target("claude_desktop_config.json", _desktop),
    "codex": Target("~/.codex/config.toml, with SWITCHYARD_TOKEN in the environment", _codex),
    "cursor": Target(".cursor/mcp.json", _servers()),
    "gemini": Target("~/.gemini/settings.json", _servers(url_name="httpUrl")),
    "vscode": Target(
        ".vscode/mcp.json",
        lambda url, token: _json({"servers": {"switchyard": {"type": "http", "url": url, "headers": _headers(token)}}}),
    ),
    "windsurf": Target("~/.codeium/windsurf/mcp_config.json", _servers(url_name="serverUrl")),
}


@click.command("mcp")
@click.argument("client", type=click.Choice(tuple(TARGETS)), required=False)
@click.option("--with-token", is_flag=True, help="Print the token itself in place of a placeholder.")
@pass_session
def mcp(session: Session, client: str | None, with_token: bool) -> None:
    """Print the configuration of an MCP client, of each known one without CLIENT."""
    url = f"{session.settings.url}/mcp"
    token = session.settings.token if with_token else PLACEHOLDER
    chosen = {client: TARGETS[client]} if client else TARGETS
    if session.json:
        shown = {name: {"where": each.where, "text": each.text(url, token)} for name, each in chosen.items()}
        return output.emit(shown)
    for name, each in chosen.items():
        output.note(f"{name}: {each.where}")
        output.line(each.text(url, token))
    return None
