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

    #: What is to be done; made of the description when blank.
    title: Annotated[str, Field(strip_whitespace=True, max_length=TITLE_MAX), AfterValidator(_visible)] = ABSENT
    title_manually_set: bool = ABSENT  #: Whether a person chose the title; true when one is sent without this.
    description: Annotated[str, Field(max_length=DESCRIPTION_MAX)] = ABSENT  #: What is to be done, at length.
    origin_product: Origin = ABSENT  #: Where the task comes from, in the contract's words.
    repository: Repository | None = None  #: The repository that it is about, `organization/name`; null for none.
    github_integration: _NoIntegration = None  #: Must be null: no integrations are kept here.
    github_user_integration: _NoUserIntegration = None  #: Must be null: no integrations are kept here.
    signal_report: Uuid | None = None  #: UUID of the report that it comes from; kept as it is.
    #: What it is to that report; needs the origin `signal_report`.
    signal_report_task_relationship: Literal["implementation"] = ABSENT
    #: JSON Schema (draft 2020-12) for the output of its runs, of at most 32 KB; null for any output.
    json_schema: Annotated[dict[str, Any], AfterValidator(_schema)] | None = None
    internal: bool = ABSENT  #: Whether only administrators' lists show it.
    archived: bool = ABSENT  #: Whether lists leave it out.
    #: What agents are told when checks fail; 10,000 characters at most.
    ci_prompt: Annotated[str, Field(max_length=CI_PROMPT_MAX)] | None = None
    #: Seconds without a word from the agent after which a run is over; null for the service's own.
    idle_seconds: Annotated[int, Field(ge=10, le=86_400), Whole] | None = None
    #: Seconds after which a run is over in any case; null for the service's own.
    timeout_seconds: Annotated[int, Field(ge=60, le=604_800), Whole] | None = None


_Text = Annotated[str, Field(strip_whitespace=True, max_length=_SEARCH_MAX)]


class ListTasks(Paging):
    """Which tasks to list. `position` comes with the links to the next page and the one before."""

    origin_product: _Text = ABSENT  #: Tasks with this origin alone.
    stage: _Text = ABSENT  #: Tasks one of whose runs has this stage.
    organization: _Text = ABSENT  #: Tasks about repositories of this organization.
    repository: _Text = ABSENT  #: Tasks about this repository; without a slash, about any of this name.
    created_by: Annotated[int, Field(ge=0, le=2**53)] = ABSENT  #: Tasks that the actor with this number made.
    search: _Text = ABSENT  #: Tasks with these words in title or description, or with this number.
    status: RunStatus = ABSENT  #: Tasks whose latest run has this status.
    internal: bool = False  #: True for internal tasks alone; needs the scope settings:admin.
    #: Whether to leave archived tasks out, list them alone, or list all.
    archived: Literal["true", "false", "all"] = "false"
    #: Where the page begins, as the links of the page before have it; saves counting up to the offset.
    position: Cursor = ABSENT


class Summaries(Body):
    #: UUIDs of the tasks; those that are not there are left out.
    ids: Annotated[list[Uuid], Field(min_length=1, max_length=SUMMARIES_MAX)]
