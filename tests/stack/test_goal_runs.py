"""Goal runs on the deployed stack: agents that claim over HTTP, people in between, and what the workflow spends."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from switchyard.domain.ids import new_id
from switchyard.domain.runs import Finished
from switchyard.ledger import runs
from switchyard.ledger.unit import Stale
from switchyard.store import contention, keys
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store.table import Table
from tests.stack.emulated import until
from tests.support.runs import Runs
from tests.support.template import ROOT

AGENT = {"assignee": "agent_demo", "assigneeType": "agent", "status": "todo"}
PERSON = {"assignee": "user_admin", "assigneeType": "user", "status": "todo"}
#: For a loaded machine: nothing here waits that long of itself.
WITHIN_SECONDS = 300
LAYERS, WIDTH = 10, 10


class Goal:
    """A goal in a project of its own, so that the agents of a test meet its runs alone."""

    def __init__(self, stack: dict[str, Any], aws: Any, outputs: dict[str, str], database: Any) -> None:
        self.project = f"goals-{new_id()}"
        self.people = self._client(stack, "admin")
        self.agent = self._client(stack, "agent")
        self.states, self.functions = aws("stepfunctions"), aws("lambda")
        resource = {"StackName": "switchyard", "LogicalResourceId": "WorkflowsReconcileRuns"}
        found = aws("cloudformation").describe_stack_resource(**resource)["StackResourceDetail"]
        self.reconciler = found["PhysicalResourceId"]
        self.machine = outputs["GoalRunMachineArn"]
        self.tenant = stack["workspace_id"]
        self.table = Table(outputs["TableName"], database)
        self.ledger = Runs(self.table, self.tenant)
        self.id = self.create("goal")

    @staticmethod
    def _client(stack: dict[str, Any], who: str) -> httpx.Client:
        token = {"authorization": f"Bearer {stack['tokens'][who]}"}
        return httpx.Client(base_url=stack["url"], headers=token, timeout=60, trust_env=False)

    def create(self, kind: str, title: str = "Something", **own: Any) -> str:
        body = {"type": kind, "title": title, "scope": {"type": "projects", "ids": [self.project]}, kind: own}
        answer = self.people.post("/v1/tracks", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def add(self, *after: str, title: str = "Something", **fields: Any) -> str:
        return self.create("task", title, goalId=self.id, dependsOn=list(after), **{**AGENT, **fields})

    def apply(self, drafts: list[dict[str, Any]]) -> list[str]:
        scope = {"type": "projects", "ids": [self.project]}
        answer = self.people.post("/v1/tracks/apply", json={"scope": scope, "updateDrafts": drafts})
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["results"]]

    def set(self, track: str, **fields: Any) -> None:
        answer = self.people.patch(f"/v1/tracks/{track}", json={"task": fields})
        assert answer.status_code == 200, answer.text

    def start(self, **settings: Any) -> str:
        # The goal's tasks are found through an index, a moment after they were made.
        answer = self.people.post(f"/v1/tracks/{self.id}/run", json=settings)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def cancel(self) -> httpx.Response:
        return self.people.post(f"/v1/tracks/{self.id}/run/cancel")

    def progress(self) -> Any:
        answer = self.people.get(f"/v1/tracks/{self.id}/run", params={"limit": 200})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self, *tasks: str) -> list[str]:
        found = {each["id"]: each["state"] for each in self.progress()["tasks"]}
        return [found[each] for each in tasks]

    def until(self, enough: Callable[[Any], bool]) -> Any:
        # A busy machine may be slow; what is waited for is that something moves.
        seen: Any = None
        deadline = 0.0
        while not enough(found := self.progress()):
            if found != seen:
                seen, deadline = found, time.monotonic() + WITHIN_SECONDS
            assert time.monotonic() < deadline, found
            time.sleep(0.2)
        return found

    def over(self) -> Any:
        """The goal run, once it has its final status and its executions are over."""
        found = self.until(lambda seen: seen["completedAt"] is not None)
        deadline = time.monotonic() + WITHIN_SECONDS
        while self.execution(found["id"])["status"] == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.2)
        return found

    def execution(self, run: str) -> dict[str, Any]:
        return dict(self.states.describe_execution(executionArn=self.arn(run)))

    def arn(self, name: str) -> str:
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"

    def reconcile(self) -> None:
        """Let the reconciler look at all that is under way, whatever its age."""
        answer = self.functions.invoke(FunctionName=self.reconciler, Payload=json.dumps({"age": 0}))
        found = answer["Payload"].read()
        assert "FunctionError" not in answer, found

    def carried_by(self, name: str) -> bool:
        """Return whether an execution of the name was started."""
        executions = self.states.list_executions(stateMachineArn=self.machine, maxResults=100)["executions"]
        return name in {each["name"] for each in executions}

    def transitions(self, run: str) -> Counter[str]:
        """How often each state was entered, from the history."""
        found: Counter[str] = Counter()
        more: dict[str, str] = {}
        while True:
            page = self.states.get_execution_history(executionArn=self.arn(run), maxResults=1000, **more)
            found.update(
                each["stateEnteredEventDetails"]["name"] for each in page["events"] if "StateEntered" in each["type"]
            )
            if not page.get("nextToken"):
                return found
            more = {"nextToken": page["nextToken"]}

    # ------------------------------------------------------------ agents
    def claim(self, wait_seconds: int = 0) -> Any:
        """A run of this goal's project, claimed; None when there is none."""
        body = {"project": self.project, "wait_seconds": wait_seconds}
        answer = self.agent.post("/v1/runs/claim", json=body)
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.status_code == 200 else None

    def finish(self, claimed: Any, status: str = "completed") -> None:
        """End a run that the agent holds; decided anew when rows moved, as requests do it."""
        for _ in contention.until(time.monotonic() + 30):
            unit = self.ledger.unit("agent_demo")
            task, run = runs.find(unit, claimed["task"]["id"], claimed["run"]["id"])
            runs.change(unit, task, run, status=status)
            try:
                unit.commit(200, {}, "")
            except Stale:
                continue
            return
        raise TimeoutError("rows moved for 30 seconds")

    @contextmanager
    def agents(self, count: int, fails: tuple[str, ...] = ()) -> Iterator[list[str]]:
        """Agents that work off what they can claim, failing tasks of these titles; gives the titles as they ended."""
        stop, done = threading.Event(), []

        def work() -> None:
            while not stop.is_set():
                if claimed := self.claim(wait_seconds=1):
                    title = claimed["task"]["title"]
                    self.finish(claimed, "failed" if title in fails else "completed")
                    done.append(title)

        with ThreadPoolExecutor(count) as pool:
            working = [pool.submit(work) for _ in range(count)]
            try:
                yield done
            finally:
                stop.set()
            for each in working:
                each.result()


@pytest.fixture
def goal(stack: dict[str, Any], aws: Any, outputs: dict[str, str], database: Any) -> Goal:
    return Goal(stack, aws, outputs, database)


def test_five_dependent_tasks_run_to_the_end(goal: Goal) -> None:
    previous: tuple[str, ...] = ()
    for title in "abcde":
        previous = (goal.add(*previous, title=title),)
    run = goal.start()
    with goal.agents(2) as done:
        ended = goal.over()
    assert (ended["status"], ended["counts"]["completed"]) == ("completed", 5)
    assert done == list("abcde")
    assert {each["runStatus"] for each in ended["tasks"]} == {"completed"}
    assert goal.execution(run)["status"] == "SUCCEEDED"


def test_a_hundred_tasks_in_ten_layers_take_at_most_four_transitions_each(goal: Goal) -> None:
    after = {
        f"{layer}-{place}": [f"{layer - 1}-{place}", f"{layer - 1}-{(place + 1) % WIDTH}"] if layer else []
        for layer in range(LAYERS)
        for place in range(WIDTH)
    }
    names = list(after)
    ids: dict[str, str] = {}
    for half in (names[: len(names) // 2], names[len(names) // 2 :]):
        drafts = []
        for name in half:
            depends = [ids.get(each, each) for each in after[name]]
            drafts.append({"id": name, "title": name, "task": {**AGENT, "goalId": goal.id, "dependsOn": depends}})
        ids |= dict(zip(half, goal.apply(drafts), strict=True))
    run = goal.start(maxParallel=10)
    with goal.agents(4) as done:
        ended = goal.over()
    assert (ended["status"], ended["counts"]["completed"]) == ("completed", 100)
    assert Counter(done) == Counter(names)
    assert all(done.index(each) < done.index(name) for name in names for each in after[name])
    entered = goal.transitions(run)
    assert entered.total() <= 4 * 100
    print(f"transitions: {dict(entered)}, {entered.total() / 100} a task")


def test_a_person_in_the_middle_is_waited_for(goal: Goal) -> None:
    draft = goal.add()
    review = goal.add(draft, **PERSON)
    publish = goal.add(review)
    goal.start()
    with goal.agents(1):
        waiting = goal.until(lambda found: found["status"] == "waiting")
        assert waiting["waitingFor"] == [review]
        assert goal.state(draft, review, publish) == ["completed", "open", "waiting"]
        goal.set(review, status="done")
        ended = goal.over()
    assert (ended["status"], ended["counts"]["waitedFor"]) == ("completed", 1)


@pytest.mark.parametrize(
    ("on_failure", "left"),
    [("stop", {"bad": "failed", "good": "completed", "after": "skipped"}), ("continue", {})],
)
def test_a_failure_stops_the_goal_or_its_own_branch_alone(goal: Goal, on_failure: str, left: dict[str, str]) -> None:
    bad, good = goal.add(title="bad"), goal.add(title="good")
    after_bad, after_good = goal.add(bad), goal.add(good)
    goal.start(onFailure=on_failure)
    first, second = goal.claim(20), goal.claim(20)
    claimed = {each["task"]["title"]: each for each in (first, second)}
    goal.finish(claimed["bad"], "failed")
    goal.until(lambda found: found["counts"]["failed"] == 1)
    goal.finish(claimed["good"])
    with goal.agents(1):
        ended = goal.over()
    assert ended["status"] == "failed"
    wanted = ["failed", "completed", "blocked", "skipped" if left else "completed"]
    assert goal.state(bad, good, after_bad, after_good) == wanted


def test_cancelling_takes_the_runs_away_from_their_agents(goal: Goal) -> None:
    held, waits = goal.add(), goal.add()
    later = goal.add(held)
    goal.start()
    claimed = goal.claim(20)
    assert goal.cancel().json()["status"] == "cancelled"
    ended = goal.over()
    assert ended["status"] == "cancelled"
    goal.until(lambda found: {each["runStatus"] for each in found["tasks"]} == {"cancelled", None})
    answer = goal.agent.post(f"/v1/runs/{claimed['task']['id']}/{claimed['run']['id']}/heartbeat")
    assert answer.status_code == 409
    assert goal.claim() is None
    assert goal.state(later) == ["blocked"]
    assert goal.cancel().status_code == 409
    assert {goal.state(held)[0], goal.state(waits)[0]} == {"failed"}


def test_a_goal_run_whose_execution_was_stopped_continues_to_its_end(goal: Goal) -> None:
    first = goal.add(title="first")
    goal.add(first, title="second")
    run = goal.start()
    claimed = goal.claim(20)
    goal.states.stop_execution(executionArn=goal.arn(run), error="ByHand")
    until(goal.reconcile, lambda _: goal.carried_by(f"{run}-1"))
    goal.finish(claimed)
    with goal.agents(1):
        ended = goal.over()
    assert (ended["status"], ended["counts"]["completed"]) == ("completed", 2)
    assert goal.execution(run)["status"] == "ABORTED"
    assert (
        until(lambda: goal.execution(f"{run}-1"), lambda found: found["status"] != "RUNNING")["status"] == "SUCCEEDED"
    )


def test_the_printed_example_runs_to_its_end(stack: dict[str, Any]) -> None:
    own = {"SWITCHYARD_URL": stack["url"], "PYTHONPATH": str(ROOT / "client"), "PATH": os.environ["PATH"]}
    people = {**own, "SWITCHYARD_TOKEN": stack["tokens"]["admin"]}
    agent = {**own, "SWITCHYARD_TOKEN": stack["tokens"]["agent"]}
    example = [sys.executable, str(ROOT / "examples/goal.py")]
    command = [sys.executable, "-m", "switchyard_client.worker", "--exec", "echo at it", "--lease", "10"]
    with subprocess.Popen(command, env=agent) as worker:
        try:
            goal = subprocess.run(
                [*example, "plan", "agent_demo"], env=people, capture_output=True, text=True, check=True
            )
            followed = subprocess.run(
                [*example, "follow", goal.stdout.strip()],
                env=people,
                capture_output=True,
                text=True,
                check=False,
                timeout=WITHIN_SECONDS,
            )
        finally:
            worker.terminate()
    assert followed.returncode == 0, followed.stdout + followed.stderr
    titles = [line.split()[1] for line in followed.stdout.splitlines() if line.startswith("== ")]
    assert titles == ["Outline", "Draft", "Illustrate", "Proof-read", "Publish"]
    assert followed.stdout.count("at it\n") == 5


def test_of_many_starts_at_once_one_begins(goal: Goal) -> None:
    goal.add()
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(goal.people.post, f"/v1/tracks/{goal.id}/run") for _ in range(6)]
        answers = sorted(each.result().status_code for each in asked)
    assert answers == [201, *[409] * 5]
    assert goal.until(lambda found: found["counts"]["running"] == 1)
    goal.cancel()
    goal.over()


def test_ends_and_cancelling_at_once_leave_nothing_behind(goal: Goal) -> None:
    for _ in range(8):
        goal.add()
    goal.start(maxParallel=4)
    claimed = [goal.claim(20) for _ in range(4)]

    def finish(each: Any) -> None:
        # Cancelled first, or just now: whichever is first is right.
        with suppress(Finished, Stale):
            goal.finish(each)

    with ThreadPoolExecutor(5) as pool:
        acts = [pool.submit(finish, each) for each in claimed]
        acts.append(pool.submit(goal.cancel))
        for act in acts:
            act.result()
    assert goal.over()["status"] == "cancelled"
    found = goal.until(lambda seen: all(each["runStatus"] not in ("queued", "in_progress") for each in seen["tasks"]))
    assert all(each["status"] == ("done" if each["runStatus"] == "completed" else "todo") for each in found["tasks"])
    row = goal.table.get(*keys.goal_run(goal.tenant, goal.id))
    assert row
    assert goal_run_rows.from_item(row).is_final
