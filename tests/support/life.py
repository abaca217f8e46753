"""The life of a task, step by step, and what each step costs: units written and read, and calls of the table.

The table of all steps stands in docs/performance.md.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from switchyard.domain import clock, tracks
from switchyard.domain.actors import SCOPES, Actor, service_actor
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.http.container import use_table
from switchyard.ledger import system
from switchyard.store import tracks as rows
from switchyard.store.table import Table
from tests.support.http import Answer, Api
from tests.support.projects import a_tenant
from tests.support.stream import Stream
from tests.support.template import ROOT
from tests.support.units import Meter

#: Makes the row of a task in the pool as large as 1 KB takes, over its whole life.
DESCRIPTION = "As the customer told us by phone. " * 3
#: What an agent is told to do, in 800 bytes: English compresses to a little more than a half.
INSTRUCTION = (
    "Find out why the nightly export of invoices stops after the first thousand rows, and mend it. The log of the last "
    "run is attached; the job runs in the worker that also sends the reminders, so make sure that those still go out. "
    "Write a test that fails without the change. If the cause is in the shared reader, open a follow-up for the other "
    "jobs that use it and name this task there. Do not change the format of the file: the bank reads it by position. "
    "The customer asked for a short note when it is done, in German, with the number of invoices that were left out "
    "and the date of each. When the export runs again, let it make up for the two nights that are missing, one file a "
    "night, and compare the totals with the ledger before anything is sent. Finish by noon on Friday, please."
)


def _prose(seed: int) -> str:
    """Return 6 KB that compress to 60 %, worse than English, which does to some 45 %: letters as frequent as there."""
    drawn, letters = random.Random(seed), "eeeeeetttttaaaaooooiiiinnnnsssshhhrrrddllcuumwfgypbvk"
    return " ".join("".join(drawn.choices(letters, k=drawn.randint(2, 9))) for _ in range(940))


#: As an agent is told in detail what to do.
LONG = _prose(6)
SECONDS = 300
#: A page of 25 of each kind of list, by what it is of. The tenant has as many tasks that are done as are to do.
LISTS = {
    "all tasks": "/api/v1/tasks?limit=25",
    "all tasks, shared and personal": "/v1/tracks?limit=25",
    "of a status": "/api/v1/tasks?limit=25&status=pending",
    "of the usual priority": "/api/v1/tasks?limit=25&priority=medium",
    "of the usual priority and a status": "/api/v1/tasks?limit=25&priority=medium&status=pending",
    "of another priority": "/api/v1/tasks?limit=25&priority=high",
    "of another priority and a status": "/api/v1/tasks?limit=25&priority=high&status=pending",
    "of an assignee": "/api/v1/tasks?limit=25&assignedTo=user_cleo",
    "of an assignee and a status": "/api/v1/tasks?limit=25&assignedTo=user_cleo&status=pending",
    "of a project, newest first": "/api/projects/@current/tasks/?limit=25",
    "of a project": "/v1/tracks?limit=25&projectId={project}",
    "of a project and a status": "/v1/tracks?limit=25&projectId={project}&status=todo",
    "of a goal": "/v1/tracks?limit=25&goalId={goal}&scope=projects",
    "of a goal and a status": "/v1/tracks?limit=25&goalId={goal}&status=todo&scope=projects",
    "of a parent": "/v1/tracks?limit=25&parentId={parent}&scope=projects",
    "of a parent and a status": "/v1/tracks?limit=25&parentId={parent}&status=todo&scope=projects",
    "that wait for a task": "/v1/tracks?limit=25&dependsOn={dependency}&scope=projects",
    "that wait for a task, of a status": "/v1/tracks?limit=25&dependsOn={dependency}&status=todo&scope=projects",
    "about a resource": "/v1/tasks?limit=25&related_resource_type=contact&related_resource_id=4711",
    "about a resource, open": "/v1/tasks?limit=25&related_resource_type=contact&related_resource_id=4711&status=open",
    "changed since a day": "/v1/tracks?limit=25&updatedAtFrom=2020-01-01&scope=projects",
    "due by a day": "/v1/tracks?limit=25&dueDateTo=2030-01-01&scope=projects",
    "ready": "/api/v1/tasks/ready?limit=25",
    "ready in a project": "/api/v1/tasks/ready?limit=25&spaceId={project}",
    "the trail": "/v1/audit?limit=25",
    "the trail of an actor": "/v1/audit?limit=25&actor=user_ada",
}
PAGE = ROOT / "docs/performance.md"


@dataclass(frozen=True, slots=True)
class Step:
    """What one step costs: units written by the request and by the pipeline, units read by the request, its calls."""

    name: str
    written: int
    followed: int
    read: float
    calls: int


class Life:
    """The steps of one tenant's life over one table, each counted."""

    def __init__(self, meter: Meter, table: str, tenant: str, caller: Callable[..., Api]) -> None:
        self.meter = meter
        self.table = Table(table, self.meter)
        self.tenant = tenant
        self.stream = Stream(self.table, tenant)
        self.ada, self.cy, self.bo = caller("user_ada"), caller("user_cy"), caller("agent_bo", kind="agent")
        self.steps: list[Step] = []
        self.pages: list[Step] = []

    def step(self, name: str, call: Callable[[], Answer | None]) -> Any:
        """Do a step, then what follows from it; returns the answer's body."""
        self.meter.clear()
        answer = call()
        assert answer is None or answer.status < 300, answer.text
        written, read, calls = self.meter.written, self.meter.read, len(self.meter.calls)
        self.meter.clear()
        if written:
            self.stream.settle()
        self.steps.append(Step(name, written, self.meter.written, read, calls))
        return answer.json if answer and answer.text else None

    def together(self, name: str, first: int) -> None:
        """Make one step of all since the `first`."""
        parts = self.steps[first:]
        total = Step(
            name, *(sum(getattr(each, field) for each in parts) for field in ("written", "followed", "read", "calls"))
        )
        self.steps[first:] = [total]

    # -------------------------------------------------------------- the life
    def live(self) -> "Life":
        """Go through a life; `steps` and `pages` tell what it cost."""
        # Authentication is remembered by the container, as it is for nearly every request.
        use_table(self.table)
        self.ada.get("/v1/tracks?limit=1")
        self.cy.get("/v1/tracks?limit=1")
        self.bo.get("/v1/tracks?limit=1")
        project = a_tenant(self.table, self.tenant, "Docs")[0].id
        goal = self._goal(project)
        self._pool(self.ada, INSTRUCTION, ", with a text of 800 bytes")
        self._pool(self.ada, DESCRIPTION)
        self._pool(self.cy, LONG, ", with a text of 6 KB")
        task = self._project(project, goal)
        self._run(task)
        first = len(self.steps)
        self._lists(project)
        self.pages = self.steps[first:]
        del self.steps[first:]
        return self

    def _goal(self, project: str) -> str:
        body = {"type": "goal", "title": "Goal", "scope": {"type": "projects", "ids": [project]}}
        goal: str = self.step("", lambda: self.ada.post("/v1/tracks", body))["id"]
        self.steps.clear()
        return goal

    def _pool(self, planner: Api, text: str, suffix: str = "") -> None:
        tasks, lease = "/api/v1/tasks", {"leaseSeconds": SECONDS}
        body = {"title": "Call back", "description": text}
        task = self.step(f"create in the pool{suffix}", lambda: planner.post(tasks, body))["id"]
        self.step(f"claim the next{suffix}", lambda: self.bo.post(f"{tasks}/claim", lease))
        for _ in range(3):
            self.step(f"heartbeat{suffix}", lambda: self.bo.post(f"{tasks}/{task}/heartbeat", lease))
        self.step(f"edit of a title{suffix}", lambda: self.bo.patch(f"{tasks}/{task}", {"title": "Call again"}))
        self.step(f"complete{suffix}", lambda: self.bo.patch(f"{tasks}/{task}", {"status": "completed"}))

    def _project(self, project: str, goal: str) -> str:
        body = {
            "type": "task",
            "title": "Call back",
            "description": DESCRIPTION,
            "scope": {"type": "projects", "ids": [project]},
            "task": {
                "status": "todo",
                "goalId": goal,
                "assignee": "agent_bo",
                "assigneeType": "agent",
                "dueDate": "2027-05-01",
            },
        }
        name = "create in a project, with goal, assignee and due date"
        task: str = self.step(name, lambda: self.ada.post("/v1/tracks", body))["id"]
        return task

    def _lists(self, project: str) -> None:
        """Fill the tenant with tasks of two statuses, and read a page of each kind of list."""
        actor = Actor(self.tenant, "user_ada", "user", frozenset(SCOPES), new_id())
        ids = {name: new_id() for name in ("goal", "parent", "dependency")}
        alike = {"description": DESCRIPTION, "priority": "medium"}
        within = {
            "project_ids": (project,),
            "goal_id": ids["goal"],
            "parent_id": ids["parent"],
            "depends_on": (ids["dependency"],),
            "assignee": "user_cleo",
            "assignee_type": "user",
            "due": "2027-05-01",
        }
        related = {"related_type": "contact", "related_id": "4711"}
        made = [
            tracks.create(actor, new_id(), "task", f"Call {number}", status=("todo", "done")[number % 2], **fields)
            for fields in ({}, within, related)
            for number in range(60)
        ]
        made = [replace(each, **alike, number=place) for place, each in enumerate(made)]
        made = [replace(each, priority="high") if place % 6 < 2 else each for place, each in enumerate(made)]
        self.table.put_many([rows.to_item(each) for each in made])
        self.stream.settle()
        for name, url in LISTS.items():
            self.step(name, lambda url=url: self.ada.get(url.format(project=project, **ids)))

    def _run(self, task: str) -> None:
        first, path = len(self.steps), f"/api/projects/@current/tasks/{task}"
        body = {"mode": "background", "branch": None}
        run = self.step("", lambda: self.ada.post(f"{path}/run/", body))["latest_run"]["id"]
        self.step("", lambda: self._dispatch(task, run))
        claimed = self.step("", lambda: self.bo.post("/v1/runs/claim", {"lease_seconds": SECONDS}))
        assert claimed["run"]["id"] == run, claimed
        beat = f"/v1/runs/{task}/{run}/heartbeat"
        self.step("heartbeat of a run", lambda: self.bo.post(beat, {"lease_seconds": SECONDS}))
        heartbeat = self.steps.pop()
        long = {"entries": [{"text": LONG}]}
        self.step("an append of 6 KB to its log", lambda: self.bo.post(f"{path}/runs/{run}/append_log/", long))
        append = self.steps.pop()
        log = f"{path}/runs/{run}/append_log/"
        entries = {"entries": [{"text": "x" * 400}]}
        for _ in range(10):
            self.step("", lambda: self.bo.post(log, entries))
        self.step("", lambda: self.bo.patch(f"{path}/runs/{run}/", {"status": "completed"}))
        self.together("a run: start, offer, claim, 10 log appends, end", first)
        self.steps += [heartbeat, append]

    def _dispatch(self, task: str, run: str) -> None:
        """Offer the run to agents, as the workflow does it."""

        def decide(_: Run) -> Mapping[str, Any]:
            return {"dispatched_at": clock.now(), "dispatches": 1}

        system.change_run(self.table, service_actor(self.tenant), new_id(), task, run, decide)


def render(steps: list[Step]) -> str:
    """Return the steps as a Markdown table."""
    lines = ["| step | units written | by the pipeline | units read | calls |", "|---|---|---|---|---|"]
    lines += [f"| {s.name} | {s.written} | {s.followed} | {s.read:g} | {s.calls} |" for s in steps]
    return "\n".join(dict.fromkeys(lines))


def render_pages(pages: list[Step]) -> str:
    """Return what pages of lists cost as a Markdown table."""
    lines = ["| page of 25 | units read | calls |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {each.name} | {each.read:g} | {each.calls} |" for each in pages)])


def page_with(tables: Mapping[str, str], where: Path = PAGE) -> str:
    """Return a page with these tables, each between the marks of its name. Raises ValueError where it lacks one."""
    page = where.read_text(encoding="utf-8")
    for name, table in tables.items():
        begin = f"<!-- {name} -->\n"
        first = page.index(begin) + len(begin)
        page = f"{page[:first]}{table}\n{page[page.index(f'<!-- /{name} -->', first) :]}"
    return page
