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
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs"]), min_size=1, max_size=20)
title = text.map(lambda each: " ".join(f"T {each}".split()))
instant = st.integers(1_500_000_000, 1_700_000_000).map(lambda at: f"20{at % 20 + 5:02d}-03-0{at % 9 + 1}T10:00:00Z")


@st.composite
def issues(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Issues of beads without what an import would tell of: no cycles, no duplicates, nothing dangling."""
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
def test_lines_carry_a_plan_of_another_system_on(api: Api, given_issues: list[dict[str, Any]]) -> None:
    prefix = f"beads{uuid4().hex}"
    imported(api, "beads", "".join(json.dumps(each) + "\n" for each in given_issues), prefix)
    first = exported(api, "jsonl", prefix)
    # Under other names, as in another workspace.
    second = first.replace(prefix, prefix[::-1])
    assert imported(api, "switchyard", second, "")[1] == {"created": len(given_issues)}
    again = exported(api, "jsonl", prefix[::-1])
    assert sorted(again.replace(prefix[::-1], prefix).splitlines()) == sorted(first.splitlines())


@st.composite
def plans(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Exported lines: goals with a parent and an order, tasks with everything that a track has, in any order."""
    goals = [f"goal; {number}, a\\b" for number in range(draw(st.integers(0, 2)))]
    tasks = [f"task {number}" for number in range(draw(st.integers(1, 4)))]
    found = []
    for number, name in enumerate(goals):
        found.append(draw(tracks(name, "goal", goals[:number], [], ["not_started", "completed", "cancelled"])))
    for number, name in enumerate(tasks):
        found.append(draw(tracks(name, "task", tasks[:number], goals, ["backlog", "todo", "done", "cancelled"])))
    return draw(st.permutations(found))


@st.composite
def tracks(
    draw: st.DrawFn, name: str, kind: str, before: list[str], goals: list[str], statuses: list[str]
) -> dict[str, Any]:
    status = draw(st.sampled_from(statuses))
    found = {
        "name": name,
        "type": kind,
        "title": draw(title),
        "description": draw(st.sampled_from(["", "two\nlines", 'a "b", c; \\d', "=1+1"]) | text),
        "status": status,
        "priority": draw(st.sampled_from(["urgent", "high", "medium", "low"])),
        "due": draw(st.sampled_from(["", "2026-12-24", "2027-02-28"])),
        "assignee": draw(st.sampled_from(["", "ada", "agent_bo"])) if kind == "task" else "",
        "goal": draw(st.sampled_from(["", *goals])),
        "createdAt": "2025-03-01T10:00:00.000Z",
    }
    below = draw(st.sampled_from(["", "parent", "dependsOn"])) if before else ""
    if below:
        other = draw(st.sampled_from(before))
        found |= {"parent": other} if below == "parent" else {"dependsOn": [other]}
    if status in ("done", "completed"):
        found["completedAt"] = "2025-11-01T10:00:00.000Z"
    return {key: value for key, value in found.items() if value not in ("", [])}


@few
@given(plans())
def test_lines_and_tables_come_back_as_they_were_and_calendars_have_what_is_due(
    api: Api, plan: list[dict[str, Any]]
) -> None:
    prefix = f"x{uuid4().hex}"
    content = "".join(json.dumps({"switchyard": renamed(each, prefix)}) + "\n" for each in plan)
    told, counts = imported(api, "switchyard", content, "")
    assert counts == {"created": len(plan)}, told.problems
    given = {each["name"]: each for each in plan}
    # A goal that is open follows its tasks.
    open_goals = {each["name"] for each in plan if each["status"] == "not_started"}
    assert exported_lines(api, prefix, open_goals) == {name: without(given[name], open_goals) for name in given}
    table = exported(api, "csv", prefix)
    assert imported(api, "switchyard", table.replace(prefix, prefix[::-1]), "")[1] == {"created": len(plan)}
    assert exported_lines(api, prefix[::-1], open_goals) == exported_lines(api, prefix, open_goals)
    entries = exported(api, "ics", prefix).replace("\r\n ", "").split("BEGIN:VEVENT")[1:]
    due = [each for each in plan if each.get("due") and each["status"] not in ("done", "completed", "cancelled")]
    assert len(entries) == len(due)
    for each in due:
        uid = f"UID:{prefix}{escaped(each['name'])}@switchyard"
        (entry,) = [found for found in entries if uid in found]
        assert f"DTSTART;VALUE=DATE:{each['due'].replace('-', '')}\r\n" in entry
        assert f"SUMMARY:{escaped(each['title'])}\r\n" in entry


def renamed(track: dict[str, Any], prefix: str) -> dict[str, Any]:
    names = {key: prefix + track[key] for key in ("name", "parent", "goal") if key in track}
    return track | names | {"dependsOn": [prefix + each for each in track.get("dependsOn", ())]}


def exported_lines(api: Api, prefix: str, open_goals: set[str]) -> dict[str, Any]:
    found = [json.loads(each)["switchyard"] for each in exported(api, "jsonl", prefix).replace(prefix, "").splitlines()]
    return {each["name"]: without(each, open_goals) for each in found}


def without(track: dict[str, Any], open_goals: set[str]) -> dict[str, Any]:
    return {key: value for key, value in track.items() if key != "status" or track["name"] not in open_goals}


def escaped(text: str) -> str:
    for each in "\\;,":
        text = text.replace(each, f"\\{each}")
    return text.replace("\n", "\\n")


@st.composite
def chains(draw: st.DrawFn) -> list[tuple[str, list[int]]]:
    """Titles, each with the places of what it depends on."""
    count = draw(st.integers(1, 4))
    return [
        (f"Step {n} of it", draw(st.lists(st.sampled_from(range(n)), unique=True)) if n else []) for n in range(count)
    ]


def taskmaster(steps: list[tuple[str, list[int]]]) -> str:
    tasks = [
        {"id": n, "title": name, "description": "", "status": "pending", "dependencies": after, "subtasks": []}
        for n, (name, after) in enumerate(steps)
    ]
    return json.dumps({"master": {"tasks": tasks}})


def taskwarrior(steps: list[tuple[str, list[int]]]) -> str:
    ids = [f"00000000-0000-4000-8000-{n:012d}" for n in range(len(steps))]
    made = [
        {"uuid": ids[n], "description": name, "status": "pending", "entry": "20250301T100000Z"}
        | ({"depends": [ids[each] for each in after]} if after else {})
        for n, (name, after) in enumerate(steps)
    ]
    return json.dumps(made)


def linear(steps: list[tuple[str, list[int]]]) -> str:
    lines = [f'L-{n},T,{name},Todo,"{", ".join(f"L-{m}" for m in after)}"' for n, (name, after) in enumerate(steps)]
    return "\n".join(["ID,Team,Title,Status,Blocked by", *lines])


def table(steps: list[tuple[str, list[int]]]) -> str:
    lines = [f'{n},{name},"{", ".join(map(str, after))}"' for n, (name, after) in enumerate(steps)]
    return "\n".join(["id,title,depends", *lines])


@pytest.mark.parametrize(
    ("kind", "written"),
    [("taskmaster", taskmaster), ("taskwarrior", taskwarrior), ("linear", linear), ("csv", table)],
)
@settings(few, max_examples=4)
@given(steps=chains())
def test_titles_and_dependencies_of_other_systems_are_in_every_export(
    api: Api, kind: str, written: Any, steps: list[tuple[str, list[int]]]
) -> None:
    prefix = f"{kind}{uuid4().hex}"
    imported(api, kind, written(steps), prefix)
    wanted = {name: {steps[each][0] for each in after} for name, after in steps}
    lines_found = [json.loads(each)["switchyard"] for each in exported(api, "jsonl", prefix).splitlines()]
    rows = [
        {"name": each["id"], "title": each["title"], "dependsOn": [d for d in each["depends"].split("; ") if d]}
        for each in csv.DictReader(io.StringIO(exported(api, "csv", prefix)))
    ]
    issues_found = [
        {"name": each["id"], "title": each["title"], "dependsOn": [d["depends_on_id"] for d in blocks(each)]}
        for each in map(json.loads, exported(api, "beads", prefix).splitlines())
    ]
    for found in (lines_found, rows, issues_found):
        names = {each["name"]: each["title"] for each in found}
        shown = {each["title"]: {names[name] for name in each.get("dependsOn", ())} for each in found}
        assert {name: shown[name] for name in wanted} == wanted


def blocks(issue: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in issue.get("dependencies", ()) if each["type"] == "blocks"]


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
