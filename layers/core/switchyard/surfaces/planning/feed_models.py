"""Wire models of calendar feeds (docs/planning.md)."""

from typing import Annotated

from switchyard.domain.feeds import Which
from switchyard.http.models import Field
from switchyard.surfaces.inputs import CamelBody, NotBlank, OneLine
from switchyard.surfaces.outputs import CamelShown


class CreateFeed(CamelBody):
    """`scope`: due dates of shared tracks (`projects`), of the caller's personal ones, or of `all` of these."""

    name: Annotated[str, Field(min_length=1, max_length=120), NotBlank, OneLine] = "Due dates"
    scope: Which = "all"


class FeedShown(CamelShown):
    id: str
    name: str
    scope: Which
    created_by: str
    created_at: str


class FeedCreated(FeedShown):
    """`url` has the secret, and is shown once: null when the same idempotency key is sent again."""

    url: str | None


class FeedPage(CamelShown):
    """A page of feeds."""

    items: list[FeedShown]
    next_cursor: str | None
