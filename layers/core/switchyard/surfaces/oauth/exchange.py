"""What clients call themselves: registration, tokens, revocation."""

from switchyard.domain import clock, oauth
from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.oauth import GrantTypeRefused
from switchyard.http import auth
from switchyard.http.call import Opened, Reply
from switchyard.ledger import oauth as verbs
from switchyard.surfaces.oauth.metadata import resource_path
from switchyard.surfaces.oauth.models import ClientMetadata, Revocation, TokenRequest


def issue(opened: Opened[TokenRequest]) -> Reply:
    """Answer with tokens by a code or a refresh token."""
    body, table = opened.body, opened.table
    path = resource_path(opened.request, body.resource)
    if body.grant_type == "authorization_code":
        _need(body, "code", "redirect_uri", "code_verifier")
        made = verbs.redeem(table, body.code, body.client_id, body.redirect_uri, body.code_verifier, path)
    elif body.grant_type == "refresh_token":
        _need(body, "refresh_token")
        made = verbs.refresh(table, body.refresh_token, body.client_id, body.scope, path)
    else:
        raise GrantTypeRefused
    access, secret, refresh = made
    issued = {
        "access_token": secret,
        "token_type": "Bearer",
        "expires_in": oauth.ACCESS_SECONDS,
        "refresh_token": refresh,
        "scope": " ".join(sorted(access.actor.scopes)),
    }
    logged = {"tenant": access.actor.tenant_id, "actor": access.actor.id, "client": body.client_id[:200]}
    return Reply(200, issued, {"pragma": "no-cache"}, logged=logged)


def _need(body: TokenRequest, *names: str) -> None:
    missing = [name for name in names if getattr(body, name) is None]
    if missing:
        raise Invalid(*(FieldError(name, "is required", "", "required") for name in missing))


def revoke(opened: Opened[Revocation]) -> Reply:
    """End a token; what is unknown is over already (RFC 7009 §2.2)."""
    ended = verbs.revoke(opened.table, opened.body.token, opened.body.client_id)
    if ended:
        auth.forget(ended)
    return Reply(200)


def register(opened: Opened[ClientMetadata]) -> Reply:
    """Register a client: a public one, whatever it asked for (RFC 7591 §3.2.1)."""
    # Imported here: the other two endpoints need neither.
    from switchyard.surfaces.oauth import clients

    described = clients.made_of(opened.body, "")
    client = verbs.register(opened.table, described.name, described.redirect_uris)
    return Reply(
        201,
        {
            "client_id": client.id,
            "client_id_issued_at": clock.milliseconds(client.created_at) // 1000,
            "client_name": client.name,
            "redirect_uris": list(client.redirect_uris),
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        },
        logged={"client": client.id},
    )
