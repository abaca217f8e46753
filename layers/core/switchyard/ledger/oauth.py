"""Connecting programs: codes, access tokens and refresh tokens, and how a connection ends (docs/oauth.md).

A connection is a session that a program has: listed, shown and ended as those of browsers are. Nobody has its secret;
each access token is made from it and opens nothing without it.
"""

from collections.abc import Iterable

from switchyard.domain import clock, oauth, sessions, tokens
from switchyard.domain.ids import new_id
from switchyard.domain.oauth import Client, Code, GrantRefused, RefreshToken, ScopeRefused, TooManyRegistrations
from switchyard.domain.structs import replace
from switchyard.store import oauth as rows
from switchyard.store import tokens as token_rows
from switchyard.store.table import ConditionFailed, Item, Table
from switchyard.store.tokens import TokenRow

_OVER = "The code is unknown, was used, or its minute is over."
_REFRESH_OVER = "The refresh token is unknown, was used, or the connection has ended."
#: The hour in which registrations cannot be made any more: this container need not ask again.
_full: str = ""


def register(table: Table, name: str, redirect_uris: Iterable[str]) -> Client:
    """Write a client that registers itself: 1 transaction. Raises TooManyRegistrations."""
    global _full
    now = clock.now()
    hour = now[:13]
    left = 3_600 - clock.epoch() % 3_600
    if hour == _full:
        raise TooManyRegistrations(left)
    until = clock.stamp(clock.epoch() + oauth.REGISTERED_SECONDS)
    client = Client(new_id(), name, tuple(redirect_uris), now, until)
    try:
        table.write(rows.register(client, hour))
    except ConditionFailed:
        _full = hour
        raise TooManyRegistrations(left) from None
    return client


def allow(
    table: Table,
    session: TokenRow,
    client: Client,
    redirect_uri: str,
    challenge: str,
    scopes: frozenset[str],
    path: str,
) -> str:
    """Write a code by which a client gets tokens of the session's person: 1 write; 2 for a registered client.

    `path` is the resource ("": everything). Returns the code.
    """
    secret, now = tokens.new_token(), clock.now()
    code = Code(
        tokens.digest(secret),
        replace(session.actor, scopes=scopes, token_id=""),
        client.id,
        client.name,
        redirect_uri,
        challenge,
        new_id(),
        tokens.digest(tokens.new_token()),
        now,
        clock.stamp(clock.epoch() + oauth.CODE_SECONDS),
        path or None,
        session.parent,
        session=session.digest,
    )
    kept = clock.stamp(clock.epoch() + oauth.CONNECTED_SECONDS)
    table.write([rows.put_code(code), *([] if client.is_described else [rows.keep_client(client.id, kept)])])
    return secret


def redeem(
    table: Table, secret: str, client_id: str, redirect_uri: str, verifier: str, path: str | None
) -> tuple[TokenRow, str, str]:
    """Write a connection and its first tokens by a code, which is used up: 2 reads, 1 transaction.

    Returns the access token's row, its secret and that of the refresh token. A code that comes twice ends the
    connection that was made by it (RFC 6749 §4.1.2). Raises GrantRefused, also when the session in which it was allowed
    has ended meanwhile, and TargetRefused for another resource.
    """
    code = rows.find_code(table, tokens.digest(secret)) if tokens.well_formed(secret) else None
    if code is None:
        raise GrantRefused(_OVER)
    if code.used_at is not None:
        raise _ended(table, code.actor.tenant_id, code.grant_id, code.grant, _OVER)
    if code.client_id != client_id or code.redirect_uri != redirect_uri:
        raise GrantRefused("The code was made for another client or another redirect_uri.")
    if not oauth.verifies(verifier, code.challenge):
        raise GrantRefused("The code_verifier is not that of the code_challenge.")
    target = _target(path, code.resource)
    if code.session is not None:
        # As the table has it now: whoever stole a session leaves no connection behind when it is ended.
        session = token_rows.find(table, code.session)
        if session is None or not session.usable:
            raise GrantRefused("The session in which the code was made has ended.")
    now = clock.now()
    grant = TokenRow(
        code.grant_id,
        code.grant,
        replace(code.actor, token_id=code.grant_id),
        now,
        _grant_end(now),
        created_by=code.actor.id,
        session=sessions.browser(code.client_name),
        parent=code.parent,
        client=client_id,
        resource=code.resource,
    )
    access, opened = _access(grant, grant.actor.scopes, target)
    refresh, kept = _refresh(grant)
    made = *token_rows.put(grant), *token_rows.put(access), rows.put_refresh(refresh)
    _use(table, grant, _OVER, rows.use_code(code), *made)
    return access, opened, kept


def refresh(
    table: Table, secret: str, client_id: str, scope: str | None, path: str | None
) -> tuple[TokenRow, str, str]:
    """Write new tokens by a refresh token, which is used up: 2 reads, 1 transaction. Returns what `redeem` does.

    A refresh token that comes twice ends the connection: one of the two who had it is a thief (RFC 9700 §4.14.2).
    Raises GrantRefused, ScopeRefused for more than was granted, and TargetRefused for another resource.
    """
    known = rows.find_refresh(table, tokens.digest(secret)) if tokens.well_formed(secret) else None
    grant = token_rows.find(table, known.grant) if known else None
    if known is None or grant is None:
        raise GrantRefused(_REFRESH_OVER)
    if known.used_at is not None:
        raise _ended(table, grant.actor.tenant_id, grant.id, grant.digest, _REFRESH_OVER)
    if known.client_id != client_id:
        raise GrantRefused("The refresh token was made for another client.")
    if not grant.usable or known.valid_until <= clock.now():
        raise GrantRefused(_REFRESH_OVER)
    target = _target(path, grant.resource)
    asked = frozenset((scope or "").split()) - {oauth.OFFLINE}
    if not asked <= grant.actor.scopes:
        raise ScopeRefused("A refresh token gets at most the scopes that were granted.")
    access, opened = _access(grant, asked or grant.actor.scopes, target)
    following, kept = _refresh(grant)
    made = rows.put_refresh(following), *token_rows.put(access)
    extended = token_rows.extend(grant, _grant_end(grant.created_at))
    _use(table, grant, _REFRESH_OVER, rows.use_refresh(known), *made, *extended)
    return access, opened, kept


def revoke(table: Table, secret: str, client_id: str) -> str | None:
    """End a connection by its refresh token, or one access token: 2 or 1 reads, 1 transaction (RFC 7009).

    Returns the digest of the row that was ended; None for what is unknown or another client's, which stays as it is.
    """
    if not tokens.well_formed(secret):
        return None
    digest = tokens.digest(secret)
    known = rows.find_refresh(table, digest)
    row = token_rows.find(table, known.grant if known else digest)
    if row is None or row.client != client_id:
        return None
    table.write(token_rows.revoke(row.actor.tenant_id, row.id, row.digest, row.actor.id))
    return row.digest


def _target(asked: str | None, allowed: str | None) -> str | None:
    """Return the path that an access token is for: what was allowed, or of everything (None) what is asked for."""
    if asked is None or asked == (allowed or ""):
        return allowed
    if allowed is not None:
        raise oauth.TargetRefused("The resource is not the one that was allowed.")
    return asked


def _grant_end(created_at: str) -> str:
    latest = clock.milliseconds(created_at) // 1000 + oauth.GRANT_SECONDS_MAX
    return clock.stamp(min(clock.epoch() + oauth.REFRESH_SECONDS, latest))


def _access(grant: TokenRow, scopes: frozenset[str], target: str | None) -> tuple[TokenRow, str]:
    secret, token_id = tokens.new_token(grant.actor.tenant_id), new_id()
    row = TokenRow(
        token_id,
        tokens.digest(secret),
        replace(grant.actor, token_id=token_id, scopes=scopes),
        clock.now(),
        clock.stamp(clock.epoch() + oauth.ACCESS_SECONDS),
        created_by=grant.actor.id,
        parent=grant.digest,
        client=grant.client,
        resource=target,
    )
    return row, secret


def _refresh(grant: TokenRow) -> tuple[RefreshToken, str]:
    assert grant.client is not None
    secret, until = tokens.new_token(), clock.stamp(clock.epoch() + oauth.REFRESH_SECONDS)
    return RefreshToken(tokens.digest(secret), grant.client, grant.digest, clock.now(), until), secret


def _use(table: Table, grant: TokenRow, detail: str, use: Item, *others: Item) -> None:
    """Use a code or a refresh token up, together with what it is used for: 1 transaction.

    Raises GrantRefused: if somebody else used it meanwhile, the connection ends.
    """
    try:
        table.write([use, *others])
    except ConditionFailed as refused:
        if refused.items and refused.items[0] is not None and "used_at" in refused.items[0]:
            raise _ended(table, grant.actor.tenant_id, grant.id, grant.digest, detail) from None
        raise GrantRefused(detail) from None


def _ended(table: Table, tenant_id: str, grant_id: str, grant: str, detail: str) -> GrantRefused:
    """End a connection whose code or refresh token came twice; returns what to refuse with."""
    try:
        table.write(token_rows.revoke(tenant_id, grant_id, grant, "reuse"))
    except ConditionFailed:
        # Its row went long ago, by its time to live.
        return GrantRefused(detail)
    return GrantRefused(f"{detail} It came twice: the connection has ended.")
