"""Sessions over HTTP: what begins, extends, shows and ends one, and the cookie that goes with it."""

from switchyard.domain.errors import Unauthorized
from switchyard.http import auth, cookies
from switchyard.http.call import AnyCall, Call, Opened, Reply
from switchyard.ledger import sessions
from switchyard.store import filters, indexes, keys, lists, tokens
from switchyard.store.filters import Filter
from switchyard.store.lists import Range
from switchyard.surfaces.inputs import Paging
from switchyard.surfaces.sessions import present
from switchyard.surfaces.sessions.models import SignIn


def sign_in(opened: Opened[SignIn]) -> Reply:
    """Begin a session by a SignIn body. A cookie that comes with the request counts for nothing."""
    cookies.check_origin(opened.request)
    browser, table = opened.request.headers.get("user-agent", ""), opened.table
    if opened.body.code is not None:
        row, secret, tenant = sessions.begin_by_link(table, opened.body.code, browser)
        name = sessions.name_of(tenant, row.actor.tenant_id)
    else:
        token = auth.opened_by(opened.body.token, table, session=False)
        if token.client is not None:
            raise Unauthorized("The token is a program's: it signs nobody in.")
        row, secret = sessions.begin_by_token(table, token, browser)
        name = sessions.tenant_name(table, row.actor.tenant_id)
    shown = present.who(row.actor, name, row)
    return Reply(201, shown, cookies=(cookies.keep(secret, row),))


def who_am_i(call: AnyCall) -> Reply:
    """Show the caller."""
    row = sessions.current(call.unit)
    return Reply(200, present.who(call.actor, sessions.tenant_name(call.unit.table, call.actor.tenant_id), row))


def renew(call: Call) -> Reply:
    """Extend the caller's session, and its cookie with it; a token stays as it is."""
    row = sessions.extend(call.unit)
    shown = present.who(call.actor, sessions.tenant_name(call.unit.table, call.actor.tenant_id), row)
    secret = cookies.secret_of(call.request)
    if row is None or secret is None:
        return Reply(200, shown)
    auth.forget(row.digest)
    return Reply(200, shown, cookies=(cookies.keep(secret, row),))


def sign_out(call: Call) -> Reply:
    """End the caller's session, if it is one: a token stays as it is."""
    row = sessions.end_own(call.unit)
    if row:
        auth.forget(row.digest)
    return Reply(204, cookies=(cookies.drop(),))


def revoke(call: Call) -> Reply:
    """End the session of the path."""
    auth.forget(sessions.end(call.unit, call.path_id()).digest)
    return Reply(204)


def list_all(call: Call[None, Paging]) -> Reply:
    """Answer with the caller's sessions, or for an administrator those of the tenant, newest first."""
    actor, query, row_filter = call.actor, call.query, Filter()
    if not actor.may("settings:admin"):
        row_filter.add(filters.any_of("actor_id", [actor.id]))
    asked = (actor.id, row_filter.fingerprint())
    table = call.unit.table
    of_tenant = Range(indexes.LISTED_BY_ID, keys.listed(actor.tenant_id, "session"))
    rows, cursor = lists.newest_first(table, of_tenant, query.limit, query.cursor, *asked, row_filter=row_filter)
    items = [present.session(tokens.from_item(row), actor.token_id) for row in rows]
    return Reply(200, {"items": items, "nextCursor": cursor})
