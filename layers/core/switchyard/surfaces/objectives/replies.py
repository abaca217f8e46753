"""What the objectives surface answers, as documented in docs/openapi.json; the tests hold the answers to it."""

from typing import Annotated, Any, Literal

from switchyard.http.models import Field, ShownRoot
from switchyard.surfaces.objectives.models import State
from switchyard.surfaces.outputs import CamelShown


class Status(CamelShown):
    """google.rpc.Status: gRPC's number of the error, a sentence, and typed details."""

    code: int  #: gRPC's number of the error.
    message: str  #: What happened, for people.
    #: Typed details: `google.rpc.BadRequest` names the refused fields, `google.rpc.ErrorInfo` has a stable reason.
    details: list[dict[str, Any]]


class TaskMetadata(CamelShown):
    id: str  #: The task's id: `task_` and a UUID.


class TaskData(CamelShown):
    number: Annotated[int, Field(ge=1)]  #: Its number in the objective, counted up from 1.
    task: str  #: What is to be done, in one line.
    completed: bool  #: Whether it is done.
    #: When it was done: an instant in UTC; left out until then.
    completed_at: str = None  # type: ignore[assignment]


class ObjectiveTask(CamelShown):
    data: TaskData  #: What the task says.
    metadata: TaskMetadata  #: What it is called.


class Pagination(CamelShown):
    """An empty cursor ends the list."""

    next_cursor: str  #: `cursor` of the next page; empty at the end of the list.


class TaskPage(CamelShown):
    items: list[ObjectiveTask]  #: The page's entries, in the list's order.
    pagination: Pagination  #: Where the list goes on.


class Metadata(CamelShown):
    id: str  #: What names it in paths: of an objective `obj_` and a UUID.
    account_id: str  #: The tenant that it belongs to.
    workspace_id: str  #: The tenant that it belongs to.
    profile_id: str  #: Id of the actor who created it.
    created_at: str  #: When it was created: an instant in UTC.
    external_id: str  #: What another system calls it; empty for nothing.
    labels: dict[str, str]  #: Pairs to find it by.
    name: str  #: Its name; empty where it has none.


class AgentSpec(CamelShown):
    variation_selection_mode: Literal["VARIATION_SELECTION_MODE_UNSPECIFIED"]  #: Not decided here.


class AgentInfo(CamelShown):
    variation_count: int  #: Always 0: variations are not kept here.


class Agent(CamelShown):
    metadata: Metadata  #: What the agent is called.
    spec: AgentSpec  #: Given because the contract has it.
    state: Literal["STATE_UNSPECIFIED"]  #: Not kept here.
    info: AgentInfo  #: Given because the contract has it.


class VariationSpec(CamelShown):
    pass


class VariationInfo(CamelShown):
    assignments: Annotated[list[str], Field(max_length=0)]  #: Always empty: not kept here.
    feedback_count: int  #: Always 0: not kept here.
    memory_layer_assignments: Annotated[list[str], Field(max_length=0)]  #: Always empty: not kept here.
    memory_layer_count: int  #: Always 0: not kept here.
    score: float  #: Always 0: not kept here.
    sub_agent_count: int  #: Always 0: not kept here.
    tool_count: int  #: Always 0: not kept here.
    tool_set_count: int  #: Always 0: not kept here.


class AgentVariation(CamelShown):
    metadata: Metadata  #: What the variation is called.
    spec: VariationSpec  #: Given because the contract has it.
    info: VariationInfo  #: Given because the contract has it.


class ConfigSnapshot(CamelShown):
    agent: Agent  #: The agent who is to reach the objective.
    agent_variation: AgentVariation  #: The variation of that agent.


class SecretName(CamelShown):
    name: str  #: Name of a secret that the agent may use.


class Memory(CamelShown):
    memory_layer_id: str  #: Which layer the agent reads; kept as the client sent it.
    #: Id of the entry in it; left out for all.
    memory_entry_id: str = None  # type: ignore[assignment]


class Episodic(CamelShown):
    key: str  #: The client's name for the memory.
    memory_layer_id: str  #: Always empty: memory is not kept here.


class MessageShown(CamelShown):
    id: str  #: The message's id.
    content: str  #: What was said.
    created_at: str  #: When it was created: an instant in UTC.
    profile_id: str  #: Id of the actor who said it.


class ProfileMetadata(CamelShown):
    id: str  #: The actor's id.
    account_id: str  #: The tenant that the actor belongs to.
    name: str  #: How lists show the actor.
    external_id: str  #: Always empty: not kept here.
    labels: dict[str, str]  #: Always empty: not kept here.
    profile_id: str  #: The actor's id.


class ProfileSpec(CamelShown):
    type: Literal["PROFILE_TYPE_UNSPECIFIED"]  #: Not kept here.
    name: str  #: How lists show the actor.
    email: str  #: Always empty: no mail addresses are kept.


class Profile(CamelShown):
    metadata: ProfileMetadata  #: What the actor is called.
    spec: ProfileSpec  #: Given because the contract has it.


class PartyShown(CamelShown):
    id: str  #: Its id in the client's own namespace.
    external_id: str  #: The same id.
    #: Its name; left out for none.
    name: str = None  # type: ignore[assignment]


class Info(CamelShown):
    agent: Metadata  #: The agent who is to reach it.
    agent_variation: Metadata  #: The variation of that agent.
    created_by: Profile  #: Who created it.
    current_context_window_id: str  #: Always empty: no context windows are kept here.
    effective_memory_cascade: list[Memory]  #: Memory layers that the agent reads.
    total_context_windows: int  #: Always 0: not counted here.
    total_events: int  #: Always 0: not counted here.
    total_input_tokens: int  #: Always 0: not counted here.
    total_iterations: int  #: Always 0: not counted here.
    total_output_tokens: int  #: Always 0: not counted here.
    total_tool_calls: int  #: Always 0: not counted here.
    #: The client's own tenant that it is for; left out for none.
    tenant: PartyShown = None  # type: ignore[assignment]
    #: Whom it is about; left out for nobody.
    subject: PartyShown = None  # type: ignore[assignment]


class Party(CamelShown):
    id: str  #: Its id in the client's own namespace.
    #: Its name; left out for none.
    name: str = None  # type: ignore[assignment]


class Objective(CamelShown):
    """`agentId`, `variationId`, `tenant` and `subject` are our extension: what is shown can be sent back."""

    metadata: Metadata  #: What the objective is called, where it is and who made it.
    agent_id: str  #: Id of the agent who is to reach it.
    #: Id of the agent's variation; left out for none.
    variation_id: str = None  # type: ignore[assignment]
    #: The client's own tenant that it is for; left out for none.
    tenant: Party = None  # type: ignore[assignment]
    #: Whom it is about; left out for nobody.
    subject: Party = None  # type: ignore[assignment]
    state: State  #: Where it stands.
    state_message: str  #: Why it stands so, as whoever cancelled it wrote; empty otherwise.
    system_prompt: str  #: Always empty: prompts are the agent's own.
    system_prompt_data: dict[str, Any]  #: Values for the agent's system prompt.
    first_user_message: str  #: What the agent is told first.
    #: Values for that message; left out for none.
    first_user_message_data: dict[str, Any] = None  # type: ignore[assignment]
    parent_objective_id: str  #: Id of the objective that it is a part of; empty for none.
    secrets: list[SecretName]  #: Secrets that the agent may use, by name.
    memory_cascade: list[Memory]  #: Memory layers that the agent reads, the first one first.
    #: The memory that the agent writes; left out for none.
    episodic_memory: Episodic = None  # type: ignore[assignment]
    pinned_parameters: dict[str, str]  #: Values that tools get whatever the agent says.
    messages: list[MessageShown]  #: What the agent was told since, oldest first.
    config_snapshot: ConfigSnapshot  #: Agent and variation, as they are named.
    #: Who and how much; left out unless it is asked for.
    info: Info = None  # type: ignore[assignment]


class ObjectivePage(CamelShown):
    items: list[Objective]  #: The page's entries, in the list's order.
    pagination: Pagination  #: Where the list goes on.


class UserMessage(CamelShown):
    content: str  #: What was said.


class UserMessageData(CamelShown):
    type: Literal["userMessage"]  #: Kind of the event.
    user_message: UserMessage  #: What the agent was told.


class EventInfo(CamelShown):
    objective: Metadata  #: The objective that the message belongs to.
    created_by: Profile  #: Who said it.


class ObjectiveEvent(CamelShown):
    metadata: Metadata  #: What the event is called, and when it was.
    data: UserMessageData  #: What happened.
    context_window_id: str  #: Always empty: no context windows are kept here.
    info: EventInfo  #: What the event belongs to.


class Acted(ShownRoot):
    """The objective after `:cancel`, the event of the message after `:continue`."""

    root: Objective | ObjectiveEvent
