"""Wire models of calendar feeds (docs/planning.md)."""

from typing import Annotated

from switchyard.domain.feeds import Which
from switchyard.http.models import Field
from switchyard.surfaces.inputs import CamelBody, NotBlank, OneLine
from switchyard.surfaces.outputs import CamelShown


class CreateFeed(CamelBody):
    """`scope`: due dates of shared tracks (`projects`), of the caller's personal ones, or of `all` of these."""

    #: How calendars call it; one line, 120 characters at most.
    name: Annotated[str, Field(min_length=1, max_length=120), NotBlank, OneLine] = "Due dates"
    scope: Which = "all"  #: Whose due dates: the shared ones, the caller's own, or all of these.


class FeedShown(CamelShown):
    id: str  #: The feed's id, by which it is revoked.
    name: str  #: How calendars call it.
    scope: Which  #: Whose due dates it has.
    created_by: str  #: The id of the actor whose view it is.
    created_at: str  #: When it was created.


class FeedCreated(FeedShown):
    """`url` has the secret, and is shown once: null when the same idempotency key is sent again."""

    url: str | None  #: The address, which has the secret; null when the same idempotency key is sent again.


class FeedPage(CamelShown):
    """A page of feeds."""

    items: list[FeedShown]  #: The feeds, newest first.
    next_cursor: str | None  #: Where the next page begins; null at the end.
