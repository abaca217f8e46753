"""A table as the version before indexes had keys alone left it: its rows, as its code wrote them, and its indexes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.store.table import Item
from tests.support.http import Api
from tests.support.template import table_definition

_KEPT: Mapping[str, Any] = json.loads(Path(__file__).with_name("rows_before.json").read_text())
TENANT: str = _KEPT["tenant"]
ROWS: list[Item] = _KEPT["rows"]

#: Lists of what the rows are, and the titles that each shows.
LISTS: Mapping[str, list[str]] = {
    "type=goal": ["Goal"],
    "limit=4": ["Pool 2", "Pool 1", "Pool 0", "Call 2"],
    f"goalId={_KEPT['goal']}": ["Call 2", "Call 1", "Call 0"],
    f"goalId={_KEPT['goal']}&status=backlog": ["Call 1"],
    f"parentId={_KEPT['first']}": ["Call 2", "Call 1", "Call 0"],
    f"dependsOn={_KEPT['first']}&status=todo": ["Call 0"],
    f"projectId={_KEPT['project']}": ["Call 2", "Call 1", "Call 0", "Zürich"],
    "dueDateTo=2027-06-01": ["Call 0", "Call 1", "Call 2"],
    "assignee=agent_bo&status=todo": ["Call 0"],
    "query=first": ["Zürich"],
    "query=STRASSE": ["Call 2", "Call 1", "Call 0"],
}
_INDEXES = {
    "listed-by-due": ("list", "due_rank"),
    "by-goal": ("by_goal", "rank"),
    "by-parent": ("by_parent", "rank"),
    "by-dependency": ("by_dependency", "rank"),
}


def shown(api: Api) -> dict[str, list[str]]:
    """Return the titles that each of LISTS shows now."""
    return {query: [each["title"] for each in api.get(f"/v1/tracks?{query}").json["items"]] for query in LISTS}


def definition() -> dict[str, Any]:
    """Return what create_table takes for a table of that version."""
    today = table_definition()
    kept = [each for each in today["GlobalSecondaryIndexes"] if each["Projection"]["ProjectionType"] == "ALL"]
    return {**today, "GlobalSecondaryIndexes": kept + [_whole(name) for name in _INDEXES]}


def steps() -> list[dict[str, Any]]:
    """Return the updates that bring its indexes to those of today, in order: one creation or deletion each."""
    wanted = [
        each for each in table_definition()["GlobalSecondaryIndexes"] if each["Projection"]["ProjectionType"] != "ALL"
    ]
    return [{"Create": each} for each in wanted] + [{"Delete": {"IndexName": name}} for name in _INDEXES]


def _whole(name: str) -> dict[str, Any]:
    keys = [
        {"AttributeName": key, "KeyType": kind} for key, kind in zip(_INDEXES[name], ("HASH", "RANGE"), strict=True)
    ]
    return {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
