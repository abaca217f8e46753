"""What the models of the projects surface have in common (contract: projects.md §1)."""

from typing import Annotated, Any
from uuid import UUID

from switchyard.domain.ids import parse_id
from switchyard.http.models import BeforeValidator, Query, Rule, Wire
from switchyard.http.validation import Expectation

LIMIT = 50
LIMIT_MAX = 100
#: An offset beyond any list.
OFFSET_MAX = 1_000_000_000


class Body(Wire):
    """Base of request bodies: strict types; keys that are not known are ignored, as the contract has it."""

    model_config = {"extra": "ignore"}


class Params(Query):
    """Base of query parameters: names that are not known are ignored."""

    model_config = {"extra": "ignore"}


def _uuid(text: str) -> str:
    try:
        return parse_id(text) or str(UUID(text[:100]))
    except ValueError:
        raise Expectation("Must be a valid UUID.", "") from None


def _limit(given: Any) -> int:
    number = _whole(given)
    return min(number, LIMIT_MAX) if number else LIMIT


def _whole(given: Any) -> int:
    """Read what a client sent for a number that is never refused; 0 for what is none."""
    text = str(given).strip()
    if not (text.isascii() and text.isdecimal()):
        return 0
    digits = text.lstrip("0")
    return OFFSET_MAX if len(digits) > len(str(OFFSET_MAX)) else min(int(digits or "0"), OFFSET_MAX)


#: A UUID in any of its forms and of an id's, in the canonical one.
Uuid = Annotated[str, Rule(_uuid, {"format": "uuid"})]
#: At most so many items in the page: above 100 is 100, and anything but a number is 50.
Limit = Annotated[int, BeforeValidator(_limit)]


class Paging(Params):
    """`limit` and `offset`; anything but a number is the default."""

    limit: Limit = LIMIT
    #: How many to leave out before the page begins; anything but a number is 0.
    offset: Annotated[int, BeforeValidator(_whole)] = 0
