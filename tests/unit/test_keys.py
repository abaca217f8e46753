"""Every key of the table stays within what DynamoDB takes, whatever a client writes."""

import inspect
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from switchyard.domain.tracks import ID_MAX
from switchyard.store import import_keys, keys, people_keys, schedule_keys

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html; index keys have the same limits.
PARTITION_KEY_BYTES, SORT_KEY_BYTES = 2048, 1024

UUID_TEXT = str(UUID(int=2**128 - 1))
# The most bytes that an identifier of the bound number of characters can have.
NAME = "\U0001f600" * ID_MAX
REALM = keys.realm(UUID_TEXT, NAME)
LARGEST: dict[str, Any] = {
    "tenant_id": UUID_TEXT,
    "owner": NAME,
    "realm": REALM,
    "home": keys.home(REALM, NAME, "internal"),
    "shelf": "internal",
    "kind": "completed_with_errors",
    "priority": "urgent",
    "name": UUID_TEXT,
    "number": 2**63,
    "offset": 2**63,
    "done": 2**63,
    "part": 99,
    "shard": 2**31,
    "block": "9" * 40,
    "key": NAME,
    "external_id": NAME,
    "token": NAME,
    "digest": "f" * 64,
    "when": "2026-06-05T09:30",
    "at": "2026-06-05T09:30:00.000Z",
    "repository": "r" * keys.REPOSITORY_MAX_BYTES,
    # What clients name; everything else is an id that the service made.
    "project_id": NAME,
    "actor_id": NAME,
    "user_id": NAME,
    "assignee": NAME,
    "agent": NAME,
    "agent_id": NAME,
    "related_type": NAME,
    "related_id": NAME,
} | dict.fromkeys(
    (
        "track_id",
        "dependent_id",
        "child_id",
        "goal_id",
        "task_id",
        "request_id",
        "entry_id",
        "token_id",
        "parent_id",
        "run_id",
        "append_id",
        "device_id",
        "import_id",
        "feed_id",
        "notification_id",
        "artifact_id",
        "webhook_id",
        "delivery_id",
        "question_id",
        "comment_id",
        "item_id",
        "schedule_id",
    ),
    UUID_TEXT,
)
MODULES = (keys, import_keys, people_keys, schedule_keys)
BUILDERS = [each for module in MODULES for _, each in inspect.getmembers(module, inspect.isfunction)]


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda each: each.__name__)
def test_keys_of_the_longest_parts_are_within_bounds(builder: Callable[..., Any]) -> None:
    made = builder(*[LARGEST[name] for name in inspect.signature(builder).parameters])
    partition, sort = made if isinstance(made, tuple) else (made, "")
    assert len(partition.encode()) <= PARTITION_KEY_BYTES
    assert len(sort.encode()) <= SORT_KEY_BYTES
