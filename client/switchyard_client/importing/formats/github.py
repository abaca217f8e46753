"""GitHub issues: arrays or lines of JSON, from the REST API (`gh api --paginate`) or `gh issue list --json …`."""

import re
from collections.abc import Iterator
from typing import Any

from switchyard_client.importing.records import Item, Status
from switchyard_client.importing.sources import Source

PREFIX = "github"
_URL = re.compile(r"(?:github\.[\w.-]*|[\w.-]+)/(?:repos/)?([\w.-]+/[\w.-]+)/issues/(\d+)")
_PRIORITY = re.compile(r"(?:priority[:/ -]*)?(?:p([0-4])|(critical|urgent|high|medium|low))", re.IGNORECASE)
_WORDS = {"0": "urgent", "1": "high", "2": "medium", "3": "low", "4": "low", "critical": "urgent"}


def read(source: Source) -> Iterator[Item]:
    """Make a task of each issue and a goal of each milestone; pull requests are left out."""
    milestones: set[str] = set()
    for line, issue in source.objects():
        number = issue.get("number")
        if not isinstance(number, int):
            source.tell("unreadable", (f"item {line}",), "has no number, left out")
            continue
        repository = _repository(issue)
        name = f"{repository}#{number}"
        if issue.get("pull_request") is not None:
            source.tell("pull request", (name,), "is no issue: left out", loses=False)
            continue
        milestone = issue.get("milestone")
        goal = None
        if isinstance(milestone, dict) and milestone.get("title"):
            goal = f"{repository} milestone {milestone['title']}"
            if goal not in milestones:
                milestones.add(goal)
                yield _milestone(goal, milestone, line)
        for child in _related(issue, "subIssues", repository) + _related(issue, "sub_issues", repository):
            source.adopted[child] = name
        yield _item(issue, name, goal, repository, line)


def _repository(issue: dict[str, Any]) -> str:
    for field in ("html_url", "url", "repository_url"):
        match = _URL.search(str(issue.get(field) or ""))
        if match:
            return match[1]
    return ""


def _milestone(name: str, milestone: dict[str, Any], line: int) -> Item:
    closed = str(milestone.get("state") or "").lower() == "closed"
    return Item(
        name=name,
        title=str(milestone["title"]),
        description=str(milestone.get("description") or ""),
        status="done" if closed else "todo",
        due=milestone.get("due_on") or milestone.get("dueOn"),
        container=True,
        line=line,
    )


def _item(issue: dict[str, Any], name: str, goal: str | None, repository: str, line: int) -> Item:
    labels = [each.get("name") if isinstance(each, dict) else each for each in issue.get("labels") or ()]
    assignees = [each.get("login") for each in issue.get("assignees") or () if isinstance(each, dict)]
    parents = _related(issue, "parent", repository)
    closed = str(issue.get("state") or "").lower() == "closed"
    reason = str(issue.get("stateReason") or issue.get("state_reason") or "").lower()
    status: Status = ("cancelled" if reason in ("not_planned", "duplicate") else "done") if closed else "todo"
    beside = {
        "labels": labels,
        "assignees": assignees,
        "url": issue.get("html_url") or issue.get("url"),
        "author": (issue.get("user") or issue.get("author") or {}).get("login"),
        "stateReason": reason or None,
    }
    return Item(
        name=name,
        title=str(issue.get("title") or ""),
        description=str(issue.get("body") or "").replace("\r\n", "\n"),
        status=status,
        priority=_priority(labels),
        assignee=assignees[0] if assignees else None,
        parent=parents[0] if parents else None,
        goal=goal,
        depends_on=_related(issue, "blockedBy", repository) + _related(issue, "blocked_by", repository),
        created=issue.get("created_at") or issue.get("createdAt"),
        completed=issue.get("closed_at") or issue.get("closedAt"),
        metadata={"github": {key: value for key, value in beside.items() if value}},
        line=line,
    )


def _related(issue: dict[str, Any], field: str, repository: str) -> list[str]:
    """Return the issues that a field names: one, a list, or the nodes of a connection."""
    given = issue.get(field)
    if isinstance(given, dict) and "nodes" in given:
        given = given["nodes"]
    listed = given if isinstance(given, list) else [given] if isinstance(given, dict) else []
    found = [each for each in listed if isinstance(each, dict) and isinstance(each.get("number"), int)]
    return [f"{_repository(each) or repository}#{each['number']}" for each in found]


def _priority(labels: list[Any]) -> str | None:
    for label in labels:
        match = _PRIORITY.fullmatch(str(label).strip())
        if match:
            word = (match[1] or match[2]).lower()
            return _WORDS.get(word, word)
    return None
