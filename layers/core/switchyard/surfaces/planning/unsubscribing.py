"""The end of a person's mails, by the link in each: without token, cookie or redirect (RFC 8058)."""

import time
from collections.abc import Mapping

from switchyard.domain import mail
from switchyard.domain.errors import NotFound
from switchyard.http.call import Reply
from switchyard.http.request import Request
from switchyard.store import mailboxes
from switchyard.store.table import Table
from switchyard.surfaces import pages

MEDIA = "text/html"
#: Seconds for the whole answer.
_SECONDS = 8


_UNKNOWN = "This link ends nobody's mails: open it from the mail itself, or use Settings in the console."


def ask(request: Request) -> Reply:
    """Answer with the page that asks; only the decision tells whether its link counts. Raises NotFound for no link."""
    if mail.named(request.path_parameters["secret"]) is None:
        raise NotFound(_UNKNOWN)
    form = '<form method="post"><button class="primary">Send no more mails</button></form>'
    text = "<p>Your inbox goes on without mails. In the console, under Settings, they begin again.</p>"
    return _page("No more mails about your inbox?", f"{text}{form}", "'self'")


def unsubscribe(request: Request, table: Table) -> Reply:
    """End the mails of whose secret it is, if they have not ended yet: 1 read, 1 write. Raises NotFound."""
    table.deadline = time.monotonic() + _SECONDS
    named = mail.named(request.path_parameters["secret"])
    if named is None:
        raise NotFound(_UNKNOWN)
    tenant, actor, secret = named
    mailbox = mailboxes.find(table, tenant, actor)
    if not mail.is_secret_of(mailbox, secret):
        raise NotFound(_UNKNOWN)
    if mailbox.mode != "off":
        table.write([mailboxes.set_mode(tenant, actor, "off", secret)])
    content = "<p>In the console, under Settings, they begin again.</p>"
    return _page("You get no more mails", content, logged={"tenant": tenant, "actor": actor})


def _page(title: str, content: str, form_action: str = "'none'", logged: Mapping[str, str] | None = None) -> Reply:
    headers = {**pages.headers(form_action), "cache-control": "no-store"}
    return Reply(200, pages.document(title, content).encode(), headers, logged=logged or {})
