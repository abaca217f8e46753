"""One of each kind of entity, in the shapes its row can take, under names that golden_rows.json uses too."""

from typing import Any

from switchyard.domain.actors import Actor, Shards
from switchyard.domain.audit import Entry
from switchyard.domain.changes import Difference
from switchyard.domain.comments import Comment
from switchyard.domain.devices import Device, Presence
from switchyard.domain.feeds import Feed
from switchyard.domain.goal_runs import GoalRun
from switchyard.domain.imports import Import, Lane
from switchyard.domain.inbox import Item
from switchyard.domain.mail import Mailbox
from switchyard.domain.notifications import Attempted, Notification
from switchyard.domain.oauth import Client, Code, RefreshToken
from switchyard.domain.oidc import Domain, Invitation
from switchyard.domain.questions import Question
from switchyard.domain.runs import Run
from switchyard.domain.schedules import Occurrence, Schedule
from switchyard.domain.sessions import SignInLink
from switchyard.domain.structs import replace
from switchyard.domain.tenants import Member, Project, Tenant
from switchyard.domain.tracks import Track
from switchyard.store.tokens import TokenRow
from switchyard.store.webhooks import Delivery, Webhook

#: The time at which rows are written whose expiry counts from then, in seconds since the epoch.
NOW = 1_780_000_000
AT = "2026-06-05T09:30:00.123Z"
LATER = "2026-06-06T10:00:00.000Z"


def an_id(number: int) -> str:
    return f"01981f5c-7a00-7000-8000-{number:012x}"


#: Who made and changed a track, a run, a comment or a schedule.
_MADE: dict[str, Any] = {
    "created_by": "user_ada",
    "created_at": AT,
    "updated_at": AT,
    "changed_by": "user_ada",
    "changed_by_kind": "user",
    "changed_source": "api",
    "changed_request": "request-1",
}

TASK, GOAL, RUN, PROJECT = an_id(1), an_id(2), an_id(3), an_id(4)


def a_track(**fields: Any) -> Track:
    made = {
        "tenant_id": "acme",
        "id": TASK,
        "type": "task",
        "title": "Wríte it",
        **_MADE,
    }
    return Track(**{**made, **fields})


TRACKS = {
    "minimal": a_track(),
    "in a shard": a_track(status="todo", priority="high", shard=3),
    "full": a_track(
        description='Äll of it\nin "two" lines',
        status="todo",
        priority="urgent",
        due="2026-07-01",
        assignee="agent_bo",
        assignee_type="agent",
        parent_id=an_id(5),
        depends_on=(an_id(6), an_id(7)),
        open_dependencies=2,
        goal_id=GOAL,
        number=12,
        project_ids=("docs",),
        labels=("a=1", "b=2"),
        related_type="pr",
        related_id="77",
        metadata={"z": [1, {"b": None}], "ä": True, "n": 1.5},
        latest_run_id=RUN,
        latest_run_status="failed",
        run_count=3,
        version=7,
        created_by_number=4,
        created_by_name="Ada",
        changed_operation="planning.update_track",
        last_agent="agent_bo",
    ),
    "ready": a_track(status="todo", project_ids=("docs", "site"), depends_on=(an_id(6),), open_dependencies=0),
    "ready in one project": a_track(status="backlog", assignee="user_bo", assignee_type="user", project_ids=("docs",)),
    "leased": a_track(status="in_progress", holder="agent_bo", lease_until=LATER, fence=3, project_ids=("docs",)),
    "personal": a_track(owner="user_ada", status="todo", due="2026-07-01T12:00:00.000Z", parent_id=an_id(5)),
    "done": a_track(status="done", completed_at=AT, completed_note="", run_count=0),
    "goal": a_track(
        id=GOAL,
        type="goal",
        status="on_track",
        progress=0,
        next_number=13,
        tasks_total=12,
        tasks_done=0,
        assignee="agent_bo",
        assignee_type="agent",
        ext={"objectives": {"externalId": "x", "pinnedParameters": {}, "messages": [{"content": "é"}]}},
    ),
    "goal that waits": a_track(id=GOAL, type="goal", status="not_started", depends_on=(an_id(6),)),
    "deleted": a_track(
        deleted_at=LATER, project_ids=(PROJECT,), repository="acme/docs", task_number=1, stages=("plan",), version=2
    ),
    "of a project": a_track(
        status="todo",
        project_ids=(PROJECT,),
        task_number=0,
        origin_product="signal_report",
        repository="Acme/docs",
        internal=True,
        idle_seconds=60,
        timeout_seconds=600,
        archived=True,
        ext={
            "projects": {
                "slug": "DOC-0",
                "signal_report": "s",
                "json_schema": {"type": "object"},
                "ci_prompt": "é",
                "archived_at": LATER,
                "title_manually_set": True,
            }
        },
    ),
    "of a project, just made": a_track(
        project_ids=(PROJECT,), task_number=7, ext={"projects": {"slug": "DOC-7", "title_manually_set": True}}
    ),
    "of a project, from elsewhere": a_track(project_ids=(PROJECT,), repository="acme/docs", internal=True),
    "of a project, archived": a_track(project_ids=(PROJECT,), archived=True),
    "of a project, with stages": a_track(project_ids=(PROJECT,), stages=("plan", "build")),
}


def a_run(**fields: Any) -> Run:
    made = {
        "tenant_id": "acme",
        "id": RUN,
        "task_id": TASK,
        **_MADE,
    }
    return Run(**{**made, **fields})


RUNS = {
    "minimal": a_run(),
    "full": a_run(
        owner="user_ada",
        project_id=PROJECT,
        goal_run_id=an_id(8),
        status="in_progress",
        agent="agent_bo",
        stage="build",
        branch="main",
        error_message="",
        output={"é": [1, None]},
        state={"mode": "background"},
        artifacts=({"id": "a", "name": "é.txt", "size": 3},),
        resumed_from=an_id(9),
        holder="agent_bo",
        lease_until=LATER,
        lease_seconds=300,
        fence=2,
        dispatched_at=AT,
        dispatches=1,
        resumes=1,
        wait_step="work",
        wait_token="token",
        heartbeat_at=AT,
        started_at=AT,
        version=5,
        changed_operation="runs.claim_run",
    ),
    "offered": a_run(agent="agent_bo", dispatched_at=AT, dispatches=1),
    "asking": a_run(
        status="in_progress",
        holder="agent_bo",
        lease_until=LATER,
        dispatched_at=AT,
        question_id=an_id(11),
        asks_since=AT,
        asks_until=LATER,
        asks_whom="user_ada",
        waited_seconds=60,
        asked=2,
        comment_id=an_id(12),
    ),
    "local": a_run(environment="local", status="in_progress", started_at=AT),
    "final": a_run(status="failed", completed_at=LATER, error_message="It broke"),
    "output of nothing": a_run(output=0),
    "output of an empty list": a_run(output=[]),
    "output of no": a_run(output=False),
    "output of an empty text": a_run(output=""),
}

_QUESTION: dict[str, Any] = {
    "tenant_id": "acme",
    "id": an_id(11),
    "task_id": TASK,
    "run_id": RUN,
    "text": "Which?",
    "deadline": LATER,
    "asked_by": "agent_bo",
    "asked_by_kind": "agent",
    "asked_at": AT,
}
QUESTIONS = {
    "open": Question(**_QUESTION),
    "answered": Question(
        **_QUESTION,
        choices=("this", "that"),
        artifact="a",
        to="user_ada",
        default="this",
        answer="that",
        answered_by="user_ada",
        answered_by_kind="user",
        answered_at=AT,
    ),
}

_COMMENT: dict[str, Any] = {
    "tenant_id": "acme",
    "id": an_id(12),
    "track_id": TASK,
    "text": "Mind the limits, @user_eve.",
    **_MADE,
    "created_by_kind": "user",
}
COMMENTS = {
    "new": Comment(**_COMMENT, mentions=("user_eve",)),
    "deleted": Comment(
        **_COMMENT, edited_at=AT, deleted_at=LATER, version=3, changed_operation="planning.delete_comment"
    ),
}

MAILBOXES = {
    "not mailed yet": Mailbox(tenant_id="acme", actor_id="user_ada", address="ada@example.com", secret="sy_secret"),
    "a digest on its way": Mailbox(
        tenant_id="acme",
        actor_id="user_ada",
        address="ada@example.com",
        mode="digest",
        secret="sy_secret",
        pending=an_id(14),
        due_at=NOW + 3_600,
        sending=an_id(13),
        sending_until=NOW + 60,
        mailed_at=NOW,
    ),
}

INBOX = {
    "asked": Item(
        tenant_id="acme",
        actor_id="user_ada",
        id=an_id(13),
        kind="asked",
        track_id=TASK,
        run_id=RUN,
        question_id=an_id(11),
        by="agent_bo",
        at=AT,
    ),
    "mentioned and read": Item(
        tenant_id="acme",
        actor_id="user_ada",
        id=an_id(13),
        kind="mentioned",
        track_id=TASK,
        comment_id=an_id(12),
        by="user_eve",
        at=AT,
        read_at=LATER,
        mailed_at=LATER,
    ),
}

_GOAL_RUN: dict[str, Any] = {
    "tenant_id": "acme",
    "id": an_id(8),
    "goal_id": GOAL,
    "created_by": "user_ada",
    "created_by_kind": "user",
    "created_at": AT,
    "updated_at": AT,
    "changed_by": "user_ada",
    "changed_request": "request-1",
}
GOAL_RUNS = {
    "minimal": GoalRun(**_GOAL_RUN),
    "full": GoalRun(
        **_GOAL_RUN,
        owner="user_ada",
        status="waiting",
        reason="why",
        max_parallel=2,
        on_failure="continue",
        counts={"tasks": 3, "ready": 0},
        waiting_for=(an_id(6), an_id(7)),
        rounds=4,
        woken=3,
        seen=2,
        wait_token="token",
        version=9,
        created_by_name="Ada",
    ),
    "final": GoalRun(**_GOAL_RUN, status="completed", completed_at=LATER),
}

_ENTRY: dict[str, Any] = {
    "id": f"{AT}#{TASK}#00000002",
    "tenant_id": "acme",
    "track_id": TASK,
    "track_type": "task",
    "at": AT,
    "actor_id": "user_ada",
    "actor_kind": "user",
    "source": "api",
    "request_id": "request-1",
}
_NOTHING: dict[str, Any] = dict.fromkeys(("owner", "previous_status", "new_status", "related_type", "related_id"))
ENTRIES = {
    "minimal": Entry(**_ENTRY, **_NOTHING, action="updated", version=2),
    "full": Entry(
        **_ENTRY,
        owner="user_ada",
        action="completed",
        version=3,
        operation="planning.update_track",
        previous_status="todo",
        new_status="done",
        related_type="pr",
        related_id="77",
        differences=[Difference("status", "todo", "done"), Difference("metadata", None, {"é": [1]}, cut=True)],
    ),
}
ATTEMPTS = {
    "refused": Entry(
        **_ENTRY, **_NOTHING, action="completed", outcome="refused", error_code="conflict", error_status=409
    )
}

_NOTICE: dict[str, Any] = {
    "tenant_id": "acme",
    "task_id": TASK,
    "id": an_id(10),
    "run_id": RUN,
    "kind": "completed",
    "recipient": "user_ada",
    "decided": "sent",
    "body": '"É" finished',
    "created_at": AT,
}
NOTICES = {
    "minimal": Notification(**_NOTICE),
    "reminder": Notification(**{**_NOTICE, "run_id": None, "kind": "due", "body": '"É" is due soon'}),
    "full": Notification(
        **_NOTICE,
        present=("device-1", "device-2"),
        devices={
            "device-1": Attempted(platform="ios"),
            "device-2": Attempted(platform="web", outcome="failed", error="é", reference="r", at=LATER),
        },
        attempts=2,
        trying_until=NOW,
    ),
}

DEVICES = {
    "phone": Device(
        tenant_id="acme",
        user_id="user_ada",
        id=an_id(11),
        token="ExponentPushToken[x]",
        platform="ios",
        created_at=AT,
        last_seen_at=LATER,
    )
}

PRESENCES = {
    "phone": Presence(
        tenant_id="acme",
        task_id=TASK,
        user_id="user_ada",
        device_id=an_id(11),
        last_seen_at="2026-05-28T20:26:40.000Z",
        expires_at=NOW + 60,
    )
}

_ACTOR = Actor("acme", "agent_bo", "agent", frozenset({"tasks:write", "tasks:read"}), an_id(12), "Bo", number=3)
_NOBODY = Actor("acme", "user_x", "user", frozenset(), an_id(13))
TOKENS = {
    "full": TokenRow(an_id(12), "digest", _ACTOR, AT, LATER, LATER, "user_ada", "user_ada", limited_until=LATER),
    "without an end": TokenRow(an_id(13), "digest", _NOBODY, AT, None),
    "of shards": TokenRow(an_id(13), "digest", replace(_NOBODY, shards=Shards(16, 4)), AT, None),
    "session": TokenRow(
        an_id(12), "digest", _ACTOR, AT, LATER, created_by="user_ada", session="Firefox", parent="of the token"
    ),
    "connection": TokenRow(an_id(12), "digest", _ACTOR, AT, LATER, session="Clöd", client="https://c.example/c"),
    "access": TokenRow(
        an_id(12), "digest", _ACTOR, AT, LATER, parent="of the connection", client=an_id(14), resource="/mcp"
    ),
}
SIGN_IN_LINKS = {"link": SignInLink("digest", replace(_ACTOR, token_id=""), LATER, AT, "operator")}
OAUTH_CLIENTS = {"client": Client(an_id(14), "Clöd", ("https://c.example/back", "clod:back"), AT, LATER)}
_ALLOWED = ("digest", replace(_ACTOR, token_id=""), an_id(14), "Clöd", "clod:back")
_CODE = (*_ALLOWED, "c" * 43, an_id(12), "grant", AT, LATER)
OAUTH_CODES = {"minimal": Code(*_CODE), "full": Code(*_CODE, "/mcp", "of the token", AT, "of the session")}
_INVITED = ("ada@example.com", "acme", "user_ada", "owner", AT, "operator")
INVITATIONS = {"new": Invitation(*_INVITED), "taken": Invitation(*_INVITED, "https://issuer.example 1")}
DOMAINS = {"domain": Domain("example.com", "acme", "member", AT, "operator")}
REFRESH_TOKENS = {
    "fresh": RefreshToken("digest", an_id(14), "grant", AT, LATER),
    "used": RefreshToken("digest", an_id(14), "grant", AT, LATER, AT),
}

TENANTS = {
    "tenant": Tenant("acme", "Acme", AT, 3, 4),
    "with shards": Tenant("acme", "Acme", AT, shards=Shards(16, 4)),
}
IMPORTS = {
    "waiting": Import("acme", an_id(30), _ACTOR, "waiting", AT),
    "over": Import(
        *("acme", an_id(31), _NOBODY, "failed", AT),
        version=4,
        owner="user_ada",
        project_ids=(PROJECT,),
        started_at=AT,
        completed_at=LATER,
        file_version="v1",
        size=1_000,
        lines=9,
        split=3,
        results_at=LATER,
        error="The token was revoked.",
    ),
}
LANES = {"lane": Lane("acme", an_id(30), 2, 900, 400, 7, True, 1, 2, 3, 4, 5)}

FEEDS = {"feed": Feed("acme", an_id(32), "digest", replace(_ACTOR, token_id=""), "Due dates", "all", AT)}

_SCHEDULE: dict[str, Any] = {
    "tenant_id": "acme",
    "id": an_id(33),
    "name": "Weekly report",
    "expression": "cron(0 9 ? * MON *)",
    "starts_at": AT,
    **_MADE,
}
SCHEDULES = {
    "minimal": Schedule(**_SCHEDULE, does="create_task", template={"title": "Report", "project_ids": ["docs"]}),
    "full": Schedule(
        **_SCHEDULE,
        time_zone="Europe/Berlin",
        ends_at=LATER,
        does="run_goal",
        target_id=GOAL,
        settings={"max_parallel": 5, "on_failure": "stop"},
        overlap="queue",
        catch_up="once",
        paused=True,
        paused_at=AT,
        missed_since=AT,
        owner="user_ada",
        last_at=AT,
        last_track_id=GOAL,
        last_run_id=RUN,
        waiting_at=LATER,
        occurred=3,
        version=4,
        deleted_at=LATER,
        changed_by_name="Ada",
        changed_by_number=1,
        changed_operation="planning.update_schedule",
    ),
}
_OCCURRENCE: dict[str, Any] = {"tenant_id": "acme", "schedule_id": an_id(33), "at": AT, "id": an_id(34)}
OCCURRENCES = {
    "begun": Occurrence(**_OCCURRENCE, outcome="begun", track_id=TASK, run_id=RUN, decided_at=AT, owner="user_ada"),
    "skipped": Occurrence(**_OCCURRENCE, outcome="skipped", reason="It came too late.", decided_at=LATER),
}

PROJECTS = {"project": Project("acme", PROJECT, 1, "Docs", AT, "user_ada")}
MEMBERS = {"member": Member("acme", "user_ada", "user", "Ada", 1, AT)}

_WEBHOOK: dict[str, Any] = {
    "tenant_id": "acme",
    "id": an_id(14),
    "url": "https://hooks.example.com",
    "events": ("task.*", "goal.created"),
    "secret": "whsec_1",
    "created_by": "user_ada",
    "created_at": AT,
    "updated_at": AT,
}
WEBHOOKS = {
    "minimal": Webhook(**_WEBHOOK),
    "full": Webhook(
        **_WEBHOOK,
        description="é",
        enabled=False,
        disabled_reason="gone",
        former_secret="whsec_0",
        former_until=LATER,
        version=2,
    ),
}

_DELIVERY: dict[str, Any] = {
    "tenant_id": "acme",
    "webhook_id": an_id(14),
    "id": an_id(15),
    "event_id": "evt_1",
    "event": "task.created",
    "body": '{"a":"é"}',
    "created_at": AT,
}
DELIVERIES = {
    "minimal": Delivery(**_DELIVERY),
    "full": Delivery(
        **_DELIVERY,
        correlation_id="req_1",
        status="delivered",
        round=1,
        attempts=3,
        response_status=204,
        error="é",
        attempted_at=LATER,
        next_attempt_at=LATER,
        delivered_at=LATER,
    ),
}
