"""What the projects surface answers about tasks and runs (contract: projects.md §2, §7)."""

from typing import Any, Literal

from switchyard.http.models import Model, Shown


class UserShown(Shown):
    """Who made a task. `id` is the tenant's number of the actor, `distinct_id` the actor's id."""

    id: int
    uuid: str
    distinct_id: str
    first_name: str
    last_name: str
    email: str
    is_email_verified: bool | None
    hedgehog_config: dict[str, Any] | None
    role_at_organization: str | None


class ArtifactShown(Model):
    """A file of a run; `storage_path` names it in requests for its content."""

    model_config = {"extra": "allow"}

    id: str
    name: str
    type: str
    source: str
    size: int
    content_type: str
    storage_path: str
    uploaded_at: str


class RunShown(Shown):
    """A run of a task. `runtime_adapter`, `provider`, `model` and `reasoning_effort` are those of `state`.

    Extensions: `agent` is whom the run is meant for (null: any agent), `holder`, `lease_until` and `fence` are the
    latest claim, `heartbeat_at` is the last heartbeat. `question` is the id of its latest question, for whose answer it
    waits while it is `awaiting_input`.
    """

    id: str
    task: str
    stage: str | None
    branch: str | None
    status: Literal["queued", "in_progress", "completed", "failed", "cancelled"]
    environment: Literal["local", "cloud"]
    runtime_adapter: str | None
    provider: str | None
    model: str | None
    reasoning_effort: str | None
    log_url: str
    error_message: str | None
    output: Any
    state: dict[str, Any]
    artifacts: list[ArtifactShown]
    created_at: str
    updated_at: str
    completed_at: str | None
    agent: str | None
    holder: str | None
    lease_until: str | None
    fence: int | None
    heartbeat_at: str | None
    awaiting_input: bool
    question: str | None


class RunsPage(Shown):
    """A page of a task's runs, newest first; it may end before its limit where runs are large."""

    count: int
    next: str | None
    previous: str | None
    results: list[RunShown]


class Relayed(Shown):
    """What became of a message: there is no chat to relay it to."""

    status: Literal["skipped"]


class TaskShown(Shown):
    """A task; `idle_seconds` and `timeout_seconds` are an extension: the limits of its runs, null for the defaults."""

    id: str
    task_number: int | None
    slug: str
    title: str
    title_manually_set: bool
    description: str
    origin_product: str
    repository: str | None
    github_integration: int | None
    github_user_integration: str | None
    signal_report: str | None
    json_schema: dict[str, Any] | None
    internal: bool
    archived: bool
    archived_at: str | None
    latest_run: RunShown | None
    created_at: str
    updated_at: str
    created_by: UserShown | None
    ci_prompt: str | None
    idle_seconds: int | None
    timeout_seconds: int | None


class TasksPage(Shown):
    """A page of tasks, newest first; `count_is_minimum` (an extension) says that there may be more than `count`."""

    count: int
    count_is_minimum: bool
    next: str | None
    previous: str | None
    results: list[TaskShown]


class RunSummary(Shown):
    status: str
    environment: str


class TaskSummary(Shown):
    """What a list of tasks needs of each."""

    id: str
    title: str
    repository: str | None
    origin_product: str
    created_at: str
    updated_at: str
    latest_run: RunSummary | None


class SummariesPage(Shown):
    """A page of summaries, newest first."""

    count: int
    next: str | None
    previous: str | None
    results: list[TaskSummary]


class Repositories(Shown):
    """The repositories that a project's tasks are about, in order."""

    repositories: list[str]
