"""The pages of OAuth that people see: plain HTML without a script, each text escaped, under a strict policy."""

from collections.abc import Iterable
from html import escape

from switchyard.domain.actors import SCOPES
from switchyard.surfaces.pages import document, headers

__all__ = ["consent", "headers", "passing_on", "refusal"]


def refusal(title: str, text: str, request_id: str) -> str:
    """Return the page of an error."""
    advice = "Go back to the program and connect again."
    return document(title, f"<p>{escape(text)}</p><p>{advice}</p><p><small>{escape(request_id)}</small></p>")


def passing_on(address: str) -> str:
    """Return a page that asks for the same address again, from this origin: the session's cookie goes along then."""
    shown = escape(address)
    refresh = f'<meta http-equiv="refresh" content="0;url={shown}">'
    return document("One moment", f'<p><a class="go" href="{shown}">Continue</a></p>', refresh)


def consent(
    *,
    client: str,
    described_at: str | None,
    leads_to: str,
    person: str,
    workspace: str,
    scopes: Iterable[str],
    resource: str,
    hidden: dict[str, str],
) -> str:
    """Return the page on which a person decides. `described_at` is where the client describes itself, if it does."""
    known = (
        f"Described at {escape(described_at)}"
        if described_at
        else "It registered itself: its name is what it says of itself."
    )
    rows = (
        ("Program", f"<strong>{escape(client)}</strong><br>{known}"),
        ("Workspace", f"{escape(workspace)}, as {escape(person)}"),
        ("It may", "<ul>" + "".join(f"<li>{escape(SCOPES[each])} ({escape(each)})</li>" for each in scopes) + "</ul>"),
        ("By", escape(resource)),
        ("You are then taken to", f"<strong>{escape(leads_to)}</strong>"),
    )
    told = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    fields = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items())
    return document(
        f"Connect {client}?",
        f"<dl>{told}</dl><p>Allow it only if you have just begun this yourself. It acts in your name until you end the "
        "connection under Settings.</p>"
        f'<form method="post" action="/oauth/authorize">{fields}'
        '<button class="primary" name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button></form>',
    )
