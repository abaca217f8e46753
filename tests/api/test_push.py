"""From a run's change to a phone: who is told what, who is not and why (contract: projects.md §8.2; docs/push.md)."""

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from switchyard.aws import queues
from switchyard.domain import clock, notifications, runs
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.domain.inbox import Item
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.pipeline import notifications as push
from switchyard.pipeline.push_services import Expo, PushService
from switchyard.store import devices as device_rows
from switchyard.store import inbox as inbox_rows
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.api.test_hostile_records import numbered
from tests.support.http import Api
from tests.support.projects import a_task, a_tenant
from tests.support.push import Receiver, receiving
from tests.support.stream import Failing, Killed, Letters, Visibility, consume, record


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box")[0]


@pytest.fixture
def task(table: Table, project: Project) -> Track:
    return a_task(table, project, "Fix the build")


@pytest.fixture
def expo() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@dataclass
class Messages:
    """The queue of notifications in memory, with its consumer."""

    table: Table
    service: PushService | None
    hidden: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        visibility = Visibility()
        self.queue = queues.Queue("url", visibility, queues.ATTEMPTS["notifications"])
        self.hidden = visibility.hidden

    def give(self, message: Mapping[str, Any], attempt: int = 1, table: Table | None = None) -> bool:
        """Give one message to the consumer, as its delivery of this number."""
        return push.handle(table or self.table, self.queue, self.service, queues.Message(message, attempt, "r"))


@pytest.fixture
def queue(table: Table, expo: Receiver) -> Messages:
    return Messages(table, Expo(expo.url))


def a_run(task: Track, **fields: Any) -> Run:
    actor = Actor(task.tenant_id, "agent_bo", "agent", frozenset(SCOPES), "t")
    return runs.create(actor, new_id(), task, **{"status": "in_progress", **fields})


#: Changes are told in the order of their milliseconds, and tests make several in one.
_MOMENTS = itertools.count()


def change(before: Run, **fields: Any) -> tuple[Run, Mapping[str, Any] | None]:
    """Return the run after a change, and the message that the stream's record of it leads to."""
    after = replace(before, **{"version": before.version + 1, "updated_at": _moment(), **fields})
    return after, push.due(record(run_rows.to_item(before), run_rows.to_item(after))["dynamodb"])


def became(before: Run, **fields: Any) -> tuple[Run, Mapping[str, Any]]:
    """Return the run after a change that a person is notified of, and the message."""
    after, message = change(before, **fields)
    assert message is not None
    return after, message


def _moment() -> str:
    return clock.stamp(time.time() + next(_MOMENTS) / 1_000)


def ended(task: Track, status: str = "completed") -> Mapping[str, Any]:
    """Return the message of a new run's end."""
    return became(a_run(task), status=status)[1]


def register(api: Api, *tokens: str, platform: str = "ios") -> list[str]:
    answers = [api.post("/api/users/@me/push_tokens/", {"token": each, "platform": platform}) for each in tokens]
    return [answer.json["id"] for answer in answers]


def watch(api: Api, task: Track, device: str) -> None:
    assert api.post(f"/api/projects/-/tasks/{task.id}/presence/", {"device_id": device}).status == 204


def listed(api: Api, task: Track, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"/api/projects/@current/tasks/{task.id}/notifications/{query}")
    assert answer.status == 200, answer.text
    return answer.json["results"]


def decided(api: Api, task: Track) -> list[str]:
    return [each["decided"] for each in listed(api, task)]


def outcomes(notification: dict[str, Any]) -> dict[str, str]:
    return {each["id"]: each["outcome"] for each in notification["devices"]}


def a_reminder(task: Track, kind: str = "due", whom: str = "user_ada") -> Item:
    at = clock.now()
    return Item(
        tenant_id=task.tenant_id, actor_id=whom, id=new_id(), kind=kind, track_id=task.id, by="switchyard", at=at
    )


def reminded(item: Item) -> Mapping[str, Any]:
    """Return the message of a new inbox item."""
    message = push.due(record(None, inbox_rows.to_item(item))["dynamodb"])
    assert message is not None
    return message


# ---------------------------------------------------------------- what is told


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("completed", '"Fix the build" finished'),
        ("failed", '"Fix the build" failed'),
        ("cancelled", '"Fix the build" was cancelled'),
        ("awaiting", '"Fix the build" needs your input'),
    ],
)
def test_all_devices_of_the_tasks_maker_ring_once(
    api: Api, queue: Messages, expo: Receiver, task: Track, kind: str, words: str
) -> None:
    ids = register(api, "a", "b")
    change: dict[str, Any] = {"state": {"awaiting_input": True}} if kind == "awaiting" else {"status": kind}
    run, message = became(a_run(task), **change)
    assert queue.give(message)
    (request,) = expo.requests
    data = {"taskId": task.id, "taskRunId": run.id, "notificationKind": kind}
    shape = {"title": "Switchyard", "body": words, "sound": "default", "data": data}
    assert sorted(request, key=lambda each: each["to"]) == [{"to": "a", **shape}, {"to": "b", **shape}]
    (notification,) = listed(api, task)
    assert (notification["kind"], notification["run"], notification["task"], notification["body"]) == (
        kind,
        run.id,
        task.id,
        words,
    )
    assert (notification["decided"], notification["recipient"], notification["attempts"]) == ("sent", "user_ada", 1)
    assert outcomes(notification) == dict.fromkeys(ids, "accepted")
    assert sorted(each["reference"] for each in notification["devices"]) == ["ticket-1", "ticket-2"]


def test_a_reminder_rings_the_devices_of_who_is_reminded(
    api: Api, caller: Caller, queue: Messages, expo: Receiver, task: Track
) -> None:
    register(api, "maker")
    (device,) = register(caller("user_eve"), "eve")
    item = a_reminder(task, whom="user_eve")
    for _ in range(2):
        assert queue.give(reminded(item))
    ((sent,),) = expo.requests
    assert (sent["to"], sent["body"]) == ("eve", '"Fix the build" is due soon')
    assert sent["data"] == {"taskId": task.id, "notificationKind": "due"}
    (notification,) = listed(api, task)
    assert (notification["id"], notification["run"], notification["kind"]) == (item.id, None, "due")
    assert (notification["recipient"], notification["decided"]) == ("user_eve", "sent")
    assert outcomes(notification) == {device: "accepted"}
    # Another one, of another due date, is no repetition of it.
    assert queue.give(reminded(a_reminder(task, whom="user_eve")))
    assert decided(api, task) == ["sent", "sent"]


def test_who_has_the_task_before_them_is_not_rung_by_its_reminder(
    api: Api, queue: Messages, expo: Receiver, task: Track
) -> None:
    first, _ = register(api, "a", "b")
    watch(api, task, first)
    assert queue.give(reminded(a_reminder(task)))
    assert expo.requests == []
    (notification,) = listed(api, task)
    assert (notification["decided"], notification["present_devices"]) == ("suppressed", [first])


@pytest.mark.parametrize("kind", ["assigned", "mentioned", "asked", "failed"])
def test_other_items_of_an_inbox_ring_nothing_by_themselves(task: Track, kind: str) -> None:
    assert push.due(record(None, inbox_rows.to_item(a_reminder(task, kind)))["dynamodb"]) is None


def test_a_reminder_that_is_read_rings_nothing_again(task: Track) -> None:
    item = a_reminder(task)
    read = replace(item, read_at=clock.now())
    assert push.due(record(inbox_rows.to_item(item), inbox_rows.to_item(read))["dynamodb"]) is None


def test_without_mail_a_reminder_goes_to_the_devices_alone(task: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {name: Letters() for name in ("mails", "notifications", "dead_letters")}
    clients: dict[str, Any] = {f"queue_{name}": each for name, each in kept.items()}
    item = inbox_rows.to_item(a_reminder(task))
    monkeypatch.setenv("MAILS_QUEUE_URL", "")
    assert consume("pipeline.enqueue_deliveries", numbered([(None, item)]), **clients) == []
    assert [len(kept[name].sent) for name in ("mails", "notifications", "dead_letters")] == [0, 1, 0]
    monkeypatch.setenv("MAILS_QUEUE_URL", "url")
    assert consume("pipeline.enqueue_deliveries", numbered([(None, item)]), **clients) == []
    assert [len(kept[name].sent) for name in ("mails", "notifications", "dead_letters")] == [1, 2, 0]


def test_a_task_without_a_title_is_called_untitled() -> None:
    assert notifications.text("failed", "") == notifications.text("failed", "  ") == '"Untitled task" failed'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"status": "queued"}, {"status": "in_progress"}),
        ({"status": "in_progress"}, {"heartbeat_at": "2026-01-01T00:00:00.000Z"}),
        ({"status": "completed"}, {"output": {"pr_url": "x"}}),
        ({"status": "completed"}, {"state": {"awaiting_input": True}}),
        ({"state": {"awaiting_input": True}}, {"stage": "plan"}),
        ({"state": {"awaiting_input": True}}, {"state": {}}),
        ({}, {"state": {"awaiting_input": "yes"}}),
        ({}, {"state": {"awaiting_input": 1}}),
    ],
)
def test_other_changes_notify_nobody(task: Track, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert change(a_run(task, **before), **after)[1] is None


def test_the_end_of_a_run_that_awaits_input_is_notified_as_its_end(task: Track) -> None:
    message = became(a_run(task), status="failed", state={"awaiting_input": True})[1]
    assert message["kind"] == "failed"


def test_new_runs_rows_that_go_and_rows_of_another_kind_are_no_notifications(task: Track) -> None:
    run = run_rows.to_item(a_run(task, status="completed"))
    other = {**run, "sk": {"S": "TRACK"}}
    for old, new in ((None, run), (run, None), (other, other)):
        assert push.due(record(old, new)["dynamodb"]) is None


def test_a_row_that_holds_next_to_nothing_is_passed_over(task: Track) -> None:
    run = run_rows.to_item(a_run(task))
    partial = {name: run[name] for name in ("pk", "sk")}
    assert push.due(record(partial, {**partial, "heartbeat_at": {"S": "2026"}})["dynamodb"]) is None


def test_a_repeated_record_leads_to_the_same_notification(task: Track) -> None:
    before = a_run(task)
    after, message = became(before, status="completed")
    again = push.due(record(run_rows.to_item(before), run_rows.to_item(after), 7)["dynamodb"])
    assert message == again
    resumed = replace(after, status="in_progress", version=after.version + 1)
    assert became(resumed, status="completed")[1] != message


# ---------------------------------------------------------------- who is told


def test_only_the_tasks_creator_is_notified(
    api: Api, caller: Caller, queue: Messages, expo: Receiver, table: Table, project: Project
) -> None:
    task = a_task(table, project, by="user_bo", assignee="user_ada")
    register(api, "mine")
    register(caller("user_bo"), "theirs")
    assert queue.give(ended(task))
    assert expo.notified() == ["theirs"]


def test_without_devices_nothing_is_sent_and_the_reason_is_shown(
    api: Api, queue: Messages, expo: Receiver, task: Track
) -> None:
    assert queue.give(ended(task))
    assert (decided(api, task), expo.requests) == (["no_devices"], [])


def test_without_a_push_service_nothing_is_sent(api: Api, table: Table, task: Track) -> None:
    register(api, "a")
    assert Messages(table, None).give(ended(task))
    assert decided(api, task) == ["disabled"]


def test_nobody_is_notified_of_a_task_that_became_anothers_own(
    caller: Caller, queue: Messages, expo: Receiver, table: Table, project: Project, api: Api
) -> None:
    task = a_task(table, project, by="user_ada", owner="user_bo")
    register(api, "a")
    assert queue.give(ended(task))
    assert (decided(caller("user_bo"), task), expo.requests) == (["no_access"], [])


def test_nobody_is_notified_of_a_task_that_is_gone(
    api: Api, queue: Messages, expo: Receiver, table: Table, task: Track
) -> None:
    register(api, "a")
    message = ended(task)
    assert api.delete(f"/v1/tracks/{task.id}").status == 204
    assert queue.give(message)
    assert queue.give(ended(replace(task, id=new_id())))
    assert expo.requests == []


# ---------------------------------------------------------------- presence


def test_a_watching_device_silences_all_devices_of_its_person(
    api: Api, queue: Messages, expo: Receiver, task: Track
) -> None:
    watching, _ = register(api, "desktop", "phone")
    watch(api, task, watching)
    assert queue.give(ended(task))
    (notification,) = listed(api, task)
    assert (notification["decided"], notification["present_devices"], notification["devices"]) == (
        "suppressed",
        [watching],
        [],
    )
    assert expo.requests == []


def test_presence_that_ran_out_silences_nobody_although_its_row_is_there(
    api: Api, queue: Messages, expo: Receiver, table: Table, task: Track
) -> None:
    (device,) = register(api, "phone")
    watch(api, task, device)
    set_row(table, keys.presence(task.tenant_id, task.id, "user_ada", device), expires_at={"N": str(int(time.time()))})
    assert queue.give(ended(task))
    assert expo.notified() == ["phone"]


def test_presence_on_another_task_silences_nobody(
    api: Api, queue: Messages, expo: Receiver, table: Table, project: Project, task: Track
) -> None:
    (device,) = register(api, "phone")
    watch(api, a_task(table, project), device)
    assert queue.give(ended(task))
    assert expo.notified() == ["phone"]


def test_somebody_elses_presence_silences_nobody(
    api: Api, caller: Caller, queue: Messages, expo: Receiver, task: Track
) -> None:
    register(api, "phone")
    for other in ("user_bo", "user_ada2", "user_ada#x"):
        (device,) = register(caller(other), f"phone of {other}")
        watch(caller(other), task, device)
    assert queue.give(ended(task))
    assert expo.notified() == ["phone"]


def test_a_user_who_left_is_notified(api: Api, queue: Messages, expo: Receiver, task: Track) -> None:
    (device,) = register(api, "phone")
    watch(api, task, device)
    api.delete(f"/api/projects/-/tasks/{task.id}/presence/", body={"device_id": device})
    assert queue.give(ended(task))
    assert expo.notified() == ["phone"]


def test_an_unregistered_device_is_not_present_even_when_it_comes_back(
    api: Api, queue: Messages, expo: Receiver, task: Track
) -> None:
    desktop, _ = register(api, "desktop", "phone")
    watch(api, task, desktop)
    api.post("/api/users/@me/push_tokens/unregister/", {"token": "desktop"})
    assert queue.give(ended(task))
    assert expo.notified() == ["phone"]
    time.sleep(0.002)  # the clock of instants counts milliseconds
    register(api, "desktop")
    assert queue.give(ended(task))
    assert sorted(expo.notified()) == ["desktop", "phone", "phone"]


# ---------------------------------------------------------------- cooldown


def test_a_run_notifies_once_of_a_kind_until_the_cooldown_is_over(
    api: Api, queue: Messages, expo: Receiver, table: Table, task: Track
) -> None:
    register(api, "phone")
    run, first = became(a_run(task), status="failed")
    resumed = replace(run, status="in_progress", version=run.version + 1)
    again, second = became(resumed, status="failed")
    assert queue.give(first)
    assert queue.give(second)
    assert (decided(api, task), expo.notified()) == (["cooldown", "sent"], ["phone"])
    cooldown = keys.cooldown(task.tenant_id, task.id, run.id, "failed")
    row = table.get(*cooldown)
    assert row is not None
    assert 598_000 <= clock.milliseconds(row["until"]["S"]) - time.time() * 1_000 <= 600_000
    # although the row is still there, by the clock it is over
    set_row(table, cooldown, until={"S": clock.stamp(time.time() - 1)})
    _, third = became(replace(again, status="in_progress", version=again.version + 1), status="failed")
    assert queue.give(third)
    assert expo.notified() == ["phone", "phone"]


def test_awaiting_input_cools_down_in_30_seconds(api: Api, queue: Messages, table: Table, task: Track) -> None:
    register(api, "phone")
    run, message = became(a_run(task), state={"awaiting_input": True})
    queue.give(message)
    row = table.get(*keys.cooldown(task.tenant_id, task.id, run.id, "awaiting"))
    assert row is not None
    assert 28_000 <= clock.milliseconds(row["until"]["S"]) - time.time() * 1_000 <= 30_000


def test_other_kinds_and_other_runs_have_cooldowns_of_their_own(
    api: Api, queue: Messages, expo: Receiver, task: Track
) -> None:
    register(api, "phone")
    run, awaiting = became(a_run(task), state={"awaiting_input": True})
    _, completed = became(run, status="completed")
    for message in (awaiting, completed, ended(task)):
        assert queue.give(message)
    assert (decided(api, task), len(expo.notified())) == (["sent"] * 3, 3)


def test_a_suppressed_notification_uses_the_cooldown_up(api: Api, queue: Messages, expo: Receiver, task: Track) -> None:
    (device,) = register(api, "phone")
    watch(api, task, device)
    run, first = became(a_run(task), status="completed")
    _, second = became(replace(run, status="in_progress", version=run.version + 1), status="completed")
    queue.give(first)
    api.delete(f"/api/projects/-/tasks/{task.id}/presence/", body={"device_id": device})
    queue.give(second)
    assert (decided(api, task), expo.requests) == (["cooldown", "suppressed"], [])


# ---------------------------------------------------------------- once


def test_a_repeated_message_notifies_nobody_twice(api: Api, queue: Messages, expo: Receiver, task: Track) -> None:
    register(api, "phone")
    message = ended(task)
    for attempt in (1, 1, 2):
        assert queue.give(message, attempt)
    assert (expo.notified(), decided(api, task)) == (["phone"], ["sent"])


@pytest.mark.parametrize("call", range(1, 8))
def test_a_consumer_that_dies_anywhere_neither_loses_a_notification_nor_decides_twice(
    api: Api, queue: Messages, expo: Receiver, table: Table, task: Track, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(api, "phone")
    message = ended(task)
    failing = Table(table.name, Failing(table.client, call, Killed()))
    try:
        queue.give(message, table=failing)
    except Killed:
        # the next one comes after the turn of the one that died
        monkeypatch.setattr(push.clock, "epoch", lambda: int(time.time()) + push.TURN_SECONDS + 1)
        assert queue.give(message, 2)
    # only where it died between the service's word and its own does the phone ring again
    assert expo.notified() == ["phone"] * (2 if call == 7 else 1)
    (notification,) = listed(api, task)
    assert (notification["decided"], set(outcomes(notification).values())) == ("sent", {"accepted"})


def test_while_one_attempt_is_at_it_another_waits(
    api: Api, queue: Messages, expo: Receiver, table: Table, task: Track
) -> None:
    register(api, "phone")
    message = ended(task)
    twins: list[bool] = []

    def twin(_: list[dict[str, Any]]) -> None:
        expo.rule = lambda _: None
        twins.append(Messages(table, Expo(expo.url)).give(message))

    expo.rule = twin
    assert queue.give(message)
    assert (twins, expo.notified()) == ([False], ["phone"])


# ---------------------------------------------------------------- delivery


def test_a_device_that_expo_no_longer_knows_is_removed(
    api: Api, queue: Messages, expo: Receiver, table: Table, task: Track, tenant: str
) -> None:
    old, new = register(api, "old", "new")
    expo.gone = {"old"}
    assert queue.give(ended(task))
    (notification,) = listed(api, task)
    assert outcomes(notification) == {old: "removed", new: "accepted"}
    assert [each.token for each in device_rows.of_person(table, tenant, "user_ada").devices] == ["new"]
    assert device_rows.holder(table, tenant, "old") is None


def test_a_device_that_is_registered_again_meanwhile_is_kept(
    api: Api, queue: Messages, expo: Receiver, table: Table, task: Track, tenant: str
) -> None:
    register(api, "phone")

    def register_again(messages: list[dict[str, Any]]) -> None:
        time.sleep(0.002)
        register(api, "phone")

    expo.gone = {"phone"}
    expo.rule = register_again
    assert queue.give(ended(task))
    assert [each.token for each in device_rows.of_person(table, tenant, "user_ada").devices] == ["phone"]


def test_other_refusals_of_a_device_are_shown_and_not_retried(
    api: Api, queue: Messages, expo: Receiver, task: Track
) -> None:
    (device,) = register(api, "phone")
    expo.tickets["phone"] = {"status": "error", "message": "too big", "details": {"error": "MessageTooBig"}}
    assert queue.give(ended(task))
    (notification,) = listed(api, task)
    assert outcomes(notification) == {device: "refused"}
    assert notification["devices"][0]["error"] == "MessageTooBig: too big"


def test_words_of_the_service_are_shown_without_tokens(api: Api, queue: Messages, expo: Receiver, task: Track) -> None:
    register(api, "ExponentPushToken[one]", "ExponentPushToken[two]")
    expo.gone = {"ExponentPushToken[one]"}
    expo.rule = lambda messages: (
        (400, {"errors": [{"code": "BAD", "message": "no ExponentPushToken[two]"}]})
        if any("two" in each["to"] for each in messages)
        else None
    )
    assert queue.give(ended(task))
    answer = api.get(f"/api/projects/@current/tasks/{task.id}/notifications/")
    assert "ExponentPushToken" not in answer.text
    assert sorted(each["error"] for each in answer.json["results"][0]["devices"]) == [
        'DeviceNotRegistered: "…" is not a registered push notification recipient',
        "The push service answered with 400. BAD",
    ]


@pytest.mark.parametrize(
    "answer",
    [(429, {"errors": [{"code": "TOO_MANY_REQUESTS"}]}), (500, "oops"), (503, ""), (401, {}), (200, "no json")],
)
def test_what_may_pass_is_tried_again_later(
    api: Api, queue: Messages, expo: Receiver, task: Track, answer: tuple[int, Any]
) -> None:
    (device,) = register(api, "phone")
    message = ended(task)
    expo.answers = [answer, answer]
    assert not queue.give(message, 1)
    (notification,) = listed(api, task)
    assert (outcomes(notification), notification["attempts"]) == ({device: "pending"}, 1)
    assert notification["devices"][0]["error"]
    assert not queue.give(message, 2)
    assert queue.give(message, 3)
    (notification,) = listed(api, task)
    assert (outcomes(notification), notification["attempts"], notification["devices"][0]["error"]) == (
        {device: "accepted"},
        3,
        None,
    )
    assert expo.notified() == ["phone"]
    assert 0 < queue.hidden[0] <= queue.hidden[1]


def test_no_answer_is_tried_again_later(api: Api, table: Table, task: Track) -> None:
    register(api, "phone")
    message = ended(task)
    with receiving() as closed:
        url = closed.url
    assert not Messages(table, Expo(url)).give(message)
    with receiving() as opened:
        assert Messages(table, Expo(opened.url)).give(message, 2)
        assert opened.notified() == ["phone"]


def test_a_repeated_attempt_notifies_only_pending_devices(
    api: Api, queue: Messages, expo: Receiver, task: Track
) -> None:
    register(api, "a", "b", "c")
    message = ended(task)
    expo.tickets["b"] = {"status": "error", "message": "slow down", "details": {"error": "MessageRateExceeded"}}
    assert not queue.give(message)
    expo.tickets = {}
    assert queue.give(message, 2)
    assert sorted(expo.notified()) == ["a", "b", "c"]
    assert [len(each) for each in expo.requests] == [3, 1]


def test_a_token_that_spoils_a_request_spoils_no_others(api: Api, queue: Messages, expo: Receiver, task: Track) -> None:
    bad, _, _ = register(api, "bad", "b", "c")
    expo.rule = lambda messages: (400, {"errors": []}) if any(each["to"] == "bad" for each in messages) else None
    assert queue.give(ended(task))
    (notification,) = listed(api, task)
    assert sorted(expo.notified()) == ["b", "c"]
    assert outcomes(notification)[bad] == "refused"


def test_a_device_given_up_before_the_next_attempt_is_left_alone(
    api: Api, queue: Messages, expo: Receiver, task: Track
) -> None:
    a, b = register(api, "a", "b")
    message = ended(task)
    expo.answers = [(503, "")]
    assert not queue.give(message)
    api.post("/api/users/@me/push_tokens/unregister/", {"token": "a"})
    assert queue.give(message, 2)
    assert expo.notified() == ["b"]
    assert outcomes(listed(api, task)[0]) == {a: "unregistered", b: "accepted"}


def test_after_the_last_attempt_the_message_is_left_to_the_dead_letters(
    api: Api, queue: Messages, expo: Receiver, task: Track
) -> None:
    (device,) = register(api, "phone")
    message = ended(task)
    expo.answers = [(503, "down")] * queues.ATTEMPTS["notifications"]
    for attempt in range(1, queues.ATTEMPTS["notifications"] + 1):
        assert not queue.give(message, attempt)
    (notification,) = listed(api, task)
    assert (outcomes(notification), notification["attempts"]) == ({device: "failed"}, queues.ATTEMPTS["notifications"])
    assert "503" in notification["devices"][0]["error"]
    assert queue.hidden[-1] == 0


def test_the_access_token_goes_along_where_one_is_set(api: Api, table: Table, expo: Receiver, task: Track) -> None:
    register(api, "phone")
    assert Messages(table, Expo(expo.url, "secret")).give(ended(task))
    assert Messages(table, Expo(expo.url)).give(ended(task))
    assert [each.get("authorization") for each in expo.headers] == ["Bearer secret", None]


# ---------------------------------------------------------------- the list


def test_notifications_are_paged_newest_first(api: Api, queue: Messages, table: Table, task: Track) -> None:
    made = []
    for _ in range(5):
        message = ended(task)
        made.append(message["notification"])
        queue.give(message)
    url, seen, pages = f"/api/projects/1/tasks/{task.id}/notifications?limit=2", [], 0
    while url:
        page = api.get(url).json
        seen += [each["id"] for each in page["results"]]
        pages += 1
        url = (page["next"] or "").removeprefix("https://api.test")
    assert (seen, pages) == (made[::-1], 3)


def test_a_notification_whose_time_is_over_is_not_shown(api: Api, queue: Messages, table: Table, task: Track) -> None:
    message = ended(task)
    queue.give(message)
    notification = keys.notification(task.tenant_id, task.id, message["notification"])
    set_row(table, notification, expires_at={"N": str(int(time.time()))})
    assert listed(api, task) == []


def test_a_damaged_cursor_is_refused_and_odd_limits_are_not(api: Api, task: Track) -> None:
    path = f"/api/projects/1/tasks/{task.id}/notifications/"
    answer = api.get(f"{path}?cursor=x")
    assert (answer.status, answer.json["attr"]) == (400, "cursor")
    assert [api.get(f"{path}?limit={each}").status for each in ("0", "500", "many", "-1")] == [200] * 4


def test_notifications_of_a_task_one_may_not_see_are_not_found(
    api: Api, caller: Caller, table: Table, project: Project
) -> None:
    hidden = a_task(table, project, by="user_bo", owner="user_bo")
    for track_id in (hidden.id, new_id()):
        assert api.get(f"/api/projects/-/tasks/{track_id}/notifications/").status == 404
    assert caller(scopes=["user:write"]).get(f"/api/projects/-/tasks/{hidden.id}/notifications/").status == 403


def set_row(table: Table, key: tuple[str, str], **values: Any) -> None:
    names = {f"#{name}": name for name in values}
    change = {
        "Key": {"pk": {"S": key[0]}, "sk": {"S": key[1]}},
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in values),
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
    }
    table.write([{"Update": change}])


# ---------------------------------------------------------------- through the surface


def test_what_an_agent_reports_over_http_is_what_is_notified(
    api: Api, caller: Caller, queue: Messages, expo: Receiver, table: Table, task: Track
) -> None:
    register(api, "phone")
    agent = caller("agent_bo", kind="agent")
    runs_path = f"/api/projects/@current/tasks/{task.id}/runs/"
    run = agent.post(runs_path, {"environment": "local"}).json["id"]
    key = keys.run(task.tenant_id, task.id, run)
    reports: list[dict[str, Any]] = [
        {"status": "in_progress"},
        {"state": {"awaiting_input": True}},
        {"stage": "build"},
        {"state": {"awaiting_input": False}},
        {"status": "completed", "output": {"pr_url": "https://example.com/1"}},
        {"output": {"note": "afterwards"}},
    ]
    for report in reports:
        before = table.get(*key)
        assert agent.patch(f"{runs_path}{run}/", report).status == 200
        message = push.due(record(before, table.get(*key))["dynamodb"])
        assert message is None or queue.give(message)
    assert [each["body"] for each in expo.accepted] == ['"Fix the build" needs your input', '"Fix the build" finished']
    assert [each["kind"] for each in listed(api, task)] == ["completed", "awaiting"]
