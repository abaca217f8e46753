"""Wire models of the objectives surface (contract: objectives.md §1.2, §1.7). Names are camelCase on the wire."""

import re
from typing import Annotated, Any, Literal

from switchyard.domain.tracks import TITLE_MAX
from switchyard.http.models import Field, Rule
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import (
    ABSENT,
    CamelBody,
    CamelQuery,
    Cursor,
    Description,
    Limit,
    NonEmptyName,
    NotBlank,
    OneLine,
    Title,
)

LABELS_MAX = 20
MESSAGE_MAX = 2_000
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = rf"(?:[a-z0-9.-]{{1,253}}/)?{_LABEL}"
_LABEL_VALUE = rf"(?:{_LABEL})?"
_LABELS = {
    "propertyNames": {"pattern": f"^{_LABEL_KEY}$"},
    "additionalProperties": {"type": "string", "pattern": f"^{_LABEL_VALUE}$"},
}
_WANTED_LABELS = {"pattern": f"^({_LABEL_KEY}={_LABEL_VALUE}(,{_LABEL_KEY}={_LABEL_VALUE}){{0,{LABELS_MAX - 1}}})?$"}


def _label_pairs(labels: dict[str, str]) -> dict[str, str]:
    for key, value in labels.items():
        if not re.fullmatch(_LABEL_KEY, key):
            raise Expectation(f"{key[:80]!r} is not a valid label key", "up to 63 of A-Z a-z 0-9 - _ .", "label")
        if not re.fullmatch(_LABEL_VALUE, value):
            raise Expectation(f"{value[:80]!r} is not a valid label value", "up to 63 of A-Z a-z 0-9 - _ .", "label")
    return labels


def _wanted_labels(text: str) -> str:
    pairs = [pair.partition("=") for pair in text.split(",")] if text else []
    if len(pairs) > LABELS_MAX or not all(separator for _, separator, _ in pairs):
        raise Expectation("is not a list of labels", f"up to {LABELS_MAX} of key=value, separated by commas", "label")
    _label_pairs({key: value for key, _, value in pairs})
    return text


_Labels = Rule(_label_pairs, _LABELS)
Message = Annotated[str, Field(min_length=1, max_length=MESSAGE_MAX), NotBlank]
State = Literal[
    "STATE_UNSPECIFIED",
    "STATE_PENDING",
    "STATE_RUNNING",
    "STATE_WAITING",
    "STATE_FAILED",
    "STATE_CANCELLED",
    "STATE_FINALIZED",
    "STATE_TIMED_OUT",
]


class NewMetadata(CamelBody):
    external_id: NonEmptyName = ABSENT  #: What another system calls the objective: unique in the tenant, set once.
    labels: Annotated[dict[str, str], Field(max_length=LABELS_MAX), _Labels] = {}  #: Up to 20 pairs to find it by.


class Secret(CamelBody):
    """The name is kept; the value is taken, for clients send it, and forgotten."""

    name: NonEmptyName  #: The secret's name, which is kept.
    value: Annotated[str, Field(max_length=8_192)] = ""  #: The secret, which is taken and forgotten.


class MemoryReference(CamelBody):
    memory_layer_id: NonEmptyName  #: Id of the memory layer; kept as it is.
    memory_entry_id: NonEmptyName = ABSENT  #: Id of the entry in it; kept as it is.


class EpisodicMemory(CamelBody):
    key: NonEmptyName  #: The client's name for the memory; kept as it is.


class Party(CamelBody):
    """A tenant or a subject in the client's own namespace."""

    id: NonEmptyName  #: Its id in the client's own namespace.
    name: Annotated[str, Field(max_length=TITLE_MAX), OneLine] = ABSENT  #: Its name, for people.


class CreateObjective(CamelBody):
    """`parentObjectiveId` is our extension; the rest is the contract's. What is not interpreted is given back."""

    agent_id: NonEmptyName  #: Id of the agent who is to reach it.
    system_prompt_data: dict[str, Any]  #: Values for the agent's system prompt; kept as they are.
    first_user_message: Description = ""  #: What the agent is told first.
    first_user_message_data: dict[str, Any] = ABSENT  #: Values for that message; kept as they are.
    variation_id: NonEmptyName = ABSENT  #: Id of the agent's variation; kept as it is.
    metadata: NewMetadata = NewMetadata.model_construct()  #: The objective's external id and labels.
    #: Secrets that the agent may use; their names are kept, their values are not.
    secrets: Annotated[list[Secret], Field(max_length=50)] = []
    #: Memory layers that the agent reads, the first one first; kept as they are.
    memory_cascade: Annotated[list[MemoryReference], Field(max_length=10)] = []
    episodic_memory: EpisodicMemory = ABSENT  #: The memory that the agent writes; kept as it is.
    tenant: Party = ABSENT  #: The client's own tenant that it is for; kept as it is.
    subject: Party = ABSENT  #: Whom it is about, of that tenant; kept as it is.
    #: Values that tools get whatever the agent says; kept as they are.
    pinned_parameters: Annotated[dict[str, str], Field(max_length=100)] = {}
    parent_objective_id: NonEmptyName = ABSENT  #: Id of the objective that it is a part of.

    model_config = {"json_schema_extra": {"dependentRequired": {"subject": ["tenant"]}}}

    def model_post_init(self, _context: Any) -> None:
        if self.subject is not None and self.tenant is None:
            expected = "the tenant that the subject belongs to"
            raise Expectation("is missing beside a subject", expected, "incomplete", "tenant")


class ActOnObjective(CamelBody):
    """The body of `:cancel` (reason) or of `:continue` (message, enqueue)."""

    reason: Annotated[str, Field(max_length=MESSAGE_MAX)] = ABSENT  #: Why it is cancelled; with `:cancel`.
    message: Message = ABSENT  #: What the agent is told; with `:continue`.
    enqueue: bool = ABSENT  #: Whether the message may wait until the agent is free; with `:continue`.


class _Page(CamelQuery):
    limit: Limit = 50
    cursor: Cursor = ""


class ListObjectives(_Page):
    """Filters are joined by AND. STATE_UNSPECIFIED is no filter; nothing here fails or times out."""

    sort_order: Literal["asc", "desc"] = "desc"  #: Whether the newest come first or the oldest.
    state: State = "STATE_UNSPECIFIED"  #: Objectives in this state alone; STATE_UNSPECIFIED for any.
    agent_id: NonEmptyName = ABSENT  #: Objectives of this agent alone.
    parent_objective_id: NonEmptyName = ABSENT  #: Parts of this objective alone.
    profile_id: NonEmptyName = ABSENT  #: Objectives that this actor created.
    #: Objectives with all of these labels: `key=value`, separated by commas.
    labels: Annotated[str, Field(max_length=4_096), Rule(_wanted_labels, _WANTED_LABELS)] = ""
    include_info: bool = False  #: Whether each comes with its `info`.


class ListTasks(_Page):
    sort_order: Literal["asc", "desc"] = "asc"  #: Whether the lowest numbers come first or the highest.


class CreateTask(CamelBody):
    task: Title  #: What is to be done, in one line.
    completed: bool = False  #: Whether it is done already.


class UpdateTask(CamelBody):
    task: Title = ABSENT  #: What is to be done, in one line.
    completed: bool = ABSENT  #: Whether it is done; false reopens it.
