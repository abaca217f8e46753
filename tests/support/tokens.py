"""Tokens for tests, written straight into a table."""

from typing import Any

from switchyard.domain import clock, tokens
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.store import tokens as token_rows
from switchyard.store.table import Table
from switchyard.store.tokens import TokenRow


def issue(
    table: Table,
    tenant: str,
    actor_id: str = "user_ada",
    *,
    kind: Any = "user",
    scopes: list[str] | None = None,
    expires_at: str | None = None,
    names: str | None = "its own",
    **more: Any,
) -> str:
    """Write the row of a new token, with every scope unless some are named; returns its secret.

    `names` is the tenant that it names (None: none), `more` are further fields of the row.
    """
    secret = tokens.new_token(tenant if names == "its own" else names)
    actor = Actor(tenant, actor_id, kind, frozenset(SCOPES if scopes is None else scopes), new_id())
    row = TokenRow(actor.token_id, tokens.digest(secret), actor, clock.now(), expires_at, **more)
    table.write(token_rows.put(row))
    return secret
