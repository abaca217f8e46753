"""Keys of the table; more are in people_keys.py, schedule_keys.py and import_keys.py. docs/data-model.md has them all.

Each partition key begins with the tenant, except that of a token, by which the tenant is found, those of the audit
trail, which the table's policy must distinguish, and those of programs that register for no tenant.
"""

import hashlib

TRACK = "TRACK"
# What refers to a track, and what was tried on it, beside its row.
BLOCKS, CHILD, MEMBER, ATTEMPT, COMMENT, INBOX = "BLOCKS#", "CHILD#", "MEMBER#", "ATTEMPT#", "COMMENT#", "INBOX#"
NOTIFICATION, DELIVERY, SIGN_IN_LINK, CODE, REFRESH = "NOTICE#", "DELIVERY#", "SIGNIN", "CODE", "REFRESH"

# ---------------------------------------------------------------- tracks and what belongs to one


def track(tenant_id: str, track_id: str) -> tuple[str, str]:
    return f"{tenant_id}#{track_id}", TRACK


def blocks(tenant_id: str, track_id: str, dependent_id: str) -> tuple[str, str]:
    """The edge seen from its other end: `dependent_id` waits for `track_id`. Written by the pipeline."""
    return f"{tenant_id}#{track_id}", f"{BLOCKS}{dependent_id}"


def child(tenant_id: str, track_id: str, child_id: str) -> tuple[str, str]:
    """The parent seen from its other end: `track_id` is the parent of `child_id`. Written by the pipeline."""
    return f"{tenant_id}#{track_id}", f"{CHILD}{child_id}"


def member(tenant_id: str, goal_id: str, task_id: str) -> tuple[str, str]:
    """The goal seen from its other end, with what the task counts for there. Written by the pipeline."""
    return f"{tenant_id}#{goal_id}", f"{MEMBER}{task_id}"


def attempt(tenant_id: str, track_id: str, request_id: str) -> tuple[str, str]:
    """A refused attempt to bring a track to its end, for the pipeline to take into the trail."""
    return f"{tenant_id}#{track_id}", f"{ATTEMPT}{request_id}"


def audit(tenant_id: str, track_id: str, entry_id: str) -> tuple[str, str]:
    """An entry of the audit trail. template.yaml denies writing under `AUDIT#` to all but the pipeline."""
    return f"AUDIT#{tenant_id}#{track_id}", entry_id


# ---------------------------------------------------------------- the tenant's own rows

#: The list of all tenants (index key), for the operator's command line alone: no request reads it.
TENANTS = "TENANTS"


def tenant(tenant_id: str) -> tuple[str, str]:
    return f"{tenant_id}#TENANT", "TENANT"


def project(tenant_id: str, project_id: str) -> tuple[str, str]:
    return f"{tenant_id}#TENANT", f"PROJECT#{project_id}"


def project_number(tenant_id: str, number: int) -> tuple[str, str]:
    return f"{tenant_id}#TENANT", f"PROJECTNO#{number}"


def project_counter(tenant_id: str, project_id: str) -> tuple[str, str]:
    """The row that gives out the numbers of a project's tasks."""
    return f"{tenant_id}#PROJECT#{project_id}", "COUNTER"


def actor(tenant_id: str, actor_id: str) -> tuple[str, str]:
    return f"{tenant_id}#TENANT", f"ACTOR#{actor_id}"


def graph_guard(tenant_id: str) -> tuple[str, str]:
    """The row that everyone increments who adds an edge between existing tracks."""
    return f"{tenant_id}#GRAPH", "GRAPH"


def token(digest: str) -> tuple[str, str]:
    return f"TOKEN#{digest}", "TOKEN"


def secret(digest: str, kind: str) -> tuple[str, str]:
    """What another secret than a token opens: SIGN_IN_LINK, CODE or REFRESH."""
    return f"TOKEN#{digest}", kind


def oauth(kind: str, name: str) -> tuple[str, str]:
    """What OAuth keeps for no tenant: programs that registered themselves, and how many did within an hour."""
    return f"OAUTH#{kind}#{name}", kind


def token_id(tenant_id: str, token_id: str) -> tuple[str, str]:
    """Finds a token's digest by its public id, for revocation."""
    return f"{tenant_id}#TOKENS", f"TOKEN#{token_id}"


def idempotency(tenant_id: str, actor_id: str, key: str, part: int = 0) -> tuple[str, str]:
    """The key itself is hashed: it is the client's text. Parts after 0 hold what its own row has no room for."""
    return f"{tenant_id}#{actor_id}#IDEMPOTENCY", hashlib.sha256(key.encode()).hexdigest() + f"#{part}" * bool(part)


def usage(tenant_id: str, when: str) -> tuple[str, str]:
    return f"{tenant_id}#USAGE", f"USAGE#{when}"


def external_id(tenant_id: str, external_id: str) -> tuple[str, str]:
    """Finds a track by what another system calls it; hashed, for it is the client's text."""
    return f"{tenant_id}#EXTERNAL#{hashlib.sha256(external_id.encode()).hexdigest()}", "EXTERNAL"


# ---------------------------------------------------------------- partitions of the lists (index keys)


def realm(tenant_id: str, owner: str | None, shard: int = 0) -> str:
    """Who sees a list: the tenant, or the one owner of personal tracks. Lists of a whole tenant may have shards."""
    return f"{tenant_id}~{owner}" if owner else f"{tenant_id}+{shard}" if shard else tenant_id


def listed(realm: str, kind: str) -> str:
    return f"{realm}#{kind}"


def by_assignee(realm: str, assignee: str) -> str:
    return f"{realm}#assignee#{assignee}"


def by_agent(realm: str, agent_id: str) -> str:
    """The goals of an agent; a partition apart from its tasks, which sort by other letters."""
    return f"{realm}#agent#{agent_id}"


def audit_by_actor(realm: str, actor_id: str) -> str:
    """What an actor did, in the index by home; entries of earlier versions are in the one by assignee."""
    return f"{realm}#audit#{actor_id}"


def by_project(realm: str, kind: str, project_id: str) -> str:
    """`*` is for the tracks of more than one project."""
    return f"{realm}#project#{project_id}#{kind}"


def by_goal(realm: str, goal_id: str) -> str:
    return f"{realm}#goal#{goal_id}"


def by_parent(realm: str, parent_id: str) -> str:
    return f"{realm}#parent#{parent_id}"


def by_related(realm: str, related_type: str, related_id: str) -> str:
    return f"{realm}#related#{related_type}#{related_id}"


def by_priority(realm: str, priority: str) -> str:
    return f"{realm}#priority#{priority}"


def by_dependency(realm: str, track_id: str) -> str:
    """The one track that a task depends on; `*` is for tasks with more than one."""
    return f"{realm}#dependency#{track_id}"


def ready(realm: str, assignee: str | None, kind: str | None, project_id: str = "") -> str:
    """Tasks that can be drawn: those of one assignee, or the unassigned ones meant for a kind of worker.

    `*` is for the tasks of more than one project, "" for those of all.
    """
    bucket = f"assigned#{assignee}" if assignee else f"unassigned#{kind or 'user'}"
    return f"{realm}#ready#{len(project_id)}#{project_id}#{bucket}"


def leased(realm: str) -> str:
    return f"{realm}#leased"  # tasks that are claimed, whoever they are assigned to


# ---------------------------------------------------------------- tasks by home

#: What counts of a home begin with, in its own partition of the table.
BLOCK, REPOSITORY = "BLOCK#", "REPOSITORY#"
#: DynamoDB refuses a sort key above 1,024 bytes (developer guide, "Constraints"): what is left for a repository.
REPOSITORY_MAX_BYTES = 1_000


def home(realm: str, project_id: str, shelf: str) -> str:
    """A task's home: the first of its projects, and the shelf there (index key, and the partition of its counts)."""
    return f"{realm}#home#{shelf}#{project_id}"


def home_total(home: str) -> tuple[str, str]:
    return home, "TOTAL"  # how many tasks a home has; written by the pipeline, like the two below


def home_block(home: str, block: str) -> tuple[str, str]:
    return home, f"{BLOCK}{block}"  # how many of them were created within one block of time


def home_repository(home: str, repository: str) -> tuple[str, str]:
    """How many of them are about one repository."""
    return home, f"{REPOSITORY}{repository}"


def counted(tenant_id: str, task_id: str) -> tuple[str, str]:
    """Where a task is counted, beside its row. Written by the pipeline."""
    return f"{tenant_id}#{task_id}", "COUNTED"


# ---------------------------------------------------------------- runs

RUN, GOAL_RUN = "RUN#", "GOALRUN"


def run(tenant_id: str, task_id: str, run_id: str) -> tuple[str, str]:
    return f"{tenant_id}#{task_id}", f"{RUN}{run_id}"


def runs(tenant_id: str, task_id: str) -> tuple[str, str]:
    """The partition of a task's runs, and what their sort keys begin with."""
    return f"{tenant_id}#{task_id}", RUN


def runs_ready(realm: str, agent: str | None) -> str:
    """Runs that wait for an agent, or (None) for any (index key)."""
    return f"{realm}#runs#ready#{agent or ''}"


def runs_leased(realm: str, agent: str | None) -> str:
    """Runs that are claimed, in the order in which leases run out (index key)."""
    return f"{realm}#runs#leased#{agent or ''}"


def runs_asking(realm: str) -> str:
    return f"{realm}#runs#asking"


#: Where the reconciler and a migration continue: rows of the service's own, of no tenant.
RECONCILER, MIGRATION = ("RUNS#RECONCILER", "RECONCILER"), ("MIGRATION", "MIGRATION")


def runs_active(shard: int) -> str:
    """Runs and goal runs that are not finished, of all tenants (index key): for the reconciler alone."""
    return f"RUNS#{shard}"


def run_log(tenant_id: str, run_id: str, append_id: str) -> tuple[str, str]:
    """An append to a run's log, in a partition of the log's own: a long log does not slow down its task."""
    return f"{tenant_id}#LOG#{run_id}", append_id


# ---------------------------------------------------------------- devices, presence and notifications


def device(tenant_id: str, user_id: str, device_id: str) -> tuple[str, str]:
    return f"{tenant_id}#DEVICES#{user_id}", f"DEVICE#{device_id}"


def device_guard(tenant_id: str, user_id: str) -> tuple[str, str]:
    """The row that everyone increments who adds one of a person's devices."""
    return f"{tenant_id}#DEVICES#{user_id}", "DEVICES"


def device_token(tenant_id: str, token: str) -> tuple[str, str]:
    """Whose device a push token is; hashed, for it is the client's text."""
    return f"{tenant_id}#DEVICETOKEN#{hashlib.sha256(token.encode()).hexdigest()}", "DEVICETOKEN"


def presence(tenant_id: str, task_id: str, user_id: str, device_id: str) -> tuple[str, str]:
    return f"{tenant_id}#{task_id}", f"PRESENCE#{user_id}#{device_id}"


def notification(tenant_id: str, task_id: str, notification_id: str) -> tuple[str, str]:
    return f"{tenant_id}#{task_id}", f"{NOTIFICATION}{notification_id}"


def cooldown(tenant_id: str, task_id: str, run_id: str, kind: str) -> tuple[str, str]:
    """Until when a run sends no further notification of a kind."""
    return f"{tenant_id}#{task_id}", f"COOLDOWN#{run_id}#{kind}"


# ---------------------------------------------------------------- artifacts


def staged(tenant_id: str, task_id: str, artifact_id: str) -> tuple[str, str]:
    """A file that waits for the task's next run."""
    return f"{tenant_id}#{task_id}", f"STAGED#{artifact_id}"


def goal_run(tenant_id: str, goal_id: str) -> tuple[str, str]:
    """The latest goal run of a goal: one row, so that a goal has one that is active at most."""
    return f"{tenant_id}#{goal_id}", GOAL_RUN


# ---------------------------------------------------------------- webhooks


def webhook(tenant_id: str, webhook_id: str) -> tuple[str, str]:
    return f"{tenant_id}#WEBHOOKS", f"WEBHOOK#{webhook_id}"


def delivery(tenant_id: str, webhook_id: str, delivery_id: str) -> tuple[str, str]:
    return f"{tenant_id}#WEBHOOK#{webhook_id}", f"{DELIVERY}{delivery_id}"
