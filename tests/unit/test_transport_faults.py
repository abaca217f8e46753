"""Writes through the ledger, its table, the retries and the transport, to a service that loses words both ways."""

import json
import socket
import time
from collections.abc import Callable
from itertools import repeat
from typing import Any, SupportsIndex
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.aws import retry
from switchyard.aws.bus import Bus
from switchyard.aws.clients import make_client
from switchyard.aws.errors import Unreachable
from switchyard.aws.queues import Message, Queue
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.errors import Busy
from switchyard.ledger import tracks
from switchyard.ledger.unit import Unit
from switchyard.store.table import Item, Table
from tests.support.stub_service import (
    Line,
    StubService,
    closes_afterwards,
    drips,
    hangs_up,
    http,
    raw,
    refuses,
    resets,
    says,
)

ACTOR = Actor("tenant", "user_ada", "user", frozenset(SCOPES), "token")
PARENT = "01a204c8-80c2-7000-ba82-bb7801b17d9b"


class Rows(StubService):
    """DynamoDB, as far as creating needs it: rows under conditions, transactions under tokens, and a fault for each
    request until there are no more.
    """

    def __init__(self, faults: list[Callable[[Line], Line]]) -> None:
        super().__init__()
        self.faults = faults
        self.rows: dict[str, Item] = {}
        self.created = 0
        self.tokens: set[str] = set()
        self.script = _Endless([self._answer])

    def _answer(self, connection: socket.socket) -> bool:
        headers, body = self.requests[-1]
        fault = self.faults.pop(0) if self.faults else None
        if fault and fault in BEFORE:
            return fault(hangs_up)(connection)
        line = self._put(body) if headers["x-amz-target"].endswith(".PutItem") else self._transact(body)
        return (fault(line) if fault else line)(connection)

    def _put(self, body: Item) -> Line:
        key = body["Item"]["pk"]["S"]
        if key in self.rows:
            return refuses("ConditionalCheckFailedException", Item=self.rows[key])
        self.rows[key] = body["Item"]
        self.created += 1
        return says({})

    def _transact(self, body: Item) -> Line:
        if body["ClientRequestToken"] not in self.tokens:
            self.tokens.add(body["ClientRequestToken"])
            self.created += 1
        return says({})


class _Endless(list[Line]):
    """A script of one line that does not run out."""

    def pop(self, _: SupportsIndex = 0) -> Line:
        return self[0]


def _cut(_: Line) -> Line:
    return raw(http(b"{}")[:-1], stays=False)


#: The request is not done. Then: it is done, and the answer does not come, or comes as what is none.
BEFORE: list[Callable[[Line], Line]] = [
    lambda _: hangs_up,
    lambda _: resets,
    lambda _: refuses("ThrottlingException"),
    lambda _: refuses("InternalServerError", 500),
    lambda _: raw(http(b"<html>503</html>", 503)),
]
AFTER: list[Callable[[Line], Line]] = [
    lambda _: hangs_up,
    lambda _: resets,
    _cut,
    lambda _: raw(http(b"{}", x_amz_crc32="1")),
    lambda _: raw(http(b"<html>500</html>", 500)),
]


def commit(service: StubService, parent: str | None, seconds: float = 10) -> None:
    table = Table("table", make_client_of(service))
    table.deadline = time.monotonic() + seconds
    unit = Unit(table, ACTOR, "request")
    tracks.create(unit, "task", "Task", parent_id=parent)
    unit.commit(201, {}, "{}")


def make_client_of(service: StubService, name: str = "dynamodb") -> object:
    with mock.patch.dict("os.environ", service.environment()):
        return make_client(name)


@settings(max_examples=60, deadline=None)
@given(
    faults=st.lists(st.sampled_from(BEFORE + AFTER), max_size=5),
    parent=st.sampled_from([None, PARENT]),
)
def test_a_write_is_done_once_whatever_gets_lost(faults: list[Callable[[Line], Line]], parent: str | None) -> None:
    with Rows(list(faults)) as service, mock.patch.object(retry, "pauses", return_value=repeat(0.0)):
        commit(service, parent)
        assert service.created == 1
        assert len(service.requests) == len(faults) + 1


@pytest.mark.parametrize("parent", [None, PARENT])
def test_when_the_time_is_over_a_write_was_done_once_or_not_at_all(parent: str | None) -> None:
    for fault, created in [(BEFORE[0], 0), (AFTER[0], 1)]:
        with Rows([fault] * 10_000) as service:
            with pytest.raises(Busy):
                commit(service, parent, seconds=0.6)
            assert service.created == created


@pytest.mark.parametrize("line", [drips(http(json.dumps({"Item": {}}).encode() * 99), 0.02), raw(b"", after=9)])
def test_an_answer_that_does_not_end_ends_with_the_deadline(line: Line) -> None:
    with StubService(line) as service:
        table = Table("table", make_client_of(service))
        started = time.monotonic()
        table.deadline = started + 0.8
        with pytest.raises(Busy):
            table.get("a", "b")
        # What is kept back for the answer to the caller is left; far less than the seconds the script would take.
        assert time.monotonic() - started < 0.8


def _send_message(client: Any, deadline: float) -> None:
    queue = Queue("url", client)
    queue.deadline = deadline
    (error,) = queue.send([{"a": 1}])
    if error:
        raise error


def _postpone(client: Any, deadline: float) -> None:
    queue = Queue("url", client)
    queue.deadline = deadline
    queue.postpone(Message(None, 1, "receipt"), 5)


def _send_event(client: Any, deadline: float) -> None:
    bus = Bus("bus", client)
    bus.deadline = deadline
    (error,) = bus.send([{"Detail": "{}"}])
    if error:
        raise error


@pytest.mark.parametrize(
    ("service_name", "call"), [("sqs", _send_message), ("sqs", _postpone), ("events", _send_event)]
)
def test_what_is_sent_ends_with_the_deadline_too(service_name: str, call: Callable[[Any, float], None]) -> None:
    with StubService(*[drips(http(b"{}" * 99), 0.02)] * 9) as service:
        client = make_client_of(service, service_name)
        started = time.monotonic()
        with pytest.raises(Unreachable):
            call(client, started + 0.9)
        assert time.monotonic() - started < 0.9


def test_a_deadline_that_passed_before_a_call_allows_it_once() -> None:
    with StubService(raw(http(b"{}"), after=0.6), refuses("ThrottlingException")) as service:
        table = Table("table", make_client_of(service))
        table.deadline = time.monotonic() - 1
        assert table.get("a", "b") is None
        with pytest.raises(Busy):
            table.get("a", "b")
        assert len(service.requests) == 2


def test_a_kept_connection_that_ended_costs_a_write_nothing() -> None:
    with Rows([closes_afterwards]) as service:
        commit(service, None)
        time.sleep(0.05)
        commit(service, None)
        assert (service.created, len(service.requests), service.connections) == (2, 2, 2)
