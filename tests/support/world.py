"""The little world that the sample events under events/ speak of: fixed ids in one tenant."""

from typing import Any

from switchyard.aws.objects import ObjectStore, Upload
from switchyard.domain import artifacts, clock, comments, questions, schedules, tokens
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.devices import Device
from switchyard.domain.feeds import Feed
from switchyard.domain.goal_runs import GoalRun
from switchyard.domain.ids import new_id
from switchyard.domain.imports import Import, file_path
from switchyard.domain.inbox import Item
from switchyard.domain.oauth import CODE_SECONDS, Code
from switchyard.domain.questions import Question
from switchyard.domain.structs import replace
from switchyard.domain.tenants import Project, Tenant
from switchyard.ledger import runs, tracks
from switchyard.ledger.unit import Unit
from switchyard.store import comments as comment_rows
from switchyard.store import (
    devices,
    feeds,
    goal_runs,
    imports,
    inbox,
    keys,
    mailboxes,
    oauth,
    run_logs,
    tenants,
    webhooks,
)
from switchyard.store import questions as question_rows
from switchyard.store import schedules as schedule_rows
from switchyard.store import tokens as token_rows
from switchyard.store.codec import row_key
from switchyard.store.run_logs import Append
from switchyard.store.table import Item as Row
from switchyard.store.table import Table
from switchyard.store.tokens import TokenRow
from switchyard.store.webhooks import Delivery, Webhook

GOAL = "01981f5c-7a00-7000-8000-00000000000a"
TASK = "01981f5c-7a00-7000-8000-00000000000b"
BLOCKER = "01981f5c-7a00-7000-8000-00000000000c"
TOKEN = "01981f5c-7a00-7000-8000-00000000000d"
READY = "01981f5c-7a00-7000-8000-00000000000e"
CLAIMED = "01981f5c-7a00-7000-8000-00000000000f"
WEBHOOK = "01981f5c-7a00-7000-8000-000000000010"
DELIVERY = "01981f5c-7a00-7000-8000-000000000011"
PROJECT = "01981f5c-7a00-7000-8000-000000000012"
PROJECT_TASK = "01981f5c-7a00-7000-8000-000000000013"
#: Runs of the project's task: one in the cloud that waits, with a line in its log, and an older
#: one that a local session works on.
PROJECT_RUN = "01981f5c-7a00-7000-8000-000000000018"
LOCAL_RUN = "01981f5c-7a00-7000-8000-000000000017"
#: The secret of the first one, by which the address in the sample event is signed.
LOG_KEY = "sample"
#: A run that user_ada holds, and one that waits for any agent, each with its task.
HELD_TASK, HELD_RUN = "01981f5c-7a00-7000-8000-000000000020", "01981f5c-7a00-7000-8000-000000000021"
OFFERED_TASK, OFFERED_RUN = "01981f5c-7a00-7000-8000-000000000022", "01981f5c-7a00-7000-8000-000000000023"
#: A run of agent_bo that waits for the answer to its question.
ASKING_TASK, ASKING_RUN = "01981f5c-7a00-7000-8000-000000000024", "01981f5c-7a00-7000-8000-000000000025"
QUESTION = "01981f5c-7a00-7000-8000-000000000026"
#: A comment of user_ada on the first task.
COMMENT = "01981f5c-7a00-7000-8000-000000000027"
#: An item of user_ada's inbox: the question.
INBOX_ITEM = "01981f5c-7a00-7000-8000-000000000028"
DEVICE = "01981f5c-7a00-5000-8000-000000000030"
#: A file that was uploaded and not finalized, and one in the manifest of the run that user_ada holds.
UPLOADED, ATTACHED = "5f0c8a3e9b7d4c1fa2e6d8b90c4f7e13", "6a1d9b4f0c8e4d2ab3f7e9ca1d508f24"
RUNNABLE_GOAL = "01981f5c-7a00-7000-8000-0000000000e0"
GOAL_UNDER_WAY = "01981f5c-7a00-7000-8000-0000000000e2"
GOAL_RUN = "01981f5c-7a00-7000-8000-0000000000e4"

#: An import of user_ada, whose file is uploaded.
IMPORT = "01981f5c-7a00-7000-8000-0000000000f0"

#: A calendar feed of user_ada, and the secret of its address.
FEED, FEED_SECRET = "01981f5c-7a00-7000-8000-0000000000f4", "sy_SampleFeedSampleFeedSampleFeedSa4CyQLu"

#: A schedule of user_ada, which has created a task once.
SCHEDULE = "01981f5c-7a00-7000-8000-0000000000f6"

SESSION = "01981f5c-7a00-7000-8000-0000000000d5"
#: The secret of a code that a client may fetch its tokens by, and the connection that is then made.
CODE, CONNECTION = tokens.new_token(), "01981f5c-7a00-7000-8000-0000000000d6"

#: A track of a tenant other than the sample events'.
FOREIGN = "01981f5c-7a00-7000-8000-0000000000ff"


def build(table: Table, tenant: str, code: str = CODE, feed: str = FEED_SECRET) -> None:
    """Write what the sample events need: the tenant, its first project and a task there, a token, a goal, a task of it
    and what that task waits for, a task that is ready and one that is claimed, an endpoint for events and a delivery,
    a device, a code to fetch tokens by and the secret of a feed, which are one each in the whole table.
    """
    ledger = _ledger(table, tenant)
    ledger.write(tenants.put_tenant(Tenant(tenant, "Acme", clock.now(), next_project=2)))
    ledger.write(*tenants.put_project(Project(tenant, PROJECT, 1, "Acme Docs", clock.now(), "user_ada")))
    actor = Actor(tenant, "agent_builder", "agent", frozenset({"tasks:read"}), TOKEN, "Builder")
    ledger.write(*token_rows.put(TokenRow(TOKEN, tokens.digest(tokens.new_token()), actor, clock.now(), None)))
    session = TokenRow(SESSION, tokens.digest(tokens.new_token()), actor, clock.now(), None, session="Sample")
    ledger.write(*token_rows.put(replace(session, actor=replace(actor, token_id=SESSION))))
    tracks.create(ledger, "goal", "Ship docs v1", id=GOAL, project_ids=("docs",), status="on_track", progress=40)
    tracks.create(ledger, "task", "Write API docs", id=BLOCKER, project_ids=("docs",), status="in_progress")
    tracks.create(
        ledger,
        "task",
        "Review API docs",
        id=TASK,
        project_ids=("docs",),
        status="todo",
        goal_id=GOAL,
        depends_on=(BLOCKER,),
    )
    tracks.create(ledger, "task", "Draw the diagrams", id=READY, project_ids=("docs",), status="todo")
    tracks.create(
        ledger,
        "task",
        "Collect feedback",
        id=CLAIMED,
        status="in_progress",
        holder="user_ada",
        fence=1,
        lease_until="2999-01-01T00:00:00.000Z",
    )
    tracks.create(ledger, "task", "Fix the build", id=PROJECT_TASK, project_ids=(PROJECT,), status="todo")
    ledger.write(*_goal_runs(ledger, tenant))
    ledger.write(*feeds.put(Feed(tenant, FEED, tokens.digest(feed), ledger.actor, "Docs", "all", clock.now())))
    ledger.write(*_schedule(ledger))
    ledger.write(imports.JOBS.create(Import(tenant, IMPORT, ledger.actor, "waiting", clock.now())))
    webhook = Webhook(
        tenant_id=tenant,
        id=WEBHOOK,
        url="https://hooks.example.com/switchyard",
        events=("task.*",),
        secret="whsec_c2VjcmV0",
        created_by="user_ada",
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    delivery = Delivery(
        tenant_id=tenant,
        webhook_id=WEBHOOK,
        id=DELIVERY,
        event_id="evt_1",
        event="task.created",
        body="{}",
        created_at=clock.now(),
    )
    device = Device(
        tenant_id=tenant,
        user_id="user_ada",
        id=DEVICE,
        token="ExponentPushToken[sample]",
        platform="ios",
        created_at=clock.now(),
        last_seen_at=clock.now(),
    )
    ledger.write(oauth.put_code(_code(actor, code)))
    ledger.write(webhooks.put(webhook), webhooks.put_delivery(delivery), {"Put": {"Item": devices.to_item(device)}})
    holder = row_key(keys.device_token(tenant, device.token)) | {"user_id": {"S": device.user_id}}
    ledger.write({"Put": {"Item": holder}})
    ledger.write(mailboxes.note_address(tenant, "user_ada", "ada@example.com", "sample"))
    remark = comments.create(ledger.actor, "world", ledger.gathered(ledger.pending(TASK)), "Mind the limits.", ())  # type: ignore[arg-type]
    ledger.write(comment_rows.put(replace(remark, id=COMMENT)))
    ledger.commit(200, {}, "")
    _build_runs(table, tenant)


def _code(actor: Actor, code: str) -> Code:
    """A code that somebody allowed, as the sample event redeems it; the challenge is that of RFC 7636, appendix B."""
    client, challenge = "https://client.example/oauth.json", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    return Code(
        digest=tokens.digest(code),
        actor=replace(actor, token_id=""),
        client_id=client,
        client_name="Sample",
        redirect_uri="https://client.example/callback",
        challenge=challenge,
        grant_id=CONNECTION,
        grant=tokens.digest(f"the connection of {code}"),
        created_at=clock.now(),
        valid_until=clock.stamp(clock.epoch() + CODE_SECONDS),
    )


def _build_runs(table: Table, tenant: str) -> None:
    """Write a run that user_ada holds, one that waits for any agent, and two of the project's task, one with a log."""
    ledger = _ledger(table, tenant)
    tracks.create(ledger, "task", "Proof-read the docs", id=HELD_TASK, project_ids=("docs",), status="todo")
    tracks.create(ledger, "task", "Translate the docs", id=OFFERED_TASK, project_ids=("docs",), status="todo")
    tracks.create(ledger, "task", "Name the docs", id=ASKING_TASK, project_ids=("docs",), status="todo")
    ledger.commit(200, {}, "")
    ledger = _ledger(table, tenant)
    held: dict[str, Any] = {"status": "in_progress", "dispatched_at": clock.now()}
    held |= {"holder": "user_ada", "fence": 1, "lease_until": "2999-01-01T00:00:00.000Z"}
    attached = {"id": ATTACHED, "name": "report.md", "type": "output", "source": "", "content_type": "text/markdown"}
    path = artifacts.run_path(tenant, HELD_TASK, HELD_RUN, ATTACHED, "report.md")
    held["artifacts"] = ({**attached, "size": 8, "storage_path": path, "uploaded_at": clock.now()},)
    runs.create(ledger, ledger.get(HELD_TASK), id=HELD_RUN, **held)
    runs.create(ledger, ledger.get(OFFERED_TASK), id=OFFERED_RUN, dispatched_at=clock.now())
    asking = {"status": "in_progress", "dispatched_at": clock.now(), "holder": "agent_bo", "fence": 1}
    question = Question(
        tenant_id=tenant,
        id=QUESTION,
        task_id=ASKING_TASK,
        run_id=ASKING_RUN,
        text="Which of the two titles?",
        choices=("Field notes", "A field guide"),
        deadline="2999-01-01T00:00:00.000Z",
        asked_by="agent_bo",
        asked_by_kind="agent",
        asked_at=clock.now(),
    )
    runs.create(ledger, ledger.get(ASKING_TASK), id=ASKING_RUN, **asking, **questions.waiting(question, None))
    ledger.write(question_rows.put(question))
    about = {"track_id": ASKING_TASK, "run_id": ASKING_RUN, "question_id": QUESTION}
    item = Item(
        tenant_id=tenant, actor_id="user_ada", id=INBOX_ITEM, kind="asked", **about, by="agent_bo", at=clock.now()
    )
    ledger.write(inbox.ROWS.create(item))
    task = ledger.get(PROJECT_TASK)
    runs.create(ledger, task, id=LOCAL_RUN, environment="local", status="in_progress")
    runs.create(ledger, ledger.gathered(task), id=PROJECT_RUN, log_key=LOG_KEY)
    ledger.write(run_logs.put(tenant, PROJECT_RUN, Append(new_id(), ['{"type":"notification"}'])))
    ledger.commit(200, {}, "")


def _schedule(ledger: Unit) -> list[Row]:
    """A schedule that is due each Monday, and its first occurrence."""
    template = {"title": "Write the weekly report", "description": "", "priority": "medium", "metadata": {}}
    template |= {"owner": None, "project_ids": ["docs"], "assignee": None, "assignee_type": None}
    template |= dict.fromkeys(("parent_id", "goal_id", "requires_approval"))
    expression = "cron(0 9 ? * MON *)"
    made = schedules.create(
        ledger.actor, "world", name="Weekly report", expression=expression, does="create_task", template=template
    )
    made = replace(made, id=SCHEDULE)
    found = schedules.occurrence(made, "2026-06-01T09:00:00.000Z", "begun", track_id=READY)
    return [schedule_rows.put(schedules.followed(made, found)), schedule_rows.note(found, None)]


def build_files(bucket: ObjectStore, tenant: str) -> None:
    """Upload what the sample events of artifacts speak of."""
    paths = [
        artifacts.staged_path(tenant, PROJECT_TASK, UPLOADED, "brief.pdf"),
        artifacts.run_path(tenant, HELD_TASK, HELD_RUN, UPLOADED, "report.md"),
        artifacts.run_path(tenant, HELD_TASK, HELD_RUN, ATTACHED, "report.md"),
        file_path(tenant, IMPORT),
    ]
    bucket.put_all([Upload(path, b"# Report", "text/markdown") for path in paths], {})


def _goal_runs(ledger: Unit, tenant: str) -> list[Row]:
    """A goal that can be run, and one that is."""
    own = {"status": "todo", "assignee": "agent_bo", "assignee_type": "agent"}
    for goal, task in ((RUNNABLE_GOAL, "e1"), (GOAL_UNDER_WAY, "e3")):
        tracks.create(ledger, "goal", "Publish the handbook", id=goal, project_ids=("docs",))
        task_id = f"{goal[:-2]}{task}"
        tracks.create(ledger, "task", "Write the handbook", id=task_id, goal_id=goal, project_ids=("docs",), **own)
    run = GoalRun(
        tenant_id=tenant,
        id=GOAL_RUN,
        goal_id=GOAL_UNDER_WAY,
        created_by="user_ada",
        created_by_kind="user",
        created_at=clock.now(),
        updated_at=clock.now(),
        changed_by="user_ada",
        changed_request="world",
    )
    return [goal_runs.put(run, None)]


def build_foreign(table: Table, tenant: str) -> None:
    """Write a track that callers of other tenants must not notice."""
    ledger = _ledger(table, tenant)
    tracks.create(ledger, "task", "Secret", id=FOREIGN, project_ids=("docs",))
    ledger.commit(200, {}, "")


def _ledger(table: Table, tenant: str) -> Unit:
    return Unit(table, Actor(tenant, "user_ada", "user", frozenset(SCOPES), "world"), "world")
