"""Wire models of the administration surface. Field names are camelCase on the wire; null is refused."""

from typing import Annotated, Literal

from switchyard.domain import clock, tokens
from switchyard.domain.actors import EMPTY_SCOPES, SCOPES
from switchyard.domain.tenants import AutoRun, UnknownProjects
from switchyard.http.models import AfterValidator, Field, Rule, WithJsonSchema
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import (
    ABSENT,
    CamelBody,
    CamelQuery,
    Cursor,
    Distinct,
    Limit,
    NotBlank,
    OneLine,
)

NAME_MAX = 120


def _known_scopes(values: list[str]) -> list[str]:
    for value in values:
        if value not in SCOPES and value not in EMPTY_SCOPES:
            known = ", ".join((*SCOPES, *EMPTY_SCOPES))
            raise Expectation(f"{value!r} is not a known scope", f"some of {known}", "unknown_value")
    return values


def _expiry(text: str) -> str:
    try:
        return tokens.expiry(text)
    except clock.UnsupportedTime as error:
        raise Expectation(f"{text!r} {error}", error.expected, "date_time") from None
    except ValueError:
        expected = "a time in the future (ISO 8601), or a duration: 30m, 12h, 90d, 2w"
        raise Expectation(f"{text!r} is not a time in the future", expected, "date_time") from None


Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX), NotBlank, OneLine]
# Actor ids become parts of keys, whose separators # and ~ they may not contain.
ActorId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@:+-]*$")]
Scope = Annotated[str, Field(max_length=40), WithJsonSchema({"type": "string", "enum": [*SCOPES, *EMPTY_SCOPES]})]
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=20), Distinct, AfterValidator(_known_scopes)]
_EXPIRY = {
    "description": "A time in the future (ISO 8601), or a duration: 30m, 12h, 90d, 2w.",
    "anyOf": [{"format": "date-time"}, {"format": "date"}, {"pattern": f"^{tokens.DURATION}$"}],
}
Expiry = Annotated[
    str,
    Field(max_length=40),
    Rule(_expiry, _EXPIRY),
]


class ActorFields(CamelBody):
    """Whom a token is for. A first token makes the actor known; `name` left out keeps the one it has."""

    id: ActorId  #: The actor's id in the tenant: a person's login, an agent's name.
    kind: Literal["user", "agent"] = "user"  #: Whether a person acts or an agent: agents cannot begin what is blocked.
    name: Name = ABSENT  #: How lists show the actor; 120 characters at most.


class CreateToken(CamelBody):
    """`expiresAt` left out makes a token without an end."""

    actor: ActorFields  #: Whom the token is for; made known by the first token.
    scopes: Scopes  #: What the token may do.
    expires_at: Expiry = ABSENT  #: When it ends; without an end if left out.


class ListMembers(CamelQuery):
    """Whom the tenant knows: people and agents that a token was issued for."""

    kind: Literal["user", "agent"] = ABSENT  #: People alone, or agents alone.
    limit: Limit = 50
    cursor: Cursor = ABSENT


class UpdateProject(CamelBody):
    """Absent fields keep their values."""

    name: Name = ABSENT  #: The project's name, which no other of the tenant has; 120 characters at most.
    archived: bool = ABSENT  #: Whether the project is over: what is in it stays as it is.


class CreateProject(CamelBody):
    name: Name  #: The project's name; 120 characters at most.


class CreateTenant(CamelBody):
    name: Name  #: The tenant's name; 120 characters at most.


class UpdateTenant(CamelBody):
    """Absent settings keep their values."""

    #: Which ready tasks get a run by themselves: none (`off`), or those assigned to an agent (`agents`).
    auto_run: AutoRun = ABSENT
    #: What becomes of a request that puts tracks into projects which the tenant does not have: an answer with the
    #: header Projects-Unknown (`warn`), or 422 (`refuse`).
    unknown_projects: UnknownProjects = ABSENT
