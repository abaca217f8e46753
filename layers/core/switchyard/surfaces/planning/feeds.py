"""Calendar feeds: create one, list them, revoke one, and what its address serves (docs/planning.md)."""

import hashlib
import time
from typing import Any

from switchyard.domain import tokens
from switchyard.domain.calendar import calendar
from switchyard.domain.errors import NotFound
from switchyard.domain.feeds import Feed
from switchyard.http.call import Call, Reply
from switchyard.http.request import Request
from switchyard.ledger import feeds as verbs
from switchyard.store import feeds as rows
from switchyard.store import filters, lists
from switchyard.store.filters import Filter
from switchyard.store.table import Table
from switchyard.surfaces.inputs import Paging
from switchyard.surfaces.planning.feed_models import CreateFeed

MEDIA = "text/calendar"
_ENDING = ".ics"
#: Seconds for which a client may show what it has. Nobody else may keep it: the address is a secret.
_FRESH = "private, max-age=900"
_UNKNOWN = "There is no such feed: it was revoked, or the address is not complete."
#: Seconds for the whole answer.
_SECONDS = 8


def create(call: Call[CreateFeed]) -> Reply:
    """Answer with a new feed and its address, which is shown once and not kept under an idempotency key."""
    feed, secret = verbs.create(call.unit, call.body.name, call.body.scope)
    shown = _shown(feed)
    url = f"{call.request.base_url}/v1/feeds/{secret}{_ENDING}"
    return Reply(201, {**shown, "url": url}, kept={**shown, "url": None})


def page(call: Call[None, Paging]) -> Reply:
    """Answer with a page of feeds, newest first: the caller's, of everybody for an administrator."""
    actor, query, wanted = call.actor, call.query, Filter()
    everybody = actor.may("settings:admin")
    if not everybody:
        wanted.add(filters.any_of("actor_id", [actor.id]))
    of_tenant, asked = rows.of_tenant(actor.tenant_id), "" if everybody else actor.id
    found, cursor = lists.newest_first(call.unit.table, of_tenant, query.limit, query.cursor, asked, row_filter=wanted)
    return Reply(200, {"items": [_shown(rows.from_item(row)) for row in found], "nextCursor": cursor})


def revoke(call: Call) -> Reply:
    """End a feed: its address serves nothing from now on."""
    verbs.revoke(call.unit, call.path_id("feed"))
    return Reply(204)


def read(request: Request, table: Table) -> Reply:
    """Answer with the calendar of an address; 304 when the client has it already. Raises NotFound."""
    secret = request.path_parameters["feed"].removesuffix(_ENDING)
    table.deadline = time.monotonic() + _SECONDS
    # A damaged address costs no read.
    feed = rows.find(table, tokens.digest(secret)) if tokens.well_formed(secret) else None
    if feed is None:
        raise NotFound(_UNKNOWN)
    body = calendar(feed.name, rows.entries(table, feed))
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"etag": tag, "cache-control": _FRESH}
    logged = {"tenant": feed.tenant_id, "feed": feed.id}
    if tag in request.tags("if-none-match"):
        return Reply(304, None, headers, logged=logged)
    return Reply(200, body, {**headers, "content-type": MEDIA}, logged=logged)


def _shown(feed: Feed) -> dict[str, Any]:
    return {
        "id": feed.id,
        "name": feed.name,
        "scope": feed.which,
        "createdBy": feed.actor.id,
        "createdAt": feed.created_at,
    }
