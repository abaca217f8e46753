"""What the objectives surface answers, as documented in docs/openapi.json; the tests hold the answers to it."""

from typing import Annotated, Any, Literal

from switchyard.http.models import Field, ShownRoot
from switchyard.surfaces.objectives.models import State
from switchyard.surfaces.outputs import CamelShown


class Status(CamelShown):
    """google.rpc.Status: gRPC's number of the error, a sentence, and typed details."""

    code: int
    message: str
    details: list[dict[str, Any]]


class TaskMetadata(CamelShown):
    id: str


class TaskData(CamelShown):
    number: Annotated[int, Field(ge=1)]
    task: str
    completed: bool
    completed_at: str = None  # type: ignore[assignment]


class ObjectiveTask(CamelShown):
    data: TaskData
    metadata: TaskMetadata


class Pagination(CamelShown):
    """An empty cursor ends the list."""

    next_cursor: str


class TaskPage(CamelShown):
    items: list[ObjectiveTask]
    pagination: Pagination


class Metadata(CamelShown):
    id: str
    account_id: str
    workspace_id: str
    profile_id: str
    created_at: str
    external_id: str
    labels: dict[str, str]
    name: str


class AgentSpec(CamelShown):
    variation_selection_mode: Literal["VARIATION_SELECTION_MODE_UNSPECIFIED"]


class AgentInfo(CamelShown):
    variation_count: int


class Agent(CamelShown):
    metadata: Metadata
    spec: AgentSpec
    state: Literal["STATE_UNSPECIFIED"]
    info: AgentInfo


class VariationSpec(CamelShown):
    pass


class VariationInfo(CamelShown):
    assignments: Annotated[list[str], Field(max_length=0)]
    feedback_count: int
    memory_layer_assignments: Annotated[list[str], Field(max_length=0)]
    memory_layer_count: int
    score: float
    sub_agent_count: int
    tool_count: int
    tool_set_count: int


class AgentVariation(CamelShown):
    metadata: Metadata
    spec: VariationSpec
    info: VariationInfo


class ConfigSnapshot(CamelShown):
    agent: Agent
    agent_variation: AgentVariation


class SecretName(CamelShown):
    name: str


class Memory(CamelShown):
    memory_layer_id: str
    memory_entry_id: str = None  # type: ignore[assignment]


class Episodic(CamelShown):
    key: str
    memory_layer_id: str


class MessageShown(CamelShown):
    id: str
    content: str
    created_at: str
    profile_id: str


class ProfileMetadata(CamelShown):
    id: str
    account_id: str
    name: str
    external_id: str
    labels: dict[str, str]
    profile_id: str


class ProfileSpec(CamelShown):
    type: Literal["PROFILE_TYPE_UNSPECIFIED"]
    name: str
    email: str


class Profile(CamelShown):
    metadata: ProfileMetadata
    spec: ProfileSpec


class PartyShown(CamelShown):
    id: str
    external_id: str
    name: str = None  # type: ignore[assignment]


class Info(CamelShown):
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


class Party(CamelShown):
    id: str
    name: str = None  # type: ignore[assignment]


class Objective(CamelShown):
    """`agentId`, `variationId`, `tenant` and `subject` are our extension: what is shown can be sent back."""

    metadata: Metadata
    agent_id: str
    variation_id: str = None  # type: ignore[assignment]
    tenant: Party = None  # type: ignore[assignment]
    subject: Party = None  # type: ignore[assignment]
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


class ObjectivePage(CamelShown):
    items: list[Objective]
    pagination: Pagination


class UserMessage(CamelShown):
    content: str


class UserMessageData(CamelShown):
    type: Literal["userMessage"]
    user_message: UserMessage


class EventInfo(CamelShown):
    objective: Metadata
    created_by: Profile


class ObjectiveEvent(CamelShown):
    metadata: Metadata
    data: UserMessageData
    context_window_id: str
    info: EventInfo


class Acted(ShownRoot):
    """The objective after `:cancel`, the event of the message after `:continue`."""

    root: Objective | ObjectiveEvent
