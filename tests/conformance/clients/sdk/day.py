"""A day's work through the Python client that is generated from docs/openapi.json: `day.py URL TOKEN AGENT_TOKEN`.

Prints what came of it as JSON. Each answer is a model of the client's, or the assertion fails.
"""

import json
import sys
from typing import Any
from uuid import uuid4

from switchyard_api import AuthenticatedClient
from switchyard_api.api.audit import audit_list_entries
from switchyard_api.api.followups import followups_list_tasks
from switchyard_api.api.planning import planning_apply_tracks, planning_get_track, planning_list_tracks
from switchyard_api.api.pool import (
    pool_claim_task,
    pool_create_webhook,
    pool_delete_webhook,
    pool_heartbeat,
    pool_list_ready,
    pool_list_webhooks,
    pool_update_task,
)
from switchyard_api.api.projects import (
    projects_append_log,
    projects_download_artifact,
    projects_get_session_logs,
    projects_run_task,
    projects_set_run_output,
    projects_update_run,
    projects_upload_artifacts,
)
from switchyard_api.api.runs import runs_claim
from switchyard_api.models import (
    AppendLog,
    AppendLogEntriesItem,
    AppliedAll,
    ApplyTracks,
    ClaimedRun,
    ClaimedTask,
    ClaimInput,
    CreateWebhook,
    Draft,
    DraftTask,
    EntryPage,
    Inline,
    Manifest,
    NamedArtifact,
    PoolUpdateTask,
    Problem,
    ProjectsRunShown,
    RunTask,
    Scope,
    SetOutput,
    TrackPage,
    TrackShown,
    UpdateRun,
    UploadArtifacts,
    WebhookPage,
    WebhookWithSecret,
)


def got[T](kind: type[T], answer: Any) -> T:
    assert isinstance(answer, kind), answer
    return answer


def main(url: str, token: str, agent_token: str) -> dict[str, Any]:
    person = AuthenticatedClient(url, token, raise_on_unexpected_status=True)
    agent = AuthenticatedClient(url, agent_token, raise_on_unexpected_status=True)
    told: dict[str, Any] = {}
    space = f"python-{uuid4()}"

    # Plan two tasks, one waiting for the other, and plan them again under the same key.
    scope = Scope.from_dict({"type": "projects", "ids": [space]})
    drafts = [
        Draft(id="a", title="Draft", task=DraftTask()),
        Draft(id="b", title="Publish", task=DraftTask(depends_on=["a"])),
    ]
    plan = ApplyTracks(scope=scope, update_drafts=drafts)
    first = got(AppliedAll, planning_apply_tracks.sync(client=person, body=plan, idempotency_key=space))
    again = got(AppliedAll, planning_apply_tracks.sync(client=person, body=plan, idempotency_key=space))
    one, two = (each.id for each in first.results)
    told["again"] = [each.id for each in again.results] == [one, two]

    # What is ready, page by page; claim it, keep it, complete it.
    ready = pool_list_ready.sync(client=person, space_id=space, limit=1)
    told["ready"] = [each.title for each in got(list, ready)]
    held = got(ClaimedTask, pool_claim_task.sync(one, client=person))
    got(ClaimedTask, pool_heartbeat.sync(one, client=person, claim_fence=held.claim.fence))
    done = PoolUpdateTask.from_dict({"status": "completed"})
    pool_update_task.sync(one, client=person, body=done, claim_fence=held.claim.fence)

    # Run the other; an agent claims the run, logs, hands a file in and finishes.
    projects_run_task.sync("-", two, client=person, body=RunTask(pending_user_message="Mind the links."))
    claimed = got(ClaimedRun, runs_claim.sync(client=agent, body=ClaimInput(wait_seconds=20, task=two)))
    run, fence = claimed.run.id, claimed.fence
    told["message"] = claimed.run.message
    line = AppendLogEntriesItem.from_dict({"type": "notification", "text": "step 1"})
    projects_append_log.sync("-", two, run, client=agent, body=AppendLog(entries=[line]), claim_fence=fence)
    file = Inline.from_dict({"name": "notes.md", "type": "output", "content": "# Notes"})
    body = UploadArtifacts(artifacts=[file])
    kept = got(Manifest, projects_upload_artifacts.sync("-", two, run, client=agent, body=body, claim_fence=fence))
    named = NamedArtifact(storage_path=kept.artifacts[0].storage_path)
    told["file"] = projects_download_artifact.sync_detailed("-", two, run, client=person, body=named).content.decode()
    projects_set_run_output.sync("-", two, run, client=agent, body=SetOutput(output={"answer": 42}), claim_fence=fence)
    ended = UpdateRun.from_dict({"status": "completed"})
    finished = projects_update_run.sync("-", two, run, client=agent, body=ended, claim_fence=fence)
    told["run"] = str(got(ProjectsRunShown, finished).status)
    told["log"] = len(got(list, projects_get_session_logs.sync("-", two, run, client=person)))

    # Lists of every surface, and what is refused.
    hook = CreateWebhook.from_dict({"url": "https://hooks.example.com/python", "events": ["task.*"]})
    made = got(WebhookWithSecret, pool_create_webhook.sync(client=person, body=hook))
    told["webhooks"] = made.id in [each.id for each in got(WebhookPage, pool_list_webhooks.sync(client=person)).items]
    told["deleted"] = pool_delete_webhook.sync_detailed(made.id, client=person).status_code
    page = got(TrackPage, planning_list_tracks.sync(client=person, project_id=[space], limit=1))
    rest = planning_list_tracks.sync(client=person, project_id=[space], limit=1, cursor=page.next_cursor)
    told["pages"] = [each.title for each in (*page.items, *got(TrackPage, rest).items)]
    told["followups"] = followups_list_tasks.sync_detailed(client=person, limit=1).status_code
    got(EntryPage, audit_list_entries.sync(client=person, track=one))
    told["read"] = got(TrackShown, planning_get_track.sync(one, client=person)).title
    missing = planning_get_track.sync("01981f5c-7a00-7000-8000-0000000000ff", client=person)
    told["refused"] = got(Problem, missing).code
    return told


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
