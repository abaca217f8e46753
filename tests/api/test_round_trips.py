"""What was imported comes back by the export: property tests over the real handlers, from file to file."""

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchyard_client.errors import Refused
from switchyard_client.exporting import Export
from switchyard_client.importing.formats import formats
from switchyard_client.importing.plan import Plan
from switchyard_client.importing.sources import Source
from switchyard_client.importing.upload import Outcome, Upload
from tests.support.http import Api
from tests.support.planning import DOCS

few = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs"]), min_size=1, max_size=20)
title = text.map(lambda each: " ".join(f"T {each}".split()))
instant = st.integers(1_500_000_000, 1_700_000_000).map(lambda at: f"20{at % 20 + 5:02d}-03-0{at % 9 + 1}T10:00:00Z")


@st.composite
def issues(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Issues of beads without what an import would tell of: no circles, no duplicates, nothing dangling."""
    count = draw(st.integers(1, 6))
    kinds = [draw(st.sampled_from(["task", "bug", "feature", "epic"])) for _ in range(count)]
    return [draw(issue(number, kinds)) for number in range(count)]


@st.composite
def issue(draw: st.DrawFn, number: int, kinds: list[str]) -> dict[str, Any]:
    status = draw(st.sampled_from(["open", "in_progress", "blocked", "deferred", "closed", "pinned"]))
    name = f"bd-{number}"
    found: dict[str, Any] = {
        "id": name,
        "title": draw(title),
        "description": draw(st.just("") | text),
        "status": status,
        "priority": draw(st.integers(0, 4)),
        "issue_type": kinds[number],
        "created_at": draw(instant),
    }
    if status == "closed":
        found["closed_at"] = "2025-11-01T10:00:00Z"
    for field in ("design", "notes", "close_reason", "external_ref"):
        if draw(st.booleans()):
            found[field] = draw(text)
    if draw(st.booleans()):
        found["assignee"] = draw(st.sampled_from(["ada", "agent_bo", "bo@example.com"]))
    if draw(st.booleans()):
        found["labels"] = draw(st.lists(text, max_size=3))
    edges = []
    for other in range(number):
        kind = draw(st.sampled_from(["", "", "blocks", "waits-for", "related", "discovered-from"]))
        if kind:
            edges.append({"issue_id": name, "depends_on_id": f"bd-{other}", "type": kind})
    parents = [n for n in range(number) if not any(each["depends_on_id"] == f"bd-{n}" for each in edges)]
    if parents and draw(st.booleans()):
        above = draw(st.sampled_from(parents))
        edges.append({"issue_id": name, "depends_on_id": f"bd-{above}", "type": "parent-child"})
    return found | ({"dependencies": edges} if edges else {})


def imported(api: Api, kind: str, content: str, prefix: str) -> tuple[Plan, dict[str, int]]:
    """Import a text as the command does; returns the plan and what became of its items."""

    def send(body: dict[str, Any]) -> list[dict[str, Any]]:
        answer = api.post("/v1/tracks/apply", body)
        if answer.status != 200:
            raise Refused(answer.status, answer.text, answer.json)
        results: list[dict[str, Any]] = answer.json["results"]
        return results

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan"
        path.write_text(content, encoding="utf-8", newline="")
        source, plan = Source(path), Plan()
        plan.take(formats({})[kind].read(source), source.adopted)
    plan.problems += source.problems
    plan.settle()
    outcome = Outcome(len(plan.nodes))
    Upload(plan, send, prefix, DOCS, True, outcome).run()
    return plan, {word: count for word, count in outcome.counts.items() if count}


def exported(api: Api, target: str, prefix: str) -> str:
    tracks = []
    for kind in ("goal", "task"):
        cursor = ""
        while True:
            page = api.get(f"/v1/tracks?type={kind}&limit=100&cursor={cursor}").json
            tracks += [each for each in page["items"] if (each["externalId"] or "").startswith(prefix)]
            cursor = page["nextCursor"]
            if not cursor:
                break
    made = Export()
    made.take(tracks)
    return "".join(made.lines(target))


def lines(text: str) -> dict[str, Any]:
    return {each["id"]: each for each in map(json.loads, text.splitlines())}


def plain(issue: dict[str, Any]) -> dict[str, Any]:
    """Return an issue without the order of its edges and what is empty."""
    edges = sorted(issue.get("dependencies", ()), key=lambda each: json.dumps(each, sort_keys=True))
    return {key: value for key, value in {**issue, "dependencies": edges}.items() if value not in ("", [], None)}


@few
@given(issues())
def test_beads_come_back_as_they_were(api: Api, given_issues: list[dict[str, Any]]) -> None:
    prefix = f"beads{uuid4().hex}"
    content = "".join(json.dumps(each) + "\n" for each in given_issues)
    plan, counts = imported(api, "beads", content, prefix)
    assert counts == {"created": len(given_issues)}, plan.problems
    assert not any(each.loses for each in plan.problems)
    assert imported(api, "beads", content, prefix)[1] == {"unchanged": len(given_issues)}
    back = lines(exported(api, "beads", prefix).replace(f"{prefix}:", ""))
    assert {name: plain(each) for name, each in back.items()} == {each["id"]: plain(each) for each in given_issues}


@few
@given(issues())
def test_lines_and_csv_carry_a_plan_on(api: Api, given_issues: list[dict[str, Any]]) -> None:
    prefix = f"beads{uuid4().hex}"
    imported(api, "beads", "".join(json.dumps(each) + "\n" for each in given_issues), prefix)
    first = exported(api, "jsonl", prefix)
    # Under other names, as in another workspace.
    second = first.replace(prefix, prefix[::-1])
    assert imported(api, "switchyard", second, "")[1] == {"created": len(given_issues)}
    again = exported(api, "jsonl", prefix[::-1])
    assert sorted(again.replace(prefix[::-1], prefix).splitlines()) == sorted(first.splitlines())
    rows = list(csv.DictReader(io.StringIO(exported(api, "csv", prefix))))
    assert {each["id"].removeprefix(f"{prefix}:") for each in rows} == {each["id"] for each in given_issues}


def test_what_changed_since_comes_back_changed(api: Api) -> None:
    content = json.dumps({"id": "a", "title": "A", "status": "blocked", "priority": 4, "issue_type": "bug"}) + "\n"
    content += json.dumps({"id": "b", "title": "B", "status": "open", "priority": 2, "issue_type": "task"}) + "\n"
    imported(api, "beads", content, "beads")
    ids = {each["title"]: each["id"] for each in api.get("/v1/tracks").json["items"]}
    api.patch(f"/v1/tracks/{ids['B']}", {"task": {"dependsOn": [ids["A"]]}, "priority": "high"})
    api.patch(f"/v1/tracks/{ids['A']}", {"task": {"status": "done"}})
    back = lines(exported(api, "beads", "beads:"))
    assert (back["a"]["status"], back["a"]["priority"], back["a"]["issue_type"]) == ("closed", 4, "bug")
    assert "closed_at" in back["a"]
    assert back["b"]["priority"] == 1
    assert back["b"]["dependencies"] == [{"issue_id": "b", "depends_on_id": "a", "type": "blocks"}]


def test_due_dates_are_entries_of_a_calendar(api: Api) -> None:
    long = "Release, with a long name; and more: " + "ü" * 60
    content = f'id,title,due,description\n1,"{long}",2026-12-24,"two\nlines"\n2,None,,\n3,Done,2026-12-01,\n'
    imported(api, "csv", content, "csv")
    done = next(each for each in api.get("/v1/tracks").json["items"] if each["title"] == "Done")
    api.patch(f"/v1/tracks/{done['id']}", {"task": {"status": "done"}})
    calendar = exported(api, "ics", "csv:")
    assert calendar.count("BEGIN:VEVENT") == 1
    assert all(len(line.encode()) <= 75 for line in calendar.split("\r\n"))
    unfolded = calendar.replace("\r\n ", "")
    assert "DTSTART;VALUE=DATE:20261224\r\n" in unfolded
    assert f"SUMMARY:{long.replace(',', chr(92) + ',').replace(';', chr(92) + ';')}\r\n" in unfolded
    assert "DESCRIPTION:two\\nlines\r\n" in unfolded


@pytest.mark.parametrize("kind", ["jsonl", "beads", "csv", "ics"])
def test_an_export_of_nothing_is_a_file_of_its_format(api: Api, kind: str) -> None:
    assert (
        exported(api, kind, "nothing")
        == {
            "jsonl": "",
            "beads": "",
            "csv": "type,id,title,description,status,priority,due,assignee,parent,goal,depends,created,completed\r\n",
            "ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Switchyard//Switchyard//EN\r\nEND:VCALENDAR\r\n",
        }[kind]
    )
