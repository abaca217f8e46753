"""What clients send about runs (contract: projects.md §5.1, §7)."""

from typing import Annotated, Any, Literal

from switchyard.domain.artifacts import ID_MAX
from switchyard.domain.runs import ERROR_MAX, OUTPUT_MAX_BYTES, STATE_MAX_BYTES
from switchyard.http.models import Field, Rule
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import ABSENT, bounded
from switchyard.surfaces.projects.inputs import Body, Uuid

BRANCH_MAX, STAGE_MAX, NAME_MAX = 255, 100, 255
MESSAGE_MAX = 32_000
RELAY_MAX = 10_000
KEY_MAX, KEYS_MAX = 255, 1_000
#: Staged artifacts that one run may take: they are read with it in one go, and taken in its transaction.
PENDING_MAX = 90


_NOT_NULL = {"not": {"type": "null"}}


def _not_null(value: Any) -> Any:
    if value is None:
        raise Expectation("may not be null", "any other JSON value", "null")
    return value


def _text(most: int) -> Any:
    """A text that is trimmed, and then neither empty nor longer than so many characters."""
    return Field(strip_whitespace=True, min_length=1, max_length=most)


#: A text for the agent, trimmed; what is blank is none.
Message = Annotated[str, Field(strip_whitespace=True, max_length=MESSAGE_MAX)]
ArtifactIds = Annotated[list[Annotated[str, _text(ID_MAX)]], Field(max_length=PENDING_MAX)]
State = Annotated[dict[str, Any], bounded(STATE_MAX_BYTES)]
Output = Annotated[Any, bounded(OUTPUT_MAX_BYTES)]


class _Runtime(Body):
    mode: Literal["background", "interactive"] = "background"
    branch: Annotated[str, _text(BRANCH_MAX)] | None = None
    sandbox_environment_id: Uuid = ABSENT
    pr_authorship_mode: Literal["user", "bot"] = ABSENT
    run_source: Literal["manual", "signal_report"] = ABSENT
    signal_report_id: Annotated[str, _text(NAME_MAX)] = ABSENT
    runtime_adapter: Literal["claude", "codex"] = ABSENT
    model: Annotated[str, _text(NAME_MAX)] = ABSENT
    reasoning_effort: Literal["low", "medium", "high", "xhigh", "max"] = ABSENT
    service_tier: Annotated[str, _text(NAME_MAX)] = ABSENT
    github_user_token: Annotated[str, _text(NAME_MAX), Field(json_schema_extra={"writeOnly": True})] = ABSENT
    initial_permission_mode: Literal[
        "default", "acceptEdits", "plan", "bypassPermissions", "auto", "read-only", "full-access"
    ] = ABSENT


class RunTask(_Runtime):
    """A run of a task: how, by which model, from which state on, with which message and staged artifacts.

    `github_user_token` is taken and forgotten: nothing here acts on GitHub.
    """

    resume_from_run_id: Uuid = ABSENT
    pending_user_message: Message = ABSENT
    pending_user_artifact_ids: ArtifactIds = []


class CreateRun(_Runtime):
    """A run that is not started yet: by a local session, or in the cloud once its files are uploaded."""

    environment: Literal["local", "cloud"] = "local"


class StartRun(Body):
    """The start of a cloud run; the artifacts are those of the run."""

    pending_user_message: Message = ABSENT
    pending_user_artifact_ids: ArtifactIds = []


class UpdateRun(Body):
    """A change of a run. `state` and an object as `output` are merged into what is there, key by key."""

    status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"] = ABSENT
    branch: Annotated[str, Field(max_length=BRANCH_MAX)] | None = None
    stage: Annotated[str, Field(max_length=STAGE_MAX)] | None = None
    output: Output = None
    state: State = ABSENT
    state_remove_keys: Annotated[list[Annotated[str, _text(KEY_MAX)]], Field(max_length=KEYS_MAX)] = ABSENT
    error_message: Annotated[str, Field(max_length=ERROR_MAX)] | None = None
    environment: Literal["local"] = ABSENT


class SetOutput(Body):
    """The whole output of a run, in place of what was there."""

    output: Annotated[Output, Rule(_not_null, _NOT_NULL)]


class RelayMessage(Body):
    """A text for a chat."""

    text: Annotated[str, Field(max_length=RELAY_MAX)]
    text_parts: Annotated[list[Annotated[str, Field(max_length=RELAY_MAX)]], Field(max_length=100)] = []


class Command(Body):
    """A JSON-RPC request to the agent in the run's sandbox."""

    jsonrpc: Literal["2.0"]
    method: Literal["user_message", "cancel", "close", "permission_response", "set_config_option"]
    params: dict[str, Any] = {}
    id: str | int | None = None
