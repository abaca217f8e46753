"""Cursors and positions are opaque, not secret: whatever they say, a list answers or refuses, and never fails."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from switchyard.store import lists
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support import world
from tests.support.http import Answer, Api
from tests.support.samples import ENDPOINTS, replay, sample

#: What a field is called that leads to a page.
NAMES = ("cursor", "position")

_PRINT = "0123456789ab"
_POSITIONS = (
    *("", " ", "\x00", "\U0010ffff", "\ufffe", "'", "#", "a#", "z#", "TRACK", "0#", "-", "a" * 700, "\U0001f600" * 180),
    *(">abc:", "<abc:", ">", "<", ":", ">:", ">0", ">-5:", "<-1:x", "<0:", ">\u0661:", ">1.5:x", ">1e3:", "> 1:"),
    *(">" + "9" * 700 + ":", "<" + "9" * 700 + ":x", ">0:" + "\U0010ffff", "<5:\x00", ">0:\n", ">0:a:b", "x0:a"),
    *("2026-01-01T00:00:00.000Z", "01981f5c-7a00-7000-8000-00000000000b", "f" * 36, "0" * 36),
)
#: Well made for the list, but for what they say; and damaged.
_DAMAGED = ("x", "====", "AAAA", "é", "AAAAAAAAAAAAAAAA", "\x00", "%", "ÿÿ", "-_-_", "a" * 1_024, "_" * 1_023)


@pytest.fixture(autouse=True)
def _one_print(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every list have the same fingerprint, which anybody could compute."""
    monkeypatch.setattr(lists, "fingerprint", lambda *_: _PRINT)


def hostile() -> Iterator[str]:
    yield from _DAMAGED
    for each in _POSITIONS:
        yield lists.to_cursor(each, _PRINT) or ""


def places(operation: str) -> list[tuple[str, str]]:
    """Return where the operation takes a cursor: the query or the body, and the field."""
    promised = ENDPOINTS[operation].operation
    models = (("query", promised.query), ("body", promised.body))
    return [(place, name) for place, model in models if model for name in NAMES if name in model.model_fields]


PAGED = sorted(name for name in ENDPOINTS if places(name))


def sent(operation: str, token: str | None, tenant: str, place: str, **fields: Any) -> Answer:
    event = sample(operation, token, tenant)
    if place == "query":
        event["rawQueryString"] = urlencode(dict(parse_qsl(event.get("rawQueryString", ""))) | fields)
    else:
        event["body"] = json.dumps(json.loads(event["body"]) | fields)
    return replay(operation, event)


def test_every_list_is_held_to_it() -> None:
    assert {each.partition(".")[0] for each in PAGED} >= {
        *("administration", "audit", "followups", "objectives", "planning", "pool", "projects")
    }


@pytest.mark.parametrize("operation", PAGED)
def test_a_hostile_cursor_is_answered_or_refused(operation: str, table: Table, tenant: str, caller: Caller) -> None:
    world.build(table, tenant)
    token = caller().token
    for place, name in places(operation):
        extra = {"limit": 1} if place == "query" else {}
        for cursor in hostile():
            answer = sent(operation, token, tenant, place, **{name: cursor}, **extra)
            assert answer.status in (200, 400), (cursor, answer.text)


@pytest.mark.parametrize("offset", [0, 1, 5_000])
def test_a_hostile_position_beside_an_offset_is_of_no_use(
    offset: int, table: Table, tenant: str, caller: Caller
) -> None:
    world.build(table, tenant)
    token = caller().token
    for position in hostile():
        answer = sent("projects.list_tasks", token, tenant, "query", position=position, offset=offset)
        assert answer.status == 200, (position, answer.text)


@pytest.mark.parametrize(
    ("tool", "more"), [("list_tasks", {}), ("search_tracks", {"type": "task"}), ("search_tracks", {"type": "goal"})]
)
def test_a_hostile_cursor_of_a_tool_is_answered_or_refused(
    tool: str, more: dict[str, Any], table: Table, tenant: str, api: Api
) -> None:
    world.build(table, tenant)
    for cursor in hostile():
        params = {"name": tool, "arguments": {"cursor": cursor, **more}}
        answer = api.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        assert answer.status == 200, (cursor, answer.text)
        assert "internal_error" not in answer.text, cursor


@pytest.mark.parametrize(
    "event_id", ["", "0", ".", "0.0.0.0", "0.99999", "x" * 5_000, "0.0.9999999999999999", "\u0661.0"]
)
def test_a_hostile_event_id_is_answered_or_refused(event_id: str, table: Table, tenant: str, caller: Caller) -> None:
    world.build(table, tenant)
    event = sample("projects.stream_run", caller().token, tenant)
    event["headers"]["last-event-id"] = event_id
    event["rawQueryString"] = "wait=0"
    assert replay("projects.stream_run", event).status in (200, 204, 400)
