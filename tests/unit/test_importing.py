"""Plans of other systems: how each format is read, what is wrong with a file or a plan, and the order of the rest."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard_client.cli.failures import Exit
from switchyard_client.cli.imports import FORMATS
from switchyard_client.cli.main import main
from switchyard_client.errors import Refused
from switchyard_client.importing import sections, sources
from switchyard_client.importing.drafts import draft, instant
from switchyard_client.importing.formats import formats
from switchyard_client.importing.memory import Memory
from switchyard_client.importing.plan import Plan, references
from switchyard_client.importing.records import ID_MAX, METADATA_MAX, Item, external_id
from switchyard_client.importing.sources import Source, WrongFile, kind_of
from switchyard_client.importing.upload import Outcome, Upload


def written(folder: Path, text: str | bytes, name: str = "plan") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def planned(folder: Path, kind: str, text: str | bytes, mapping: dict[str, str] | None = None) -> Plan:
    """Read a text as a format and settle it."""
    source, plan = Source(written(folder, text)), Plan()
    plan.take(formats(mapping or {})[kind].read(source), source.adopted)
    plan.problems += source.problems
    plan.settle()
    return plan


def of(items: Iterable[Item]) -> Plan:
    plan = Plan()
    plan.take(items, {})
    plan.settle()
    return plan


def lines(*objects: Any) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def edge(of_: str, on: str, kind: str = "blocks") -> dict[str, str]:
    return {"issue_id": of_, "depends_on_id": on, "type": kind}


def bead(name: str, *edges: dict[str, str], **more: Any) -> dict[str, Any]:
    found = {"id": name, "title": name.upper(), "status": "open", "priority": 2, "issue_type": "task", **more}
    return found | ({"dependencies": list(edges)} if edges else {})


def told(plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.kind, each.names) for each in plan.problems]


def by_title(plan: Plan) -> dict[str, Item]:
    return {item.title: item for item in map(plan.item, plan.nodes.values())}


# ---------------------------------------------------------------- formats


def test_the_parser_and_the_registry_know_the_same_formats() -> None:
    assert set(FORMATS) == set(formats({}))


def test_beads_with_epics_and_every_kind_of_edge(tmp_path: Path) -> None:
    text = lines(
        bead("b", edge("b", "a"), edge("b", "e", "parent-child"), edge("b", "a", "discovered-from"), design="How."),
        bead("a", status="closed", closed_at="2025-03-02T10:00:00Z", created_at="2025-03-01T10:00:00Z", priority=0),
        bead("e", issue_type="epic"),
        bead("f", edge("f", "e"), issue_type="epic"),
        bead("c", edge("c", "a", "waits-for"), edge("c", "b", "related"), status="deferred"),
        bead("gone", status="tombstone"),
    )
    plan = planned(tmp_path, "beads", text)
    b, a, c = (plan.nodes[each] for each in "bac")
    assert (b.depends_on, b.goal, b.parent) == (["a"], "e", None)
    assert c.depends_on == ["a"]
    assert (plan.nodes["e"].kind, plan.nodes["f"].kind, plan.nodes["f"].depends_on) == ("goal", "goal", ["e"])
    assert (plan.item(a).status, plan.item(a).priority, plan.item(c).status) == ("done", "urgent", "backlog")
    assert plan.item(b).description == "\n\n## Design\n\nHow."
    assert len(plan.item(b).metadata["beads"]["dependencies"]) == 3
    assert told(plan) == [("deleted", ("gone",))]


def test_an_epic_that_tasks_wait_for_becomes_a_task_and_no_edge_is_lost(tmp_path: Path) -> None:
    text = lines(
        bead("top", issue_type="epic"),
        bead("e", edge("e", "top", "parent-child"), issue_type="epic"),
        bead("below", edge("below", "e", "parent-child"), issue_type="epic"),
        bead("beside", edge("beside", "e"), issue_type="epic"),
        bead("x", edge("x", "e")),
        bead("y", edge("y", "below", "parent-child")),
    )
    plan = planned(tmp_path, "beads", text)
    kinds = {name: node.kind for name, node in plan.nodes.items()}
    assert kinds == {"top": "goal", "e": "task", "below": "task", "beside": "task", "x": "task", "y": "task"}
    assert (plan.nodes["e"].goal, plan.nodes["below"].parent, plan.nodes["y"].parent) == ("top", "e", "below")
    assert plan.nodes["x"].depends_on == plan.nodes["beside"].depends_on == ["e"]
    assert {each.kind for each in plan.problems} == {"converted"}
    assert not any(each.loses for each in plan.problems)


def test_task_master_with_tags_and_subtasks(tmp_path: Path) -> None:
    subtasks = [{"id": 1, "title": "One"}, {"id": 2, "title": "Two", "dependencies": [1, "1.1", 5]}]
    tasks = [
        {"id": 1, "title": "First", "status": "done", "details": "All.", "testStrategy": "Try.", "priority": "high"},
        {"id": 2, "title": "Second", "status": "in-progress", "dependencies": [1], "subtasks": subtasks},
    ]
    plan = planned(tmp_path, "taskmaster", json.dumps({"master": {"tasks": tasks}, "later": {"tasks": [tasks[0]]}}))
    two = plan.nodes["master.2.2"]
    assert two.depends_on == ["master.2.1", "master.1.1"] or two.depends_on == ["master.2.1"]
    assert (two.parent, two.goal) == ("master.2", "master")
    assert plan.nodes["master.2"].depends_on == ["master.1"]
    assert plan.item(plan.nodes["master.1"]).description == "\n\n## Details\n\nAll.\n\n## Test strategy\n\nTry."
    assert plan.nodes["later.1"].goal == "later"
    assert ("dangling", ("master.2.2", "master.2.5")) in told(plan)
    single = planned(tmp_path, "taskmaster", json.dumps({"tasks": tasks}))
    assert single.nodes.keys() == {"master", "master.1", "master.2", "master.2.1", "master.2.2"}


URL = "https://github.com/acme/web/issues/"


def test_github_of_the_api_and_of_gh_are_the_same_plan(tmp_path: Path) -> None:
    api = [
        {
            "number": 2,
            "html_url": URL + "2",
            "title": "Two",
            "state": "closed",
            "state_reason": "completed",
            "created_at": "2025-01-01T00:00:00Z",
            "closed_at": "2025-01-02T00:00:00Z",
            "labels": [{"name": "P1"}],
            "assignees": [{"login": "ada"}],
            "milestone": {"title": "v1", "state": "open", "due_on": "2025-06-01T00:00:00Z"},
        },
        {"number": 3, "html_url": URL + "3", "title": "A pull request", "pull_request": {}, "state": "open"},
        {"number": 1, "html_url": URL + "1", "title": "One", "state": "open", "sub_issues": [{"number": 2}]},
    ]
    gh = [
        {
            "number": 2,
            "url": URL + "2",
            "title": "Two",
            "state": "CLOSED",
            "stateReason": "COMPLETED",
            "createdAt": "2025-01-01T00:00:00Z",
            "closedAt": "2025-01-02T00:00:00Z",
            "labels": [{"name": "P1"}],
            "assignees": [{"login": "ada"}],
            "milestone": {"title": "v1", "dueOn": "2025-06-01T00:00:00Z"},
            "parent": {"number": 1, "url": URL + "1"},
        },
        {"number": 1, "url": URL + "1", "title": "One", "state": "OPEN"},
    ]
    plans = [planned(tmp_path, "github", json.dumps(each)) for each in (api, [gh[:1], gh[1:]], gh)]
    for plan in plans:
        assert plan.nodes.keys() == {"acme/web#1", "acme/web#2", "acme/web milestone v1"}
        two = plan.item(plan.nodes["acme/web#2"])
        assert (two.status, two.priority, two.assignee) == ("done", "high", "ada")
        assert (two.parent, two.goal, two.completed) == ("acme/web#1", "acme/web milestone v1", "2025-01-02T00:00:00Z")


def test_taskwarrior_projects_are_goals_within_goals(tmp_path: Path) -> None:
    first = {
        "uuid": "u-1",
        "description": "Buy",
        "status": "pending",
        "project": "home.shop",
        "entry": "20250301T100000Z",
    }
    second = {"uuid": "u-2", "description": "Cook", "status": "completed", "depends": "u-1", "end": "20250302T100000Z"}
    plan = planned(tmp_path, "taskwarrior", lines(first, {**second, "priority": "H"}))
    assert plan.nodes["u-2"].depends_on == ["u-1"]
    assert plan.nodes["u-1"].goal == "project home.shop"
    assert plan.nodes["project home.shop"].parent == "project home"
    assert plan.item(plan.nodes["u-2"]).priority == "high"
    assert planned(tmp_path, "taskwarrior", json.dumps([first, second])).nodes.keys() == plan.nodes.keys()


def test_todoist_sections_and_indents(tmp_path: Path) -> None:
    text = (
        "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\n"
        "section,Kitchen,,,,,,,,\n"
        "task,Clean @home,All of it,1,1,Ada (1),Bo (2),2026-12-01,en,\n"
        "task,Oven,,4,2,,,every day,en,\n"
        "note,Use gloves,,,,,,,,\n"
        "task,Oven,,4,2,,,,,\n"
    )
    plan = planned(tmp_path, "todoist", text)
    assert len(plan.nodes) == 4
    clean = by_title(plan)["Clean @home"]
    assert (clean.priority, clean.assignee, clean.due, clean.goal) == ("urgent", "Bo", "2026-12-01", "section Kitchen")
    ovens = [item for item in map(plan.item, plan.nodes.values()) if item.title == "Oven"]
    assert [each.parent for each in ovens] == [clean.name] * 2
    assert ovens[0].description == "Use gloves"
    # The same file is the same plan, wherever a row moved.
    assert planned(tmp_path, "todoist", text).nodes.keys() == plan.nodes.keys()


def test_linear_projects_parents_and_blockers(tmp_path: Path) -> None:
    text = (
        '"ID","Team","Title","Description","Status","Priority","Project","Assignee","Labels","Parent issue","Due Date",'
        '"Created","Completed","Blocked by"\n'
        '"ENG-1","Eng","One","Text, with\nlines","Done","Urgent","Web","ada","bug","","",'
        '"Wed Feb 05 2025 10:00:00 GMT+0100 (CET)","2025-02-06T10:00:00.000Z",""\n'
        '"ENG-2","Eng","Two","","In Progress","No priority","Web","","","ENG-1","2026-12-01","","","ENG-1, ENG-3"\n'
    )
    plan = planned(tmp_path, "linear", text)
    one, two = (plan.item(plan.nodes[each]) for each in ("ENG-1", "ENG-2"))
    assert (one.status, one.priority, instant(one.created)) == ("done", "urgent", "2025-02-05T09:00:00.000Z")
    assert (two.parent, two.goal, two.depends_on) == ("ENG-1", "project Web", ["ENG-1"])
    assert told(plan) == [("dangling", ("ENG-2", "ENG-3"))]


def test_markdown_headings_items_and_what_is_below_them(tmp_path: Path) -> None:
    text = (
        "# Plan\n\n## Empty\n\n## Kitchen\n- [ ] Clean\n  by Friday\n    - [x] Oven\n- [-] Paint\n```\n- [ ] no\n```\n"
    )
    plan = planned(tmp_path, "markdown", text)
    items = by_title(plan)
    assert items.keys() == {"Plan", "Kitchen", "Clean", "Oven", "Paint"}
    assert items["Clean"].description == "by Friday"
    assert items["Oven"].parent == items["Clean"].name
    assert (items["Clean"].goal, items["Kitchen"].parent) == (items["Kitchen"].name, items["Plan"].name)
    assert (items["Oven"].status, items["Paint"].status) == ("done", "cancelled")


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_table_is_read_with_what_the_spreadsheet_put_between_its_columns(tmp_path: Path, between: str) -> None:
    lines = (("id", "title", "depends"), ("1", '"One, or; two"', ""), ("2", "Two", "1"))
    plan = planned(tmp_path, "csv", "\ufeff" + "\r\n".join(between.join(each) for each in lines))
    assert plan.item(plan.nodes["1"]).title == "One, or; two"
    assert plan.nodes["2"].depends_on == ["1"]


def test_any_csv_by_its_columns_or_a_mapping(tmp_path: Path) -> None:
    plan = planned(tmp_path, "csv", "Id,Title,Status,Depends,Area\n1,One,done,,x\n2,Two,doing,1,y\n")
    assert (plan.nodes["2"].depends_on, plan.item(plan.nodes["2"]).metadata) == (["1"], {"csv": {"Area": "y"}})
    other = planned(tmp_path, "csv", "Nr,What\n1,One\n", {"id": "Nr", "title": "What"})
    assert by_title(other)["One"].name == "1"
    with pytest.raises(WrongFile, match="--map title=COLUMN"):
        planned(tmp_path, "csv", "Nr,What\n1,One\n")
    with pytest.raises(WrongFile, match="no column Who"):
        planned(tmp_path, "csv", "Nr,What\n1,One\n", {"title": "What", "assignee": "Who"})


# ---------------------------------------------------------------- files


SAMPLES = {
    "beads": lines(bead("a")),
    "taskmaster": json.dumps({"master": {"tasks": []}}),
    "github": json.dumps([{"number": 1, "title": "One"}]),
    "taskwarrior": lines({"uuid": "u", "entry": "20250101T000000Z", "description": "d"}),
    "todoist": "TYPE,CONTENT\ntask,One\n",
    "linear": "ID,Team,Title,Status\nE-1,E,One,Done\n",
    "markdown": "# Plan\n- [ ] One\n",
    "switchyard": lines({"switchyard": {"type": "task", "name": "a", "title": "A"}}),
    "csv": "title,status\nOne,done\n",
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_file_is_known_for_what_it_is(kind: str, tmp_path: Path) -> None:
    assert kind_of(Source(written(tmp_path, SAMPLES[kind]))) == kind
    assert kind_of(Source(written(tmp_path, "\ufeff" + SAMPLES[kind]))) == kind


@pytest.mark.parametrize("kind", [each for each in SAMPLES if each != "csv"])
def test_a_file_of_another_format_is_named(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, SAMPLES["beads" if kind != "beads" else "markdown"])
    assert main(["import", kind, str(path), "--dry-run"]) == Exit.USAGE
    assert ("looks like beads" if kind != "beads" else "looks like Markdown") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"SQLite format 3\x00abc", "SQLite"),
        (b"PK\x03\x04abc", "ZIP"),
        (b"\x1f\x8babc", "gzip"),
        ("abc".encode("utf-16"), "UTF-16"),
        (b"a\x00b", "no text"),
        (b" \n", "empty"),
        (b"Just some words", "no known format"),
    ],
)
def test_what_is_no_plan_is_named(
    content: bytes, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "auto", str(written(tmp_path, content)), "--dry-run"]) == Exit.USAGE
    assert what in capsys.readouterr().err


def test_what_is_half_written_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    cut = lines(bead("a"), bead("b"))[:-20]
    plan = planned(tmp_path, "beads", cut)
    assert (list(plan.nodes), told(plan)) == (["a"], [("unreadable", ("line 2",))])
    array = json.dumps([{"number": n, "title": "T", "html_url": f"{URL}{n}"} for n in (1, 2)])[:-10]
    plan = planned(tmp_path, "github", array)
    assert (list(plan.nodes), told(plan)) == (["acme/web#1"], [("unreadable", ("item 2",))])
    with pytest.raises(WrongFile, match="cut off"):
        planned(tmp_path, "taskmaster", SAMPLES["taskmaster"][:-2])


def test_a_line_of_50_mb_is_left_out_and_never_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "ITEM_MAX", 10_000)
    text = lines(bead("a"), bead("long", description="x" * 50_000), bead("b"))
    plan = planned(tmp_path, "beads", text)
    assert list(plan.nodes) == ["a", "b"]
    assert told(plan) == [("unreadable", ("line 2",))]


def test_odd_bytes_and_deep_json_break_nothing(tmp_path: Path) -> None:
    text = lines(bead("a")).encode() + b'{"id": "\xff\xfe", "title": "odd"}\n' + b"[" * 100_000 + b"\n[1]\n7\n"
    plan = planned(tmp_path, "beads", text)
    assert len(plan.nodes) == 2
    assert [kind for kind, _ in told(plan)] == ["unreadable"] * 3


@pytest.mark.parametrize("array", [False, True])
def test_half_of_a_surrogate_pair_becomes_a_character_that_can_be_sent(tmp_path: Path, array: bool) -> None:
    text = json.dumps({**bead("a"), "title": "\ud800 and \U0001f600", "owner": {"\udfff": ["\ud83d"]}})
    plan = planned(tmp_path, "beads", f"[{text}]" if array else text)
    item = plan.item(plan.nodes["a"])
    assert item.title == "\ufffd and \U0001f600"
    assert json.dumps(item.metadata, ensure_ascii=False).encode()


def test_a_quotation_mark_that_is_never_closed_is_told_and_swallows_nothing_before_it(tmp_path: Path) -> None:
    plan = planned(tmp_path, "csv", 'title,due\nFirst,2026-12-24\n"Second,2026-12-25\nThird,\n')
    assert list(by_title(plan)) == ["First"]
    (problem,) = plan.problems
    assert (problem.kind, problem.loses) == ("unreadable", True)


def test_an_array_is_read_across_the_bounds_of_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_CHUNK", 7)
    issues = [{"number": n, "title": f"T {n} é", "html_url": f"{URL}{n}"} for n in range(1, 30)]
    assert len(planned(tmp_path, "github", json.dumps(issues, indent=1)).nodes) == 29


# ---------------------------------------------------------------- the plan


def test_duplicates_dangling_references_and_cycles_are_named(tmp_path: Path) -> None:
    text = lines(
        bead("a", edge("a", "b")),
        bead("b", edge("b", "c")),
        bead("c", edge("c", "a"), edge("c", "nobody"), edge("c", "c")),
        bead("a"),
    )
    plan = planned(tmp_path, "beads", text)
    assert told(plan) == [
        ("duplicate", ("a",)),
        ("dangling", ("c", "nobody")),
        ("cycle", ("c", "c")),
        ("cycle", ("a", "b", "c", "a")),
    ]
    assert plan.nodes["c"].depends_on == []


def test_a_dry_run_lists_all_of_it_and_asks_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, lines(bead("a", edge("a", "b")), bead("b", edge("b", "a")), bead("c", title="x" * 300)))
    assert main(["import", "beads", str(path), "--dry-run", "--json"]) == Exit.PARTLY
    shown = json.loads(capsys.readouterr().out)
    assert (shown["tasks"], shown["dependencies"]) == (3, 1)
    assert [(each["kind"], each["names"]) for each in shown["problems"]] == [("cycle", ["a", "b", "a"]), ("cut", ["c"])]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (lines(bead("a"), bead("b", edge("b", "a"))), Exit.DONE),
        # Told, but nothing is left out.
        (lines(bead("a"), bead("e", edge("e", "a"), issue_type="epic")), Exit.DONE),
        (lines(bead("a"), bead("b", edge("b", "nobody"))), Exit.PARTLY),
        (lines(bead("a"), [1]), Exit.PARTLY),
    ],
)
def test_a_dry_run_ends_as_the_import_would(text: str, ends: Exit, tmp_path: Path) -> None:
    path = str(written(tmp_path, text))
    assert main(["import", "beads", path, "--dry-run"]) == ends
    assert main(["import", "beads", path, "--dry-run", "--json"]) == ends


NAMES = st.sampled_from("abcdefgh")
ITEMS = st.builds(
    Item,
    name=NAMES,
    title=st.text(max_size=5),
    depends_on=st.lists(NAMES, max_size=4),
    parent=st.none() | NAMES,
    goal=st.none() | NAMES,
    container=st.booleans(),
)


@given(st.lists(ITEMS, max_size=12))
def test_a_settled_plan_is_one_that_the_service_takes(items: list[Item]) -> None:
    plan = of(items)
    kinds = {name: node.kind for name, node in plan.nodes.items()}
    for node in plan.nodes.values():
        assert all(kinds[ref] == node.kind for ref in node.depends_on)
        assert node.parent is None or kinds[node.parent] == node.kind
        assert node.goal is None or (kinds[node.goal], node.kind) == ("goal", "task")
    ordered = [node.name for node in plan.ordered()]
    assert sorted(ordered) == sorted(plan.nodes)
    for edges in ("depends_on", "parent"):
        assert_no_circle(plan, edges)


def assert_no_circle(plan: Plan, edges: str) -> None:
    left = {name: {*(getattr(node, edges) or ())} for name, node in plan.nodes.items()}
    while left:
        free = [name for name, refs in left.items() if not refs & left.keys()]
        assert free, left
        for name in free:
            del left[name]


def test_a_chain_of_ten_thousand_is_ordered() -> None:
    count = 10_000
    items = [Item(str(n), "T", depends_on=[str(n + 1)] if n + 1 < count else []) for n in range(count)]
    ordered = [node.name for node in of(items).ordered()]
    assert ordered == [str(n) for n in reversed(range(count))]


# ---------------------------------------------------------------- drafts


def drafted(item: Item) -> tuple[dict[str, Any], list[str]]:
    plan, said = of([item]), []
    (node,) = plan.nodes.values()
    made = draft(
        plan.item(node), node, lambda name: f"p:{name}", True, lambda kind, does: said.append(f"{kind}: {does}")
    )
    return made, said


def test_what_is_too_long_is_cut_and_told() -> None:
    made, said = drafted(Item("a", "t" * 300, "d" * 30_000, metadata={"beads": {"big": "x" * 40_000, "small": 1}}))
    assert (len(made["title"]), len(made["description"])) == (200, 20_000)
    assert made["description"].startswith("t" * 300)
    assert made["metadata"] == {"beads": {"small": 1}}
    assert len(json.dumps(made["metadata"])) < METADATA_MAX
    assert len(said) == 3


def test_times_that_cannot_be_are_not_sent() -> None:
    made, _ = drafted(
        Item("a", "A", status="done", created="2025-03-02T00:00:00Z", completed="2025-03-01T00:00:00+02:00")
    )
    assert made["createdAt"] == made["completedAt"] == "2025-03-02T00:00:00.000Z"
    assert "createdAt" not in drafted(Item("a", "A", created="2999-01-01"))[0]
    assert "createdAt" not in drafted(Item("a", "A", created="once"))[0]
    assert "completedAt" not in drafted(Item("a", "A", status="todo", completed="2025-03-01"))[0]


@given(st.text(min_size=1, max_size=300))
def test_every_name_makes_an_external_id_that_the_service_takes(name: str) -> None:
    made = external_id("beads", name)
    assert len(made) <= ID_MAX
    assert made.isprintable()


PARTS = st.text(alphabet="ab #\n", max_size=20)


@given(PARTS, st.dictionaries(st.sampled_from(["Design", "Notes"]), PARTS.filter(bool)))
def test_sections_come_apart_as_they_were_put_together(description: str, parts: dict[str, str]) -> None:
    ordered = {name: parts[name] for name in ("Design", "Notes") if name in parts}
    assert sections.split(sections.join(description, ordered), ["Design", "Notes"]) == (description, ordered)


# ---------------------------------------------------------------- requests


class Fake:
    """A service that takes drafts as the real one does: all or none, 100 rows, references that are there."""

    def __init__(self, refuse: frozenset[str] = frozenset()) -> None:
        self.there: dict[str, dict[str, Any]] = {}
        self.requests: list[int] = []
        self.refuse = refuse

    def __call__(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        drafts = body["updateDrafts"]
        inside = {each["externalId"] for each in drafts}
        refs = {ref for each in drafts for ref in self.refs(each)}
        new = inside - self.there.keys()
        if refs - inside - self.there.keys() or inside & self.refuse:
            raise Refused(422, "no", {"errors": [{"field": "f", "reason": "because"}]})
        if 2 * len(new) + len(refs - inside) + 1 > 100:
            raise Refused(400, "too many")
        self.requests.append(len(drafts))
        results = []
        for each in drafts:
            before = self.there.get(each["externalId"])
            fields = {name: value for name, value in each.items() if name not in ("task", "goal")}
            after = {**(before or {}), **fields, "own": {**((before or {}).get("own") or {}), **self.own(each)}}
            outcome = "created" if before is None else "unchanged" if after == before else "updated"
            self.there[each["externalId"]] = after
            results.append({"outcome": outcome})
        return results

    @staticmethod
    def own(draft: dict[str, Any]) -> dict[str, Any]:
        return draft.get("task") or draft.get("goal") or {}

    def refs(self, draft: dict[str, Any]) -> set[str]:
        own = self.own(draft)
        return {each for each in (*own.get("dependsOn", ()), own.get("parentId"), own.get("goalId")) if each}


def uploaded(plan: Plan, service: Fake, memory: Memory | None = None) -> dict[str, int]:
    outcome = Outcome(len(plan.nodes))
    Upload(plan, service, "p", {"type": "personal"}, True, outcome, memory).run()
    return {word: count for word, count in outcome.counts.items() if count}


def many(count: int) -> list[Item]:
    return [
        Item(
            f"i{n}",
            f"Item {n}",
            depends_on=[f"i{n - back}" for back in (1, 7, 40) if n >= back],
            goal="g" if n % 3 else None,
        )
        for n in range(count)
    ] + [Item("g", "Goal", container=True)]


def test_a_plan_of_any_size_goes_in_by_requests_that_are_taken_at_once() -> None:
    service = Fake()
    assert uploaded(of(many(500)), service) == {"created": 501}
    assert sum(service.requests) == 501
    assert min(service.requests[:-1]) > 15


def test_importing_again_changes_nothing_and_a_change_alone() -> None:
    service = Fake()
    uploaded(of(many(100)), service)
    assert uploaded(of(many(100)), service) == {"unchanged": 101}
    changed = many(100)
    changed[3].title = "Other"
    assert uploaded(of(changed), service) == {"unchanged": 100, "updated": 1}


def test_what_refers_to_each_other_across_requests_gets_its_references_afterwards() -> None:
    items = [Item("p", "Parent", depends_on=[f"c{n}" for n in range(50)])]
    items += [Item(f"c{n}", f"Child {n}", parent="p") for n in range(50)]
    service = Fake()
    assert uploaded(of(items), service) == {"created": 51}
    assert all(service.there[f"p:c{n}"]["own"]["parentId"] == "p:p" for n in range(50))
    assert len(service.there["p:p"]["own"]["dependsOn"]) == 50
    again = {name: dict(each) for name, each in service.there.items()}
    assert uploaded(of(items), service) == {"unchanged": 51}
    assert service.there == again


def test_one_that_is_refused_holds_up_nothing_but_itself() -> None:
    service = Fake(frozenset({"p:i5"}))
    plan = of(many(60))
    assert uploaded(plan, service) == {"created": 60, "refused": 1}
    assert ("refused", ("i5",)) in told(plan)
    assert ("dangling", ("i6", "i5")) in told(plan)
    assert service.there["p:i6"]["own"]["dependsOn"] == []
    assert "because" in next(each.does for each in plan.problems if each.kind == "refused")


def test_a_service_that_goes_away_ends_the_import_and_the_next_one_goes_on() -> None:
    class Leaving(Fake):
        def __call__(self, body: dict[str, Any]) -> list[dict[str, Any]]:
            if len(self.requests) == 3:
                raise Refused(403, "another token")
            return super().__call__(body)

    service = Leaving()
    with pytest.raises(Refused):
        uploaded(of(many(200)), service)
    taken = len(service.there)
    assert 0 < taken < 201
    service.requests.append(0)
    assert uploaded(of(many(200)), service) == {"unchanged": taken, "created": 201 - taken}


def test_references_come_before_what_refers_to_them() -> None:
    plan, before = of(many(100)), set[str]()
    for node in plan.ordered():
        assert set(references(node)) <= before
        before.add(node.name)


# ---------------------------------------------------------------- what was sent before


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    made = Memory(tmp_path / "imports.sqlite3", "here")
    yield made
    made.close()


def test_what_has_not_changed_at_the_source_is_not_sent(memory: Memory) -> None:
    service = Fake()
    assert uploaded(of(many(100)), service, memory) == {"created": 101}
    service.requests.clear()
    assert uploaded(of(many(100)), service, memory) == {"unchanged": 101}
    assert service.requests == []


def test_what_was_done_here_stays_when_something_else_changes_at_the_source(memory: Memory) -> None:
    service = Fake()
    uploaded(of([Item("a", "A", status="todo"), Item("b", "B", status="todo")]), service, memory)
    service.there["p:a"]["own"]["status"] = "done"
    assert uploaded(of([Item("a", "Other", status="todo"), Item("b", "B", status="todo")]), service, memory) == {
        "updated": 1,
        "unchanged": 1,
    }
    assert (service.there["p:a"]["title"], service.there["p:a"]["own"]["status"]) == ("Other", "done")


def test_what_was_deleted_here_and_changes_at_the_source_comes_whole(memory: Memory) -> None:
    class Strict(Fake):
        def __call__(self, body: dict[str, Any]) -> list[dict[str, Any]]:
            if any("title" not in each and each["externalId"] not in self.there for each in body["updateDrafts"]):
                raise Refused(400, "title is required")
            return super().__call__(body)

    service = Strict()
    uploaded(of([Item("a", "A")]), service, memory)
    del service.there["p:a"]
    assert uploaded(of([Item("a", "A", priority="high")]), service, memory) == {"created": 1}
    assert service.there["p:a"]["title"] == "A"


def test_late_references_are_remembered_as_they_came_to_be(memory: Memory) -> None:
    items = [Item("p", "Parent", depends_on=[f"c{n}" for n in range(50)])]
    items += [Item(f"c{n}", f"Child {n}", parent="p") for n in range(50)]
    service = Fake()
    assert uploaded(of(items), service, memory) == {"created": 51}
    service.requests.clear()
    assert uploaded(of(items), service, memory) == {"unchanged": 51}
    assert service.requests == []


def test_workspaces_are_remembered_apart(tmp_path: Path, memory: Memory) -> None:
    uploaded(of([Item("a", "A")]), Fake(), memory)
    other = Memory(tmp_path / "imports.sqlite3", "there")
    assert uploaded(of([Item("a", "A")]), Fake(), other) == {"created": 1}
    other.close()
    memory.forget()
    assert uploaded(of([Item("a", "A")]), Fake(), memory) == {"created": 1}


def test_an_open_container_follows_its_tasks_and_a_closed_one_is_closed() -> None:
    assert "status" not in drafted(Item("a", "A", status="in_progress", container=True))[0]["goal"]
    assert drafted(Item("a", "A", status="done", container=True))[0]["goal"]["status"] == "completed"
