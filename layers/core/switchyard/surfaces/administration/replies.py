"""What the administration surface answers, as documented in docs/openapi.json."""

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Shown(BaseModel):
    """Base of answers: camelCase, nothing beyond what is documented."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", defer_build=True)


class TokenActor(Shown):
    id: str
    kind: Literal["user", "agent"]
    name: str
    number: int


class TokenShown(Shown):
    id: str
    actor: TokenActor
    scopes: list[str]
    status: Literal["active", "expired", "revoked"]
    created_at: str
    created_by: str
    expires_at: str | None
    revoked_at: str | None
    revoked_by: str | None


class TokenCreated(TokenShown):
    """`token` is the secret, shown once: null when the same idempotency key is sent again."""

    token: str | None
    notice: str


class TokenPage(Shown):
    items: list[TokenShown]
    next_cursor: str | None


class ProjectShown(Shown):
    id: str
    number: int
    name: str
    created_at: str
    created_by: str


class ProjectPage(Shown):
    items: list[ProjectShown]
    next_cursor: str | None
