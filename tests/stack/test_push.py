"""Devices, presence and push on the deployed stack: competing registrations, and from a run's end to a receiver."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from switchyard.admin import Admin
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.devices import DEVICES_MAX
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.ledger import runs
from switchyard.ledger.unit import Unit
from switchyard.store import devices as device_rows
from switchyard.store import runs as run_rows
from switchyard.store.table import Table
from tests.support.push import Receiver, receiving
from tests.support.stream import record

SECONDS_MAX = 60
TOKENS = "/api/users/@me/push_tokens/"


@pytest.fixture(scope="module")
def names(aws: Any) -> Callable[[str], str]:
    """Return the physical id of a resource of the deployed template."""

    def find(logical: str) -> str:
        answer = aws("cloudformation").describe_stack_resource(StackName="switchyard", LogicalResourceId=logical)
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    return find


@pytest.fixture(scope="module")
def table(database: Any, names: Callable[[str], str]) -> Table:
    return Table(names("Table"), database)


@dataclass
class Person:
    """A person of the demo tenant with a client of their own."""

    table: Table
    tenant: str
    project: str
    id: str
    http: httpx.Client

    def register(self, *tokens: str) -> list[str]:
        answers = [self.http.post(TOKENS, json={"token": each, "platform": "ios"}) for each in tokens]
        assert [each.status_code for each in answers] == [200] * len(tokens), answers[0].text
        return [str(each.json()["id"]) for each in answers]

    def task(self) -> str:
        scope = {"type": "projects", "ids": [self.project]}
        answer = self.http.post(
            "/v1/tracks", json={"type": "task", "title": "Fix the build", "scope": scope, "task": {}}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def path(self, task: str, what: str) -> str:
        return f"/api/projects/@current/tasks/{task}/{what}/"

    def run(self, task: str) -> Run:
        """Begin a run of the task, as an agent's machine of its own does."""
        ledger = self._ledger()
        run = runs.create(ledger, ledger.get(task), environment="local", status="in_progress")
        ledger.commit(201, {}, "")
        return run

    def end(self, run: Run, status: str = "completed") -> Run:
        ledger = self._ledger()
        task, before = runs.find(ledger, run.task_id, run.id)
        after = runs.change(ledger, task, before, status=status)
        ledger.commit(200, {}, "")
        return after

    def devices(self) -> set[str]:
        return {each.token for each in device_rows.of_person(self.table, self.tenant, self.id).devices}

    def notifications(self, task: str) -> list[dict[str, Any]]:
        answer = self.http.get(self.path(task, "notifications"))
        assert answer.status_code == 200, answer.text
        return list(answer.json()["results"])

    def settled(self, task: str) -> dict[str, Any]:
        """Wait for the one notification of a task, and until nothing of it is to come any more."""
        started = time.monotonic()
        while time.monotonic() - started < SECONDS_MAX:
            found = self.notifications(task)
            if found and all(device["outcome"] != "pending" for device in found[0]["devices"]):
                assert len(found) == 1
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"no settled notification after {SECONDS_MAX} s: {self.notifications(task)}")

    def _ledger(self) -> Unit:
        self.table.give(30_000)
        return Unit(self.table, Actor(self.tenant, "agent_demo", "agent", frozenset(SCOPES), "t"), new_id())


@pytest.fixture
def person(stack: dict[str, Any], aws: Any, table: Table) -> Iterator[Callable[[], Person]]:
    """Makes persons."""
    clients: list[httpx.Client] = []

    def make() -> Person:
        user = f"user_{new_id()[-8:]}"
        admin = Admin(table.name, aws("dynamodb"))
        token = admin.issue_token(stack["workspace_id"], user, kind="user", scopes=list(SCOPES), name="")["token"]
        client = httpx.Client(
            base_url=stack["url"], headers={"authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )
        clients.append(client)
        return Person(table, stack["workspace_id"], stack["project_id"], user, client)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def ada(person: Callable[[], Person]) -> Person:
    return person()


@pytest.fixture
def receiver(stack: dict[str, Any], aws: Any, names: Callable[[str], str]) -> Iterator[Receiver]:
    # What other tests of this stack left to be tried again rings nobody here.
    aws("sqs").purge_queue(QueueUrl=names("Notifications"))
    with receiving(urlsplit(stack["push_url"]).port or 0) as server:
        yield server


# ---------------------------------------------------------------- devices that compete


def test_of_many_devices_that_register_at_once_twenty_stay(ada: Person) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: ada.register(f"{ada.id}-{number}"), range(DEVICES_MAX + 12)))
    assert len(ada.devices()) == DEVICES_MAX


def test_a_token_that_two_register_at_once_is_one_persons(person: Callable[[], Person], table: Table) -> None:
    people = [person() for _ in range(4)]
    token = f"shared-{new_id()}"
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda each: each.register(token), people * 3))
    holders = [each.id for each in people if token in each.devices()]
    assert holders == [device_rows.holder(table, people[0].tenant, token)]


def test_beats_at_once_are_one_row(ada: Person, table: Table) -> None:
    (device,) = ada.register(f"{ada.id}-a")
    task = ada.task()
    beat = {"device_id": device}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ada.http.post(ada.path(task, "presence"), json=beat), range(24)))
    assert {each.status_code for each in answers} == {204}
    assert len(device_rows.presences(table, ada.tenant, task, ada.id)) == 1
    assert ada.http.request("DELETE", ada.path(task, "presence"), json=beat).status_code == 204
    assert device_rows.presences(table, ada.tenant, task, ada.id) == []


# ---------------------------------------------------------------- from a run's end to a phone


def test_a_runs_end_notifies_each_device_once_however_often_the_message_comes(
    ada: Person, aws: Any, receiver: Receiver, names: Callable[[str], str]
) -> None:
    tokens = [f"{ada.id}-a", f"{ada.id}-b"]
    ada.register(*tokens)
    # while the first message is on its way, the others come
    receiver.rule = lambda _: time.sleep(2)
    task = ada.task()
    before = ada.run(task)
    after = ada.end(before)
    # the stream's record comes again, and again beside its first message
    again = record(run_rows.to_item(before), run_rows.to_item(after))
    for _ in range(3):
        payload = json.dumps({"Records": [again]}).encode()
        answer = aws("lambda").invoke(FunctionName=names("PipelineEnqueueDeliveries"), Payload=payload)
        assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    notification = ada.settled(task)
    assert (notification["decided"], notification["run"], notification["kind"]) == ("sent", before.id, "completed")
    wait_until_empty(aws, names("Notifications"))
    assert sorted(receiver.notified()) == tokens
    (message, _) = receiver.accepted
    assert (message["title"], message["body"]) == ("Switchyard", '"Fix the build" finished')
    assert message["data"] == {"taskId": task, "taskRunId": before.id, "notificationKind": "completed"}


def test_a_watched_task_notifies_no_device(ada: Person, aws: Any, receiver: Receiver) -> None:
    desktop, _ = ada.register(f"{ada.id}-desktop", f"{ada.id}-phone")
    task, other = ada.task(), ada.task()
    assert ada.http.post(ada.path(task, "presence"), json={"device_id": desktop}).status_code == 204
    ada.end(ada.run(task))
    notification = ada.settled(task)
    assert (notification["decided"], notification["present_devices"]) == ("suppressed", [desktop])
    ada.end(ada.run(other), "failed")
    assert ada.settled(other)["decided"] == "sent"
    assert sorted(receiver.notified()) == [f"{ada.id}-desktop", f"{ada.id}-phone"]


def test_a_device_that_the_service_no_longer_knows_is_removed(ada: Person, receiver: Receiver) -> None:
    ada.register(f"{ada.id}-old", f"{ada.id}-new")
    receiver.gone = {f"{ada.id}-old"}
    task = ada.task()
    ada.end(ada.run(task))
    assert sorted(each["outcome"] for each in ada.settled(task)["devices"]) == ["accepted", "removed"]
    assert ada.devices() == {f"{ada.id}-new"}


def test_a_service_that_refuses_for_a_while_is_asked_again(ada: Person, receiver: Receiver) -> None:
    ada.register(f"{ada.id}-a", f"{ada.id}-b")
    receiver.answers = [(503, "down"), (429, {"errors": []})]
    task = ada.task()
    ada.end(ada.run(task), "cancelled")
    notification = ada.settled(task)
    assert ([each["outcome"] for each in notification["devices"]], notification["attempts"]) == (["accepted"] * 2, 3)
    assert sorted(receiver.notified()) == [f"{ada.id}-a", f"{ada.id}-b"]


def wait_until_empty(aws: Any, queue: str) -> None:
    """Wait until a queue has no message, visible or not."""
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    started = time.monotonic()
    while time.monotonic() - started < SECONDS_MAX:
        found = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=wanted)["Attributes"]
        if not any(int(found[name]) for name in wanted):
            return
        time.sleep(0.2)
    raise AssertionError(f"messages are left after {SECONDS_MAX} s: {found}")


def test_a_reminder_notifies_the_device_of_who_is_reminded(
    ada: Person, aws: Any, receiver: Receiver, names: Callable[[str], str]
) -> None:
    ada.register(f"{ada.id}-a")
    scope = {"type": "projects", "ids": [ada.project]}
    body = {"type": "task", "title": "Pay", "scope": scope, "task": {"dueDate": "2099-06-10", "remind": "P1D"}}
    answer = ada.http.post("/v1/tracks", json=body)
    assert answer.status_code == 201, answer.text
    task = answer.json()["id"]
    # What Scheduler sends when it is due.
    signal = {"of": "schedules", "tenant": ada.tenant, "remind": task, "at": "2099-06-09T00:00:00Z"}
    aws("sqs").send_message(QueueUrl=names("Signals"), MessageBody=json.dumps(signal))
    notification = ada.settled(task)
    assert (notification["kind"], notification["run"], notification["decided"]) == ("due", None, "sent")
    ((sent,),) = receiver.requests
    assert (sent["to"], sent["body"]) == (f"{ada.id}-a", '"Pay" is due soon')
