"""Sign in, stay signed in, sign out: how sessions begin and end (docs/console.md, "Sign-in")."""

from switchyard.domain import clock, sessions, tokens
from switchyard.domain.actors import ROLES, Actor
from switchyard.domain.errors import FieldError, Invalid, NotFound, Unauthorized
from switchyard.domain.ids import new_id
from switchyard.domain.sessions import SignInLink
from switchyard.domain.structs import replace
from switchyard.domain.tenants import Tenant
from switchyard.ledger import administration
from switchyard.ledger.unit import Unit
from switchyard.store import keys, sign_in_links, tenants
from switchyard.store import tokens as rows
from switchyard.store.table import ConditionFailed, Table
from switchyard.store.tokens import TokenRow

_USED = "The link is unknown, was used, or its time is over: ask for a new one."


def issue_link(unit: Unit, actor_id: str, role: str, minutes: int, name: str = "") -> tuple[SignInLink, str]:
    """Gather a sign-in link for a person, who is made known if they are not yet (1 read); returns it and its secret.

    Raises Invalid for an unknown role and for minutes that are too few or too many, else what
    `administration.upsert_member` does.
    """
    check_role(role)
    if not 1 <= minutes <= sessions.LINK_MINUTES_MAX:
        raise Invalid(FieldError("minutes", f"{minutes} is out of range", f"1 to {sessions.LINK_MINUTES_MAX}"))
    _, member = administration.upsert_member(unit, actor_id, "user", name)
    secret = tokens.new_token()
    actor = Actor(member.tenant_id, member.id, "user", ROLES[role], "", member.name, number=member.number)
    until = clock.stamp(clock.epoch() + minutes * 60)
    link = SignInLink(tokens.digest(secret), actor, until, clock.now(), unit.actor.id)
    unit.write(sign_in_links.put(link))
    return link, secret


def check_role(role: str) -> None:
    """Raise Invalid for a role that there is not."""
    if role not in ROLES:
        raise Invalid(FieldError("role", f"{role[:40]!r} is unknown", f"one of {', '.join(ROLES)}", "unknown_value"))


def begin_by_link(table: Table, secret: str, browser: str) -> tuple[TokenRow, str, Tenant | None]:
    """Write a session by a link, which is used up by it: 2 reads, 1 transaction.

    Returns the session, its secret, and the tenant, as far as it has a row.

    Raises Unauthorized, with one text, for a link that is unknown, used or over.
    """
    link = sign_in_links.find(table, tokens.digest(secret)) if tokens.well_formed(secret) else None
    if link is None:
        raise Unauthorized(_USED)
    # The link may be older than the shards that the tenant's lists have.
    tenant = tenants.find_tenant(table, link.actor.tenant_id)
    actor = replace(link.actor, shards=tenant.shards) if tenant else link.actor
    row, session = _made(actor, browser, created_by=link.created_by)
    try:
        table.write([sign_in_links.use(link), *rows.put(row)])
    except ConditionFailed:
        raise Unauthorized(_USED) from None
    return row, session, tenant


def begin_by_token(table: Table, token: TokenRow, browser: str) -> tuple[TokenRow, str]:
    """Write a session that may what the token may, and lasts no longer: 1 transaction. Returns it and its secret."""
    row, session = _made(token.actor, browser, token.actor.id, token.expires_at, token.digest)
    table.write(rows.put(row))
    return row, session


def begin(unit: Unit, actor: Actor, browser: str) -> tuple[TokenRow, str]:
    """Gather a session of somebody whom an issuer vouches for. Returns it and its secret."""
    row, session = _made(actor, browser, created_by=actor.id)
    unit.write(*rows.put(row))
    return row, session


def extend(unit: Unit) -> TokenRow | None:
    """Gather a later end of the caller's session: 2 reads, 3 of one made from a token.

    None when the caller is a token, whose end does not move. Raises Unauthorized for a session that was ended.
    """
    row = current(unit)
    if row is None:
        return None
    if not row.usable:
        raise Unauthorized("The session was ended.")
    parent = rows.find(unit.table, row.parent) if row.parent else None
    until = sessions.end(row.created_at, parent.expires_at if parent else None)
    unit.write(*rows.extend(row, until))
    return replace(row, expires_at=until)


def current(unit: Unit) -> TokenRow | None:
    """Read the caller's session: 2 reads; None when the caller is a token."""
    found = _find(unit, unit.actor.token_id)
    return found if found and found.session is not None else None


def end_own(unit: Unit) -> TokenRow | None:
    """Gather the end of the caller's session: 2 reads; None when the caller is a token, which stays."""
    row = current(unit)
    if row is not None:
        unit.write(*rows.revoke(row.actor.tenant_id, row.id, row.digest, unit.actor.id))
    return row


def end(unit: Unit, session_id: str) -> TokenRow:
    """Gather the end of a session: one's own, or with settings:admin any of the tenant (2 reads).

    Raises NotFound for one that is unknown, another person's, another tenant's, or no session.
    """
    row = _find(unit, session_id)
    if row is None or row.session is None or not _may_see(unit.actor, row):
        raise NotFound(f"There is no session with the id {session_id}.")
    unit.write(*rows.revoke(row.actor.tenant_id, row.id, row.digest, unit.actor.id))
    return row


def tenant_name(table: Table, tenant_id: str) -> str:
    """Read what a tenant is called: 1 read; its id when it has no row."""
    return name_of(tenants.find_tenant(table, tenant_id), tenant_id)


def name_of(tenant: Tenant | None, tenant_id: str) -> str:
    """Return what a tenant that was read is called; its id when it has no row."""
    return tenant.name if tenant else tenant_id


def _may_see(actor: Actor, row: TokenRow) -> bool:
    return row.actor.id == actor.id or actor.may("settings:admin")


def _find(unit: Unit, token_id: str) -> TokenRow | None:
    pointer = unit.row(keys.token_id(unit.actor.tenant_id, token_id))
    return rows.find(unit.table, pointer["digest"]["S"]) if pointer else None


def _made(
    actor: Actor, browser: str, created_by: str, bound: str | None = None, parent: str | None = None
) -> tuple[TokenRow, str]:
    """Return a new session and its secret, which no request can choose: a session is never fixed beforehand."""
    secret, session_id, now = tokens.new_token(actor.tenant_id), new_id(), clock.now()
    row = TokenRow(
        session_id,
        tokens.digest(secret),
        replace(actor, token_id=session_id),
        now,
        sessions.end(now, bound),
        created_by=created_by,
        session=sessions.browser(browser),
        parent=parent,
    )
    return row, secret
