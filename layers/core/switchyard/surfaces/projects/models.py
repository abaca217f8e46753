"""Bodies and queries about tasks (contract: projects.md §3, §4). An absent field keeps its value, or its default."""

import re
from typing import Annotated, Any, Literal

from switchyard.domain.text import is_blank
from switchyard.domain.tracks import DESCRIPTION_MAX, METADATA_MAX_BYTES
from switchyard.http.models import AfterValidator, Field, Rule, WithJsonSchema
from switchyard.http.validation import Expectation, bounded_json
from switchyard.store.keys import REPOSITORY_MAX_BYTES
from switchyard.surfaces.inputs import ABSENT, Cursor, Whole
from switchyard.surfaces.projects.inputs import Body, Paging, Uuid

TITLE_MAX = 255
REPOSITORY_MAX = 255
CI_PROMPT_MAX = 10_000
SUMMARIES_MAX = 5_000
_SEARCH_MAX = 255
_REPOSITORY = r"[^\s/]+/[^\s/]+"

Origin = Literal[
    "onboarding",
    "error_tracking",
    "eval_clusters",
    "user_created",
    "automation",
    "slack",
    "support_queue",
    "session_summaries",
    "posthog_ai",
    "experiments",
    "signal_report",
    "signals_scout",
    "support_reply",
    "hogdesk",
]
RunStatus = Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"]


def _repository(text: str) -> str | None:
    if text and not re.fullmatch(_REPOSITORY, text):
        raise Expectation("Repository must be in the format organization/repository", "")
    lower = text.lower()
    if len(lower.encode()) > REPOSITORY_MAX_BYTES:
        raise Expectation(f"Repository must have at most {REPOSITORY_MAX_BYTES:,} bytes in lower case", "")
    return lower or None


def _visible(text: str) -> str:
    return "" if is_blank(text) else text


def _no_integration(_given: int) -> int:
    raise Expectation("Integration must belong to the same team", "")


def _no_user_integration(_given: str) -> str:
    raise Expectation("User integration must belong to the authenticated user", "")


def _schema(value: dict[str, Any]) -> dict[str, Any]:
    # Imported when a schema is there to be checked: it costs as much as all the rest of a cold start.
    from switchyard.surfaces.projects import schemas

    schemas.check(bounded_json(value, METADATA_MAX_BYTES))
    return value


Repository = Annotated[
    str,
    Field(strip_whitespace=True, max_length=REPOSITORY_MAX),
    Rule(_repository, {"pattern": rf"^\s*({_REPOSITORY})?\s*$"}),
]
_Nothing = WithJsonSchema({"type": "null", "description": "Clients send it; there is none here that it could name."})
_NoIntegration = Annotated[Annotated[int, AfterValidator(_no_integration)] | None, _Nothing]
_NoUserIntegration = Annotated[Annotated[str, AfterValidator(_no_user_integration)] | None, _Nothing]


class TaskFields(Body):
    """A new task, or a change of one. `idle_seconds` and `timeout_seconds` (null: the defaults) are an extension."""

    title: Annotated[str, Field(strip_whitespace=True, max_length=TITLE_MAX), AfterValidator(_visible)] = ABSENT
    title_manually_set: bool = ABSENT
    description: Annotated[str, Field(max_length=DESCRIPTION_MAX)] = ABSENT
    origin_product: Origin = ABSENT
    repository: Repository | None = None
    github_integration: _NoIntegration = None
    github_user_integration: _NoUserIntegration = None
    signal_report: Uuid | None = None
    signal_report_task_relationship: Literal["implementation"] = ABSENT
    json_schema: Annotated[dict[str, Any], AfterValidator(_schema)] | None = None
    internal: bool = ABSENT
    archived: bool = ABSENT
    ci_prompt: Annotated[str, Field(max_length=CI_PROMPT_MAX)] | None = None
    idle_seconds: Annotated[int, Field(ge=10, le=86_400), Whole] | None = None
    timeout_seconds: Annotated[int, Field(ge=60, le=604_800), Whole] | None = None


_Text = Annotated[str, Field(strip_whitespace=True, max_length=_SEARCH_MAX)]


class ListTasks(Paging):
    """Which tasks to list. `position` comes with the links to the next page and the one before."""

    origin_product: _Text = ABSENT
    stage: _Text = ABSENT
    organization: _Text = ABSENT
    repository: _Text = ABSENT
    created_by: Annotated[int, Field(ge=0, le=2**53)] = ABSENT
    search: _Text = ABSENT
    status: RunStatus = ABSENT
    internal: bool = False
    archived: Literal["true", "false", "all"] = "false"
    position: Cursor = ABSENT


class Summaries(Body):
    ids: Annotated[list[Uuid], Field(min_length=1, max_length=SUMMARIES_MAX)]
