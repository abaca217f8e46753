"""What the projects surface answers about tasks and runs (contract: projects.md §2, §7)."""

from typing import Any, Literal

from switchyard.http.models import Model, Shown


class UserShown(Shown):
    """Who made a task. `id` is the tenant's number of the actor, `distinct_id` the actor's id."""

    id: int  #: The tenant's number of the actor, counted up from 1.
    uuid: str  #: A UUID made of the actor's id.
    distinct_id: str  #: The actor's id.
    first_name: str  #: How lists show the actor.
    last_name: str  #: Always empty: there is one name.
    email: str  #: Always empty: no mail addresses are kept.
    is_email_verified: bool | None  #: Always null: no mail addresses are kept.
    hedgehog_config: dict[str, Any] | None  #: Always null: given because the contract has it.
    role_at_organization: str | None  #: Always null: given because the contract has it.


class ArtifactShown(Model):
    """A file of a run; `storage_path` names it in requests for its content."""

    model_config = {"extra": "allow"}

    id: str  #: The file's id.
    name: str  #: Its name, without a path.
    type: str  #: What the file is for.
    source: str  #: Where it comes from, in the client's words.
    size: int  #: Bytes.
    content_type: str  #: Its media type.
    storage_path: str  #: Where it lies: names it in requests for its content.
    uploaded_at: str  #: When it was uploaded: an instant in UTC.


class RunShown(Shown):
    """A run of a task. `runtime_adapter`, `provider`, `model` and `reasoning_effort` are those of `state`.

    Extensions: `agent` is whom the run is meant for (null: any agent), `holder`, `lease_until` and `fence` are the
    latest claim, `heartbeat_at` is the last heartbeat.
    """

    id: str  #: The run's UUID.
    task: str  #: UUID of the task.
    stage: str | None  #: The step that the agent last reported.
    branch: str | None  #: The branch that the work is on.
    #: Where the run stands; the last three are final.
    status: Literal["queued", "in_progress", "completed", "failed", "cancelled"]
    environment: Literal["local", "cloud"]  #: Whether a local session works on it, or agents that claim it.
    runtime_adapter: str | None  #: Which kind of agent it is for, as in `state`.
    provider: str | None  #: Whose model it is, as in `state`.
    model: str | None  #: Which model, as in `state`.
    reasoning_effort: str | None  #: How hard the model is to think, as in `state`.
    log_url: str  #: Where its log can be read for an hour, without a token.
    error_message: str | None  #: Why it failed; null unless it did.
    output: Any  #: What the agent reported, any JSON of at most 96 KB.
    state: dict[str, Any]  #: What its agents keep, any JSON object of at most 64 KB.
    artifacts: list[ArtifactShown]  #: Its files, in the order in which they came.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it last changed: an instant in UTC.
    completed_at: str | None  #: When it ended: an instant in UTC; null until then.
    agent: str | None  #: Id of the agent it is meant for; null for any.
    holder: str | None  #: Id of the agent who claimed it last; null for nobody.
    lease_until: str | None  #: When that claim ends without a heartbeat: an instant in UTC.
    fence: int | None  #: The number of that claim.
    heartbeat_at: str | None  #: When the agent was last heard of: an instant in UTC.


class RunsPage(Shown):
    """A page of a task's runs, newest first; it may end before its limit where runs are large."""

    count: int  #: How many runs the task has.
    next: str | None  #: URL of the next page; null at the end of the list.
    previous: str | None  #: URL of the page before; null at the beginning.
    results: list[RunShown]  #: The page's runs, newest first.


class Relayed(Shown):
    """What became of a message: there is no chat to relay it to."""

    status: Literal["skipped"]  #: There is no chat to relay a message to.


class TaskShown(Shown):
    """A task; `idle_seconds` and `timeout_seconds` are an extension: the limits of its runs, null for the defaults."""

    id: str  #: The task's UUID.
    task_number: int | None  #: Its number in the project, counted up from 0; null for a task of another surface.
    slug: str  #: Three letters of the project's name and the number; empty without a number.
    title: str  #: What is to be done; may be empty.
    title_manually_set: bool  #: Whether a person chose the title.
    description: str  #: What is to be done, at length; empty when nothing was said.
    origin_product: str  #: Where the task comes from, in the contract's words; empty for nowhere.
    repository: str | None  #: The repository that it is about, `organization/name`; null for none.
    github_integration: int | None  #: Always null: no integrations are kept here.
    github_user_integration: str | None  #: Always null: no integrations are kept here.
    signal_report: str | None  #: UUID of the report that it comes from.
    json_schema: dict[str, Any] | None  #: JSON Schema for the output of its runs; null for any output.
    internal: bool  #: Whether only administrators' lists show it.
    archived: bool  #: Whether lists leave it out.
    archived_at: str | None  #: When it was archived: an instant in UTC; null if it is not.
    latest_run: RunShown | None  #: Its newest run; null before the first.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it last changed: an instant in UTC.
    created_by: UserShown | None  #: Who made it; null where that is not known.
    ci_prompt: str | None  #: What agents are told when checks fail.
    #: Seconds without a word from the agent after which a run is over; null for the service's own.
    idle_seconds: int | None
    timeout_seconds: int | None  #: Seconds after which a run is over in any case; null for the service's own.


class TasksPage(Shown):
    """A page of tasks, newest first; `count_is_minimum` (an extension) says that there may be more than `count`."""

    count: int  #: How many tasks the list has, a moment behind.
    count_is_minimum: bool  #: Whether there may be more than `count`.
    next: str | None  #: URL of the next page; null at the end of the list.
    previous: str | None  #: URL of the page before; null at the beginning.
    results: list[TaskShown]  #: The page's tasks, newest first.


class RunSummary(Shown):
    status: str  #: Where the run stands.
    environment: str  #: Whether a local session works on it, or agents that claim it.


class TaskSummary(Shown):
    """What a list of tasks needs of each."""

    id: str  #: The task's UUID.
    title: str  #: What is to be done; may be empty.
    repository: str | None  #: The repository that it is about; null for none.
    origin_product: str  #: Where the task comes from; empty for nowhere.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it last changed: an instant in UTC.
    latest_run: RunSummary | None  #: Its newest run; null before the first.


class SummariesPage(Shown):
    """A page of summaries, newest first."""

    count: int  #: How many of the tasks that were asked for are there.
    next: str | None  #: URL of the next page; null at the end of the list.
    previous: str | None  #: URL of the page before; null at the beginning.
    results: list[TaskSummary]  #: The page's tasks, newest first.


class Repositories(Shown):
    """The repositories that a project's tasks are about, in order."""

    repositories: list[str]  #: The repositories, `organization/name`, in alphabetical order.
