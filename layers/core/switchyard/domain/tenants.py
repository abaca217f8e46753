"""The tenant, the isolation boundary, and what it is divided into."""

from typing import Literal, get_args

from switchyard.domain.actors import ONE_SHARD, Shards
from switchyard.domain.structs import Struct

#: Which ready tasks get a run automatically: none, or those of the pool that are assigned to an agent.
AutoRun = Literal["off", "agents"]
AUTO_RUNS: tuple[AutoRun, ...] = get_args(AutoRun)
#: What becomes of a request that puts tracks into projects which the tenant does not have.
UnknownProjects = Literal["warn", "refuse"]
UNKNOWN_PROJECTS: tuple[UnknownProjects, ...] = get_args(UnknownProjects)


class Settings(Struct):
    """What a tenant has set; None: never, which means `off` and `warn`."""

    auto_run: AutoRun | None = None
    unknown_projects: UnknownProjects | None = None


class Tenant(Struct):
    """A tenant with the numbers it gives out next, to a project and to an actor, and its settings (as of Settings)."""

    id: str
    name: str
    created_at: str
    next_project: int = 1
    next_actor: int = 1
    auto_run: str | None = None
    unknown_projects: str | None = None
    shards: Shards = ONE_SHARD


class Project(Struct):
    """A group of tracks. `number` is small and the tenant's own, from 1; no two of a tenant have the same name.

    What is in an archived one stays as it is.
    """

    tenant_id: str
    id: str
    number: int
    name: str
    created_at: str
    created_by: str
    archived_at: str | None = None


class Member(Struct):
    """An actor as the tenant knows it, apart from any token."""

    tenant_id: str
    id: str
    kind: str
    name: str
    number: int
    created_at: str
