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
    mode: Literal["background", "interactive"] = "background"  #: Whether the agent works alone or with a person.
    #: The branch that the work is to be on; null for the agent's own choice.
    branch: Annotated[str, _text(BRANCH_MAX)] | None = None
    sandbox_environment_id: Uuid = ABSENT  #: Refused: there are no sandbox environments here.
    pr_authorship_mode: Literal["user", "bot"] = ABSENT  #: Whose name the agent's changes bear.
    run_source: Literal["manual", "signal_report"] = ABSENT  #: Who or what started it.
    signal_report_id: Annotated[str, _text(NAME_MAX)] = ABSENT  #: Id of the report that it comes from; kept as it is.
    runtime_adapter: Literal["claude", "codex"] = ABSENT  #: Which kind of agent it is for.
    model: Annotated[str, _text(NAME_MAX)] = ABSENT  #: Which model the agent is to use.
    #: How hard the model is to think; each model accepts some of these.
    reasoning_effort: Literal["low", "medium", "high", "xhigh", "max"] = ABSENT
    service_tier: Annotated[str, _text(NAME_MAX)] = ABSENT  #: The model provider's service tier; kept as it is.
    #: Taken and forgotten: nothing here acts on GitHub.
    github_user_token: Annotated[str, _text(NAME_MAX), Field(json_schema_extra={"writeOnly": True})] = ABSENT
    #: What the agent may do unasked when it begins.
    initial_permission_mode: Literal[
        "default", "acceptEdits", "plan", "bypassPermissions", "auto", "read-only", "full-access"
    ] = ABSENT


class RunTask(_Runtime):
    """A run of a task: how, by which model, from which state on, with which message and staged artifacts.

    `github_user_token` is taken and forgotten: nothing here acts on GitHub.
    """

    resume_from_run_id: Uuid = ABSENT  #: UUID of a run of the same task that this one continues.
    pending_user_message: Message = ABSENT  #: A text for the agent, trimmed.
    pending_user_artifact_ids: ArtifactIds = []  #: Ids of staged files that the run takes; 90 at most.


class CreateRun(_Runtime):
    """A run that is not started yet: by a local session, or in the cloud once its files are uploaded."""

    environment: Literal["local", "cloud"] = "local"  #: Whether a local session works on it, or agents that claim it.


class StartRun(Body):
    """The start of a cloud run; the artifacts are those of the run."""

    pending_user_message: Message = ABSENT  #: A text for the agent, trimmed.
    pending_user_artifact_ids: ArtifactIds = []  #: Ids of the run's files that the message is about; 90 at most.


class UpdateRun(Body):
    """A change of a run. `state` and an object as `output` are merged into what is there, key by key."""

    #: Where the run stands; the last three are final, `queued` gives it to the next agent.
    status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"] = ABSENT
    branch: Annotated[str, Field(max_length=BRANCH_MAX)] | None = None  #: The branch that the work is on.
    stage: Annotated[str, Field(max_length=STAGE_MAX)] | None = None  #: The step that the agent is at.
    output: Output = None  #: What came of it, any JSON of at most 96 KB; an object is merged into what is there.
    state: State = ABSENT  #: What the agents keep, merged key by key; 64 KB in all.
    #: Keys to take off `state` before it is merged.
    state_remove_keys: Annotated[list[Annotated[str, _text(KEY_MAX)]], Field(max_length=KEYS_MAX)] = ABSENT
    #: Why it failed; 2,000 characters at most.
    error_message: Annotated[str, Field(max_length=ERROR_MAX)] | None = None
    environment: Literal["local"] = ABSENT  #: `local` takes the run over from the agent who holds it.


class SetOutput(Body):
    """The whole output of a run, in place of what was there."""

    #: The whole output, any JSON but null, in place of what was there; 96 KB at most.
    output: Annotated[Output, Rule(_not_null, _NOT_NULL)]


class RelayMessage(Body):
    """A text for a chat."""

    text: Annotated[str, Field(max_length=RELAY_MAX)]  #: The message.
    #: The message in parts.
    text_parts: Annotated[list[Annotated[str, Field(max_length=RELAY_MAX)]], Field(max_length=100)] = []


class Command(Body):
    """A JSON-RPC request to the agent in the run's sandbox."""

    jsonrpc: Literal["2.0"]  #: Version of JSON-RPC.
    #: What the agent is asked for.
    method: Literal["user_message", "cancel", "close", "permission_response", "set_config_option"]
    params: dict[str, Any] = {}  #: The method's arguments.
    id: str | int | None = None  #: The client's name for the request.
