"""What the objectives surface answers, as documented in docs/openapi.json; the tests hold the answers to it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel

from switchyard.surfaces.objectives.models import State


class Shown(BaseModel):
    """Base of answers: camelCase, nothing beyond what is documented."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", defer_build=True)


class Status(Shown):
    """google.rpc.Status: gRPC's number of the error, a sentence, and typed details."""

    code: int
    message: str
    details: list[dict[str, Any]]


class TaskMetadata(Shown):
    id: str


class TaskData(Shown):
    number: Annotated[int, Field(ge=1)]
    task: str
    completed: bool
    completed_at: str = None  # type: ignore[assignment]


class ObjectiveTask(Shown):
    data: TaskData
    metadata: TaskMetadata


class Pagination(Shown):
    """An empty cursor ends the list."""

    next_cursor: str


class TaskPage(Shown):
    items: list[ObjectiveTask]
    pagination: Pagination


class Metadata(Shown):
    id: str
    account_id: str
    workspace_id: str
    profile_id: str
    created_at: str
    external_id: str
    labels: dict[str, str]
    name: str


class AgentSpec(Shown):
    variation_selection_mode: Literal["VARIATION_SELECTION_MODE_UNSPECIFIED"]


class AgentInfo(Shown):
    variation_count: int


class Agent(Shown):
    metadata: Metadata
    spec: AgentSpec
    state: Literal["STATE_UNSPECIFIED"]
    info: AgentInfo


class VariationSpec(Shown):
    pass


class VariationInfo(Shown):
    assignments: Annotated[list[str], Field(max_length=0)]
    feedback_count: int
    memory_layer_assignments: Annotated[list[str], Field(max_length=0)]
    memory_layer_count: int
    score: float
    sub_agent_count: int
    tool_count: int
    tool_set_count: int


class AgentVariation(Shown):
    metadata: Metadata
    spec: VariationSpec
    info: VariationInfo


class ConfigSnapshot(Shown):
    agent: Agent
    agent_variation: AgentVariation


class SecretName(Shown):
    name: str


class Memory(Shown):
    memory_layer_id: str
    memory_entry_id: str = None  # type: ignore[assignment]


class Episodic(Shown):
    key: str


class MessageShown(Shown):
    id: str
    content: str
    created_at: str
    profile_id: str


class ProfileMetadata(Shown):
    id: str
    account_id: str
    name: str
    profile_id: str


class ProfileSpec(Shown):
    type: Literal["PROFILE_TYPE_UNSPECIFIED"]


class Profile(Shown):
    metadata: ProfileMetadata
    spec: ProfileSpec


class PartyShown(Shown):
    id: str
    external_id: str
    name: str = None  # type: ignore[assignment]


class Info(Shown):
    agent: Metadata
    agent_variation: Metadata
    created_by: Profile
    current_context_window_id: str
    effective_memory_cascade: list[Memory]
    total_context_windows: int
    total_events: int
    total_input_tokens: int
    total_iterations: int
    total_output_tokens: int
    total_tool_calls: int
    tenant: PartyShown = None  # type: ignore[assignment]
    subject: PartyShown = None  # type: ignore[assignment]


class Objective(Shown):
    metadata: Metadata
    state: State
    state_message: str
    system_prompt: str
    system_prompt_data: dict[str, Any]
    first_user_message: str
    first_user_message_data: dict[str, Any] = None  # type: ignore[assignment]
    parent_objective_id: str
    secrets: list[SecretName]
    memory_cascade: list[Memory]
    episodic_memory: Episodic = None  # type: ignore[assignment]
    pinned_parameters: dict[str, str]
    messages: list[MessageShown]
    config_snapshot: ConfigSnapshot
    info: Info = None  # type: ignore[assignment]


class ObjectivePage(Shown):
    items: list[Objective]
    pagination: Pagination


class UserMessage(Shown):
    content: str


class UserMessageData(Shown):
    type: Literal["userMessage"]
    user_message: UserMessage


class EventInfo(Shown):
    objective: Metadata


class ObjectiveEvent(Shown):
    metadata: Metadata
    data: UserMessageData
    info: EventInfo


class Acted(RootModel[Objective | ObjectiveEvent]):
    """The objective after `:cancel`, the event of the message after `:continue`."""
