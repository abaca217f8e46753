"""People who sign in by an OpenID Connect issuer: who may, into which tenant, with which role."""

import re

from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.structs import Struct

#: Seconds that somebody has to sign in at the issuer.
FLOW_SECONDS = 600
EMAIL_MAX = 190
_EMAIL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?P<domain>[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+)")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


class SignInRefused(Exception):
    """Somebody whom the issuer knows may not sign in here; `code` is what the sign-in page is told."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Invitation(Struct):
    """An e-mail address that belongs to an actor of a tenant. `subject` is whose it was found to be: issuer and sub.

    The address is taken once: whoever has it later, under another subject, is not that person.
    """

    email: str
    tenant_id: str
    actor_id: str
    role: str
    created_at: str
    created_by: str
    subject: str | None = None


class Domain(Struct):
    """A domain whose verified addresses may all sign in to a tenant, with a role."""

    domain: str
    tenant_id: str
    role: str
    created_at: str
    created_by: str


def email(text: str) -> str:
    """Return an address as it is compared: in lower case. Raises Invalid."""
    found = _lower(text)
    if len(found) > EMAIL_MAX or not _EMAIL.fullmatch(found):
        raise Invalid(FieldError("email", f"{text[:80]!r} is not an e-mail address", "name@example.com", "email"))
    return found


def domain(text: str) -> str:
    """Return a domain as it is compared: in lower case. Raises Invalid."""
    found = _lower(text)
    if len(found) > EMAIL_MAX or not _DOMAIN.fullmatch(found):
        raise Invalid(FieldError("domain", f"{text[:80]!r} is not a domain", "example.com", "domain"))
    return found


def _lower(text: str) -> str:
    """Return a text in lower case, its ASCII letters alone: the small letter of U+212A (Kelvin) is another's k."""
    stripped = text.strip()
    return stripped.lower() if stripped.isascii() else stripped
