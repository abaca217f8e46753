"""Webhooks: endpoints, their secrets, and each delivery's way from the event to the receiver."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from standardwebhooks import Webhook

from switchyard.aws import queues
from switchyard.aws.sending import NotTaken
from switchyard.domain import clock
from switchyard.domain.ids import new_id
from switchyard.pipeline import receivers, webhooks
from switchyard.store import webhooks as webhook_rows
from switchyard.store.table import Table
from switchyard.surfaces.pool.payloads import payload
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.samples import path_of
from tests.support.stream import Killed, Letters, Stream, Visibility, consume

WEBHOOKS = "/api/v1/webhooks"
ATTEMPTS_MAX = queues.ATTEMPTS["deliveries"]
URL = "https://hooks.example.com/in"


def make(api: Api, *events: str, **fields: Any) -> dict[str, Any]:
    answer = api.post(WEBHOOKS, {"url": URL, "events": list(events) or ["task.*"], **fields})
    assert answer.status == 201, answer.text
    return answer.json


def event(tenant: str, **detail: Any) -> dict[str, Any]:
    sample = json.loads(path_of("pipeline.dispatch_webhooks").read_text())
    sample["detail"] |= {"tenantId": tenant, "id": f"evt_{new_id()}", **detail}
    return sample


class Outside:
    """The receiver's side: what it got, and what it answers next."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.answers: list[int | str] = []
        self.got: list[tuple[str, Mapping[str, str], str]] = []
        patch.setattr(receivers, "post", self.post)

    def post(self, url: str, headers: Mapping[str, str], body: str) -> int:
        self.got.append((url, headers, body))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, str):
            raise receivers.Unreachable(answer)
        return answer


class Queue(queues.Queue):
    """The queue of deliveries in memory."""

    def __init__(self) -> None:
        visibility = Visibility()
        super().__init__("url", visibility, ATTEMPTS_MAX)
        self.hidden = visibility.hidden


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    return Outside(monkeypatch)


@pytest.fixture
def queue() -> Queue:
    return Queue()


def deliveries(api: Api, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    return api.get(f"{WEBHOOKS}/{webhook['id']}/deliveries").json["items"]


def attempt(
    table: Table, queue: Any, tenant: str, webhook: Mapping[str, Any], number: int = 1, round_: int = 0
) -> bool:
    """Give the one delivery of an endpoint to the consumer, as the message's delivery of this number."""
    (item,) = table.query(
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"{tenant}#WEBHOOK#{webhook['id'][5:]}"}},
    )[0]
    message = {"tenant": tenant, "webhook": webhook["id"][5:], "delivery": item["id"]["S"], "round": round_}
    return webhooks.deliver(table, queue, queues.Message(message, number, "r"))


# ---------------------------------------------------------------- endpoints


def test_the_secret_is_shown_once(api: Api) -> None:
    webhook = make(api, "task.created", "goal.*")
    assert webhook["secret"].startswith("whsec_")
    shown = {name: value for name, value in webhook.items() if name != "secret"}
    assert api.get(f"{WEBHOOKS}/{webhook['id']}").json == shown
    assert api.get(WEBHOOKS).json["items"] == [shown]
    assert "secret" not in api.patch(f"{WEBHOOKS}/{webhook['id']}", {"enabled": False}).json


def test_endpoints_are_changed_deleted_and_paged(api: Api) -> None:
    made = [make(api)["id"] for _ in range(3)]
    first = api.get(f"{WEBHOOKS}?limit=2").json
    second = api.get(f"{WEBHOOKS}?limit=2&cursor={first['nextCursor']}").json
    assert [each["id"] for each in first["items"] + second["items"]] == made[::-1]
    changed = api.patch(f"{WEBHOOKS}/{made[0]}", {"events": ["task.assigned"], "description": "x"}).json
    assert (changed["events"], changed["description"], changed["url"]) == (["task.assigned"], "x", URL)
    assert api.delete(f"{WEBHOOKS}/{made[0]}").status == 204
    assert api.get(f"{WEBHOOKS}/{made[0]}").status == 404


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"url": "http://hooks.example.com/", "events": ["task.*"]}, "url"),
        ({"url": "https://127.0.0.1/", "events": ["task.*"]}, "url"),
        ({"url": URL, "events": ["task.exploded"]}, "events"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["task.*", "task.*"]}, "events"),
        ({"url": URL}, "events"),
        ({"events": ["task.*"]}, "url"),
        ({"url": "https://example.com/" + "x" * 2_048, "events": ["task.*"]}, "url"),
        ({"url": URL, "events": ["task.*"], "secret": "mine"}, "secret"),
    ],
)
def test_a_bad_endpoint_is_refused(api: Api, body: dict[str, Any], word: str) -> None:
    answer = api.post(WEBHOOKS, body)
    assert (answer.status, word in answer.json["message"]) == (400, True)
    assert api.get(WEBHOOKS).json["items"] == []


def test_only_administrators_of_the_tenant_see_endpoints(api: Api, caller: Caller) -> None:
    webhook = make(api)
    assert caller(scopes=["tasks:read", "tasks:write"]).get(WEBHOOKS).status == 403
    assert caller(tenant=new_id()).get(f"{WEBHOOKS}/{webhook['id']}").status == 404


# ---------------------------------------------------------------- from the event to the delivery


def test_an_event_goes_once_to_each_endpoint_that_wants_it(api: Api, table: Table, tenant: str) -> None:
    wants = [make(api, "task.*"), make(api, "goal.*", "task.status_changed")]
    others = [make(api, "task.created"), make(api, "goal.*"), make(api, "task.*", enabled=False)]
    happened = event(tenant)
    for _ in range(2):  # the bus delivers an event again
        assert webhooks.dispatch(table, happened, payload) == 2
    assert [len(deliveries(api, each)) for each in wants] == [1, 1]
    assert [len(deliveries(api, each)) for each in others] == [0, 0, 0]


def test_personal_tasks_and_other_tenants_are_not_delivered(api: Api, table: Table, tenant: str) -> None:
    webhook = make(api)
    webhooks.dispatch(table, event(tenant, owner="user_ada"), payload)
    webhooks.dispatch(table, event("other"), payload)
    assert deliveries(api, webhook) == []


def test_the_stream_sends_new_deliveries_and_new_rounds_alone() -> None:
    sample = json.loads(path_of("pipeline.enqueue_deliveries").read_text())["Records"][0]
    data = sample["dynamodb"]
    image = data["NewImage"]
    attempted = {**sample, "dynamodb": {**data, "OldImage": image}}
    again = {**sample, "dynamodb": {**data, "OldImage": image, "NewImage": {**image, "round": {"N": "1"}}}}
    expired = {**sample, "dynamodb": {name: data[name] for name in ("Keys", "SequenceNumber")}}
    other = {**sample, "dynamodb": {**data, "Keys": {"pk": {"S": "p"}, "sk": {"S": "TRACK"}}}}

    other["dynamodb"]["NewImage"] = {**image, "sk": {"S": "TRACK"}}

    deliveries, full = Letters(), Letters()
    clients = {"queue_deliveries": deliveries, "queue_dead_letters": full}
    assert consume("pipeline.enqueue_deliveries", [sample, attempted, again, expired], **clients) == []
    assert [each["round"] for each in deliveries.sent] == [0, 1]
    assert webhooks.due(other["dynamodb"]) is None
    assert full.sent == []


def test_a_record_whose_message_the_queue_does_not_take_is_delivered_again() -> None:
    sample = json.loads(path_of("pipeline.enqueue_deliveries").read_text())["Records"][0]
    busy = NotTaken("ServiceUnavailable", "later")

    class Full(Letters):
        def send(self, bodies: Any) -> list[Exception | None]:
            return [busy] * len(bodies)

    number = sample["dynamodb"]["SequenceNumber"]
    assert consume("pipeline.enqueue_deliveries", [sample], queue_deliveries=Full()) == [number]


# ---------------------------------------------------------------- attempts


def test_a_delivery_is_signed_and_has_the_task_in_the_pools_form(
    api: Api, table: Table, tenant: str, outside: Outside, queue: Queue
) -> None:
    webhook = make(api)
    happened = event(tenant)
    webhooks.dispatch(table, happened, payload)
    assert attempt(table, queue, tenant, webhook)
    ((url, headers, body),) = outside.got
    message = Webhook(webhook["secret"]).verify(body, dict(headers))
    assert (url, headers["webhook-id"]) == (URL, happened["detail"]["id"])
    assert (message["type"], message["sequence"]) == ("task.status_changed", 2)
    assert message["data"]["task"]["status"] == "in_progress"
    assert message["data"]["previousStatus"] == "pending"
    (delivery,) = deliveries(api, webhook)
    assert (delivery["status"], delivery["attempts"], delivery["responseStatus"]) == ("delivered", 1, 200)


def test_a_message_names_what_changed_in_the_pools_words(api: Api, table: Table, tenant: str) -> None:
    stream = Stream(table, tenant)
    task = api.post("/v1/tracks", {"type": "task", "title": "T", "scope": {"type": "projects", "ids": ["a"]}}).json
    stream.settle()
    stream.bus.taken.clear()
    body = {
        "scope": {"type": "projects", "ids": ["b"]},
        "task": {"status": "todo", "assignee": "agent_bo", "dueDate": "2026-06-05"},
    }
    assert api.patch(f"/v1/tracks/{task['id']}", body).status == 200
    stream.settle()
    told = {each["DetailType"]: payload(json.loads(each["Detail"])) for each in stream.bus.taken}
    # No status and todo are both pending to the pool.
    assert told["task.status_changed"] is None
    data = told["task.updated"]["data"]
    assert set(data["changedFields"]) == {"spaceId", "assignedTo", "assigneeType", "dueDate"}
    assert data["task"]["organizationId"] == tenant
    assert set(data["task"]) - {"organizationId"} <= set(api.get(f"/api/v1/tasks/{task['id']}").json)


def test_a_change_that_the_pool_does_not_see_is_not_told(api: Api, table: Table, tenant: str) -> None:
    stream = Stream(table, tenant)
    body = {"type": "task", "title": "T", "scope": {"type": "projects", "ids": ["a"]}, "task": {"status": "backlog"}}
    task = api.post("/v1/tracks", body).json
    stream.settle()
    stream.bus.taken.clear()
    assert api.patch(f"/v1/tracks/{task['id']}", {"task": {"status": "todo"}}).status == 200
    stream.settle()
    assert {each["DetailType"] for each in stream.bus.taken} == {"task.updated", "task.status_changed"}
    assert [payload(json.loads(each["Detail"])) for each in stream.bus.taken] == [None, None]


def test_a_failed_attempt_is_repeated_later_with_the_same_id_and_body(
    api: Api, table: Table, tenant: str, outside: Outside, queue: Queue
) -> None:
    webhook = make(api)
    webhooks.dispatch(table, event(tenant), payload)
    outside.answers = [500, "no connection", 302]
    for number in (1, 2, 3):
        assert not attempt(table, queue, tenant, webhook, number)
        (delivery,) = deliveries(api, webhook)
        assert (delivery["status"], delivery["attempts"]) == ("pending", number)
        assert delivery["nextAttemptAt"] > delivery["attemptedAt"]
    assert attempt(table, queue, tenant, webhook, 4)
    assert len({(headers["webhook-id"], body) for _, headers, body in outside.got}) == 1
    assert attempt(table, queue, tenant, webhook, 5)  # the queue delivers the message again
    assert len(outside.got) == 4


def test_pauses_grow_over_a_day_with_jitter() -> None:
    pauses = [queues.pause(number) for number in range(1, ATTEMPTS_MAX)]
    assert 20 * 3_600 <= sum(pauses) <= 30 * 3_600
    assert all(earlier < later for earlier, later in pairwise(pauses[:9]))
    assert len({queues.pause(10) for _ in range(50)}) > 10


def test_the_last_attempt_leaves_the_message_to_the_dead_letters(
    api: Api, table: Table, tenant: str, outside: Outside, queue: Queue
) -> None:
    webhook = make(api)
    webhooks.dispatch(table, event(tenant), payload)
    outside.answers = [503]
    assert not attempt(table, queue, tenant, webhook, ATTEMPTS_MAX)
    (delivery,) = deliveries(api, webhook)
    assert (delivery["status"], delivery["nextAttemptAt"], queue.hidden) == ("failed", None, [0])


@pytest.mark.parametrize(("number", "status"), [(1, "pending"), (ATTEMPTS_MAX, "failed")])
def test_an_attempt_that_is_killed_stays_on_record(
    api: Api, table: Table, tenant: str, queue: Queue, monkeypatch: pytest.MonkeyPatch, number: int, status: str
) -> None:
    webhook = make(api)
    webhooks.dispatch(table, event(tenant), payload)

    def killed(*_: Any) -> int:
        raise Killed

    monkeypatch.setattr(receivers, "post", killed)
    with pytest.raises(Killed):
        attempt(table, queue, tenant, webhook, number)
    (delivery,) = deliveries(api, webhook)
    assert (delivery["status"], delivery["attempts"], delivery["responseStatus"]) == (status, 1, None)
    assert delivery["attemptedAt"]
    assert "begun" in delivery["error"]


def test_gone_disables_the_endpoint_until_it_is_enabled_again(
    api: Api, table: Table, tenant: str, outside: Outside, queue: Queue
) -> None:
    webhook = make(api)
    webhooks.dispatch(table, event(tenant), payload)
    outside.answers = [410]
    assert attempt(table, queue, tenant, webhook)
    shown = api.get(f"{WEBHOOKS}/{webhook['id']}").json
    assert (shown["enabled"], "410" in shown["disabledReason"]) == (False, True)
    (delivery,) = deliveries(api, webhook)
    again = f"{WEBHOOKS}/{webhook['id']}/deliveries/{delivery['id']}/redeliver"
    assert (delivery["status"], api.post(again).status) == ("failed", 409)
    enabled = api.patch(f"{WEBHOOKS}/{webhook['id']}", {"enabled": True}).json
    assert (enabled["enabled"], enabled["disabledReason"]) == (True, None)
    answer = api.post(again)
    assert (answer.status, answer.json["status"], answer.json["redeliveries"]) == (202, "pending", 1)
    assert attempt(table, queue, tenant, webhook, round_=0)  # a message of the first round is over
    assert len(outside.got) == 1
    assert attempt(table, queue, tenant, webhook, round_=1)
    assert deliveries(api, webhook)[0]["status"] == "delivered"


def test_after_a_rotation_both_secrets_verify_for_a_day(
    api: Api, table: Table, tenant: str, outside: Outside, queue: Queue
) -> None:
    webhook = make(api)
    rotated = api.post(f"{WEBHOOKS}/{webhook['id']}/rotate").json
    assert rotated["secret"] != webhook["secret"]
    webhooks.dispatch(table, event(tenant), payload)
    attempt(table, queue, tenant, webhook)
    ((_, headers, body),) = outside.got
    for secret in (webhook["secret"], rotated["secret"]):
        Webhook(secret).verify(body, dict(headers))
    row = webhook_rows.find(table, tenant, webhook["id"][5:])
    assert row is not None
    assert len(row.secrets(clock.now())) == 2
    assert row.secrets(rotated["formerSecretUntil"]) == [rotated["secret"]]
    assert clock.milliseconds(rotated["formerSecretUntil"]) - clock.milliseconds(rotated["updatedAt"]) > 86_000_000


def test_nothing_is_sent_for_a_deleted_endpoint(
    api: Api, table: Table, tenant: str, outside: Outside, queue: Queue
) -> None:
    webhook = make(api)
    webhooks.dispatch(table, event(tenant), payload)
    api.delete(f"{WEBHOOKS}/{webhook['id']}")
    assert attempt(table, queue, tenant, webhook)
    assert outside.got == []
