"""PATCH /v1/tasks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.followups import present, tasks
from switchyard.surfaces.followups.models import UpdateTask
from switchyard.surfaces.followups.replies import OneTask
from switchyard.surfaces.followups.surface import FOLLOWUPS


@endpoint(
    FOLLOWUPS,
    "followups.update_task",
    "PATCH /v1/tasks/{id}",
    scopes=("tasks:write",),
    body=UpdateTask,
    shown=lambda call: present.as_shown(tasks.find(call.unit, call.path["id"])),
    key_field="idempotency_key",
    reply=OneTask,
    versioned=True,
    wants=tasks.wanted,
    reads=the_track,
)
def handler(call: Call[UpdateTask]) -> Reply:
    """Complete, cancel or reopen a task, or change its title, due date or assignee."""
    body, task_id = call.body, call.path["id"]
    after = tasks.update(call.unit, task_id, body.status, body.completed_note, call.if_match, **tasks.details(body))
    return present.one(call, after)
