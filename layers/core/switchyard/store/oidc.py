"""Who may sign in by OpenID Connect: e-mail addresses and domains, each of one tenant."""

import hashlib

from switchyard.domain.oidc import Domain, Invitation
from switchyard.store import keys
from switchyard.store.codec import Codec, row_key
from switchyard.store.table import Item, Table


def _email_key(email: str) -> tuple[str, str]:
    return keys.oauth("EMAIL", hashlib.sha256(email.encode()).hexdigest())


INVITATIONS = Codec(Invitation, lambda invitation: _email_key(invitation.email))
DOMAINS = Codec(Domain, lambda domain: keys.oauth("DOMAIN", domain.domain))


def find_invitation(table: Table, email: str) -> Invitation | None:
    """Read whose an address is: 1 round trip."""
    item = table.get(*_email_key(email))
    return INVITATIONS.from_item(item) if item else None


def find_domain(table: Table, domain: str) -> Domain | None:
    """Read whose a domain is: 1 round trip."""
    item = table.get(*keys.oauth("DOMAIN", domain))
    return DOMAINS.from_item(item) if item else None


def put_invitation(invitation: Invitation) -> Item:
    """The action that gives an address to a tenant: it is nobody's, or that tenant's already."""
    return INVITATIONS.put(invitation, _of_tenant(invitation.tenant_id))


def put_domain(domain: Domain) -> Item:
    """The action that gives a domain to a tenant: it is nobody's, or that tenant's already."""
    return DOMAINS.put(domain, _of_tenant(domain.tenant_id))


def take(invitation: Invitation) -> Item:
    """The action by which somebody takes an address: it holds once, and for as long as the address is the tenant's."""
    condition = "attribute_not_exists(pk) OR (tenant_id = :tenant AND attribute_not_exists(subject))"
    values = {":tenant": {"S": invitation.tenant_id}}
    return INVITATIONS.put(invitation, {"ConditionExpression": condition, "ExpressionAttributeValues": values})


def delete_invitation(tenant_id: str, email: str) -> Item:
    """The action that takes an address away from a tenant."""
    return {"Delete": {"Key": row_key(_email_key(email)), **_still_of(tenant_id)}}


def delete_domain(tenant_id: str, domain: str) -> Item:
    """The action that takes a domain away from a tenant."""
    return {"Delete": {"Key": row_key(keys.oauth("DOMAIN", domain)), **_still_of(tenant_id)}}


def _of_tenant(tenant_id: str) -> Item:
    return {
        "ConditionExpression": "attribute_not_exists(pk) OR tenant_id = :tenant",
        "ExpressionAttributeValues": {":tenant": {"S": tenant_id}},
    }


def _still_of(tenant_id: str) -> Item:
    return {"ConditionExpression": "tenant_id = :tenant", "ExpressionAttributeValues": {":tenant": {"S": tenant_id}}}
