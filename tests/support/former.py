"""A table as versions before rows were packed left it: its rows, as their code wrote them, and its indexes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.store.table import Item
from tests.support.http import Api
from tests.support.template import ROOT, table_definition

_KEPT: Mapping[str, Any] = json.loads(Path(__file__).with_name("rows_before.json").read_text())
TENANT: str = _KEPT["tenant"]
GOAL: str = _KEPT["goal"]
_RUNS: Mapping[str, Item] = json.loads((ROOT / "tests/unit/unpacked_rows.json").read_text())["runs"]
ROWS: list[Item] = [*_KEPT["rows"], _RUNS["offered"]]
#: How many of them have another form today: the tracks, the run, and the project, which was in an index.
CHANGED = 8 + 1 + 1

#: Lists of what the rows are, and the titles that each shows.
LISTS: Mapping[str, list[str]] = {
    "type=goal": ["Goal"],
    "limit=4": ["Pool 2", "Pool 1", "Pool 0", "Call 2"],
    f"goalId={GOAL}": ["Call 2", "Call 1", "Call 0"],
    f"goalId={GOAL}&status=backlog": ["Call 1"],
    f"parentId={_KEPT['first']}": ["Call 2", "Call 1", "Call 0"],
    f"dependsOn={_KEPT['first']}&status=todo": ["Call 0"],
    f"projectId={_KEPT['project']}": ["Call 2", "Call 1", "Call 0", "Zürich"],
    "dueDateTo=2027-06-01": ["Call 0", "Call 1", "Call 2"],
    "assignee=agent_bo&status=todo": ["Call 0"],
    "query=first": ["Zürich"],
    "query=STRASSE": ["Call 2", "Call 1", "Call 0"],
}
#: Its indexes: with whole rows, but those that are as they were.
_INDEXES = {
    "listed-by-id": ("list", "id"),
    "listed-by-rank": ("list", "rank"),
    "listed-by-update": ("list", "updated"),
    "by-assignee": ("by_assignee", "rank"),
    "by-project": ("by_project", "rank"),
    "by-goal-number": ("by_goal", "goal_rank"),
    "by-priority": ("by_priority", "rank"),
    "by-related": ("by_related", "rank"),
    "by-home": ("home", "id"),
    "ready": ("ready", "ready_rank"),
    "ready-by-project": ("ready_by_project", "ready_rank"),
}
_KEPT_INDEXES = ("due", "of-goal", "of-parent", "of-dependency")


def shown(api: Api) -> dict[str, list[str]]:
    """Return the titles that each of LISTS shows now."""
    return {query: [each["title"] for each in api.get(f"/v1/tracks?{query}").json["items"]] for query in LISTS}


def definition() -> dict[str, Any]:
    """Return what create_table takes for a table of that version."""
    today = table_definition()
    kept = [each for each in today["GlobalSecondaryIndexes"] if each["IndexName"] in _KEPT_INDEXES]
    return {**today, "GlobalSecondaryIndexes": kept + [_whole(name) for name in _INDEXES]}


def creations() -> list[dict[str, Any]]:
    """Return the updates that add the indexes of today, one each."""
    wanted = table_definition()["GlobalSecondaryIndexes"]
    return [{"Create": each} for each in wanted if each["IndexName"] not in _KEPT_INDEXES]


def deletions() -> list[dict[str, Any]]:
    """Return the updates that take away those of before, one each."""
    return [{"Delete": {"IndexName": name}} for name in _INDEXES]


def _whole(name: str) -> dict[str, Any]:
    keys = [
        {"AttributeName": key, "KeyType": kind} for key, kind in zip(_INDEXES[name], ("HASH", "RANGE"), strict=True)
    ]
    return {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
