"""What the projects surface answers about tasks (contract: projects.md §2)."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Shown(BaseModel):
    """Base of answers: nothing beyond what is documented."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


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
    json_schema: dict[str, Any] | bool | None
    internal: bool
    archived: bool
    archived_at: str | None
    latest_run: dict[str, Any] | None
    created_at: str
    updated_at: str
    created_by: UserShown | None
    ci_prompt: str | None
    idle_seconds: int | None
    timeout_seconds: int | None
