"""Who may sign in by OpenID Connect, and how they do (docs/sign-in.md)."""

import hashlib
import re

from switchyard.domain import clock, oidc, tokens
from switchyard.domain.actors import ROLES, Actor
from switchyard.domain.errors import Busy, Conflict, NotFound
from switchyard.domain.oidc import Domain, Invitation, SignInRefused
from switchyard.domain.structs import replace
from switchyard.ledger import administration, sessions
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, tenants
from switchyard.store import oidc as rows
from switchyard.store.table import Table
from switchyard.store.tokens import TokenRow

#: What an actor's id may be (surfaces/administration/models.py).
_ACTOR_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,127}")


def invite(unit: Unit, address: str, role: str, actor_id: str = "") -> Invitation:
    """Gather that an address belongs to an actor of the tenant (2 reads); its role counts from the next sign-in on.

    Raises Invalid, NotFound without such a tenant, and Conflict for an address of another tenant.
    """
    email = oidc.email(address)
    sessions.check_role(role)
    known = _mine(rows.find_invitation(unit.table, email), unit, "address")
    actor = actor_id or (known.actor_id if known else _actor_id(email))
    administration.upsert_member(unit, actor, "user", "")
    subject = known.subject if known and known.actor_id == actor else None
    made = Invitation(email, unit.actor.tenant_id, actor, role, clock.now(), unit.actor.id, subject)
    unit.write(rows.put_invitation(made))
    return made


def allow_domain(unit: Unit, name: str, role: str) -> Domain:
    """Gather that all verified addresses of a domain may sign in to the tenant (2 reads). Raises as `invite` does."""
    domain = oidc.domain(name)
    sessions.check_role(role)
    administration.find_tenant(unit)
    _mine(rows.find_domain(unit.table, domain), unit, "domain")
    made = Domain(domain, unit.actor.tenant_id, role, clock.now(), unit.actor.id)
    unit.write(rows.put_domain(made))
    return made


def give_address(unit: Unit, actor_id: str, address: str) -> str:
    """Gather that a person is mailed at an address which the operator knows to be theirs (1 read); returns it.

    Raises Invalid for what is no address, NotFound for a person whom the tenant does not know.
    """
    # Imported here: the beginning of a sign-in needs none of it.
    from switchyard.store import mailboxes

    email = oidc.email(address)
    _, member = tenants.find_tenant_and_member(unit.table, unit.actor.tenant_id, actor_id)
    if member is None or member.kind != "user":
        raise NotFound(f"There is no person {actor_id[:128]} in this tenant.")
    unit.write(mailboxes.note_address(unit.actor.tenant_id, actor_id, email, tokens.new_token()))
    return email


def withdraw(unit: Unit, address_or_domain: str) -> None:
    """Gather that an address or a domain may sign in no more (1 or 2 reads); sessions that are there go on.

    An address is not mailed any more.

    Raises NotFound for what is not the tenant's.
    """
    is_address = "@" in address_or_domain
    name = oidc.email(address_or_domain) if is_address else oidc.domain(address_or_domain)
    found = rows.find_invitation(unit.table, name) if is_address else rows.find_domain(unit.table, name)
    if found is None or found.tenant_id != unit.actor.tenant_id:
        raise NotFound(f"{name} is none that may sign in here.")
    delete = rows.delete_invitation if is_address else rows.delete_domain
    unit.write(delete(unit.actor.tenant_id, name))
    if isinstance(found, Invitation):
        from switchyard.store import mailboxes

        mailbox = mailboxes.find(unit.table, found.tenant_id, found.actor_id)
        if mailbox.address == name:
            unit.write(mailboxes.forget_address(mailbox))


def sign_in(table: Table, address: str, subject: str, name: str, browser: str, request_id: str) -> tuple[TokenRow, str]:
    """Write a session of somebody whom the issuer vouches for: 2 or 3 reads, 1 transaction. Returns it and its secret.

    `subject` is issuer and sub. Raises SignInRefused for a person who is not invited, and for another person with an
    address that was invited.
    """
    email = oidc.email(address)
    for _ in contention.until(table.deadline - 1):
        known = rows.find_invitation(table, email)
        if known is None:
            rule = rows.find_domain(table, email.rpartition("@")[2])
            if rule is None:
                raise SignInRefused("not_invited", "Neither the address nor its domain is any tenant's.")
            known = Invitation(email, rule.tenant_id, _actor_id(email), rule.role, clock.now(), "domain")
        if known.subject not in (None, subject):
            raise SignInRefused("other_person", "The address was another subject's.")
        actor = Actor(known.tenant_id, known.actor_id, "user", ROLES[known.role], "")
        unit = Unit(table, actor, request_id)
        tenant, member = administration.upsert_member(unit, known.actor_id, "user", name)
        if known.subject is None:
            unit.write(rows.take(replace(known, subject=subject)))
        # Imported here, as above.
        from switchyard.store import mailboxes

        # The issuer vouches that the address is theirs: the only one that may be mailed.
        unit.write(mailboxes.note_address(known.tenant_id, known.actor_id, email, tokens.new_token()))
        person = replace(actor, name=member.name, number=member.number, shards=tenant.shards)
        row, secret = sessions.begin(unit, person, browser)
        try:
            unit.commit(200, {}, "")
        except Stale:
            continue
        return row, secret
    raise Busy("Too many sign-ins at once: try again in a second.")


def _mine[Row: (Invitation, Domain)](found: Row | None, unit: Unit, what: str) -> Row | None:
    if found and found.tenant_id != unit.actor.tenant_id:
        raise Conflict(f"The {what} is another tenant's: it can sign in to one alone.")
    return found


def _actor_id(email: str) -> str:
    """Return an actor's id for an address: itself, where it can be one."""
    return email if _ACTOR_ID.fullmatch(email) else f"user_{hashlib.sha256(email.encode()).hexdigest()[:20]}"
