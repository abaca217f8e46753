"""Faults of S3 that no emulator produces: server errors, lost answers, time that is over."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from switchyard.aws.errors import ApiError, Unreachable
from switchyard.aws.objects import ObjectStore, Upload
from switchyard.domain.errors import Busy
from switchyard.http.statuses import status_of

LOST = Unreachable("no answer")
FOUND = {"ContentLength": 3, "ContentType": "text/plain", "LastModified": datetime(2026, 6, 5, tzinfo=UTC)}


def refused(code: str, status: int) -> ApiError:
    return ApiError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "operation")


class Script:
    """A client that answers each call with the next of its lines, raising those that are exceptions."""

    def __init__(self, *lines: Any) -> None:
        self.lines = list(lines)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**params: Any) -> Any:
            self.calls.append((operation, params))
            line = self.lines.pop(0)
            if isinstance(line, Exception):
                raise line
            return line

        return call


def store_of(*lines: Any, seconds: float = 5) -> tuple[ObjectStore, Script]:
    script = Script(*lines)
    store = ObjectStore("bucket", script)
    store.deadline = time.monotonic() + seconds
    return store, script


@pytest.mark.parametrize(
    "fault",
    [
        refused("500", 500),
        refused("SlowDown", 503),
        refused("RequestTimeout", 400),
        LOST,
    ],
)
def test_what_passes_is_tried_again(fault: Exception) -> None:
    store, script = store_of(fault, fault, FOUND)
    (head,) = store.heads(["a"])
    assert head is not None
    assert (head.size, head.content_type, head.sha256) == (3, "text/plain", None)
    assert len(script.calls) == 3


@pytest.mark.parametrize("code", ["404", "NoSuchKey"])
def test_what_is_not_there_is_none(code: str) -> None:
    store, _ = store_of(refused(code, 404))
    assert store.heads(["a"]) == [None]
    store, _ = store_of(refused(code, 404))
    assert store.get("a", 10) is None
    store, _ = store_of(refused(code, 404))
    assert store.tag_all({"a": None}, {}) == ["a"]


def test_a_permission_that_lacks_is_not_a_missing_object() -> None:
    store, script = store_of(refused("403", 403))
    with pytest.raises(ApiError):
        store.heads(["a"])
    assert len(script.calls) == 1


def test_when_no_time_is_left_the_caller_is_asked_to_come_back() -> None:
    store, script = store_of(*[LOST] * 1_000, seconds=0.6)
    with pytest.raises(Busy) as told:
        store.put_all([Upload("a", b"x", "")], {})
    assert (status_of(told.value), told.value.retry_after) == (503, 1)
    assert len(script.calls) < 1_000


def test_an_object_is_put_with_its_tags_and_without_a_type_it_lacks() -> None:
    store, script = store_of({}, {})
    store.put_all([Upload("a", b"x", "")], {"ttl_days": "30", "team_id": "t"})
    store.put_all([Upload("b", b"y", "text/plain")], {})
    (_, first), (_, second) = script.calls
    assert first == {"Bucket": "bucket", "Key": "a", "Body": b"x", "Tagging": "ttl_days=30&team_id=t"}
    assert second["ContentType"] == "text/plain"


def test_answers_keep_the_order_of_the_questions() -> None:
    class Sizes:
        def head_object(self, *, Key: str, **_: Any) -> dict[str, Any]:
            time.sleep(0.01 * (5 - int(Key)))
            return {**FOUND, "ContentLength": int(Key)}

    store = ObjectStore("bucket", Sizes())
    assert [head.size for head in store.heads([str(n) for n in range(5)]) if head] == list(range(5))
