"""Lists of a project's tasks: pages, counts, filters, summaries, repositories (contract: projects.md §1, §4)."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from switchyard.domain.ids import dashed, new_id
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.store import homes, keys, lists
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.projects import a_run, a_task, a_tenant, many_tasks
from tests.support.stream import Stream

TASKS = "/api/projects/1/tasks/"


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box", "Other")[0]


def id_at(block: int, number: int) -> str:
    """Return a task's id that lies in a block of time, at a place in it."""
    return dashed(f"{0x01981F + block:06x}{number:06x}7000800000000000{number:04x}")


def page(api: Api, query: str = "") -> Any:
    answer = api.get(f"{TASKS}?{query}")
    assert answer.status == 200, answer.text
    return answer.json


def follow(api: Api, url: str | None) -> Any:
    assert url is not None
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "api.test", TASKS)
    answer = api.get(f"{parts.path}?{parts.query}")
    assert answer.status == 200, answer.text
    return answer.json


def ids(found: Any) -> list[str]:
    return [each["id"] for each in found["results"]]


def titles(found: Any) -> list[str]:
    return [each["title"] for each in found["results"]]


def some(table: Table, project: Project, count: int, blocks: int = 1) -> list[str]:
    """Write tasks, spread over blocks of time; returns their ids as a list shows them, newest first."""
    places = [id_at(each * blocks // count, each) for each in range(count)]
    many_tasks(table, project, places)
    return places[::-1]


# ---------------------------------------------------------------- pages


def test_a_list_is_newest_first_and_an_empty_one_says_so(api: Api, table: Table, project: Project) -> None:
    assert page(api) == {"count": 0, "count_is_minimum": False, "next": None, "previous": None, "results": []}
    made = some(table, project, 3)
    found = page(api)
    assert (ids(found), found["count"], found["next"], found["previous"]) == (made, 3, None, None)


def test_links_lead_through_all_pages_and_back(api: Api, table: Table, project: Project, stream: Stream) -> None:
    made = some(table, project, 10)
    stream.settle()
    first = page(api, "limit=4&archived=false")
    second = follow(api, first["next"])
    third = follow(api, second["next"])
    assert [ids(each) for each in (first, second, third)] == [made[:4], made[4:8], made[8:]]
    assert third["next"] is None
    assert [each["count"] for each in (first, second, third)] == [10, 10, 10]
    back = follow(api, third["previous"])
    assert (ids(back), back["count"]) == (made[4:8], 10)
    assert ids(follow(api, back["next"])) == made[8:]
    top = follow(api, back["previous"])
    assert (ids(top), top["previous"]) == (made[:4], None)
    query = parse_qs(urlsplit(first["next"]).query)
    assert (query["limit"], query["offset"], query["archived"]) == (["4"], ["4"], ["false"])


def test_a_page_back_that_is_not_the_first_begins_where_the_next_one_ends(
    api: Api, table: Table, project: Project
) -> None:
    made = some(table, project, 10)
    found = page(api, "limit=2&offset=8")
    for at in (6, 4, 2, 0):
        found = follow(api, found["previous"])
        assert ids(found) == made[at : at + 2]
    assert found["previous"] is None


@pytest.mark.parametrize("blocks", [1, 5])
@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("offset", [0, 1, 5, 11, 12, 40])
def test_an_offset_begins_at_that_row_whatever_is_counted(
    api: Api, table: Table, project: Project, stream: Stream, blocks: int, settled: bool, offset: int
) -> None:
    made = some(table, project, 12, blocks)
    if settled:
        stream.settle()
    found = page(api, f"limit=3&offset={offset}")
    assert ids(found) == made[offset : offset + 3]
    assert (found["next"] is not None) is (offset + 3 < 12)
    assert (found["previous"] is not None) is (offset > 0)
    if settled or offset >= 9:
        assert found["count"] == 12


def test_an_offset_beside_a_position_counts_on_from_there(api: Api, table: Table, project: Project) -> None:
    made = some(table, project, 12)
    query = urlsplit(page(api, "limit=3")["next"]).query
    assert ids(page(api, query.replace("offset=3", "offset=7"))) == made[7:10]
    # and one before it is looked up
    assert ids(page(api, query.replace("offset=3", "offset=1"))) == made[1:4]


@pytest.mark.parametrize("position", ["nonsense", "%00", "a" * 40])
def test_a_position_of_another_list_is_of_no_use_and_no_error(
    api: Api, table: Table, project: Project, position: str
) -> None:
    made = some(table, project, 5)
    assert ids(page(api, f"limit=2&offset=2&position={position}")) == made[2:4]
    foreign = parse_qs(urlsplit(page(api, "limit=2&archived=all")["next"]).query)["position"][0]
    assert ids(page(api, f"limit=2&offset=3&position={foreign}")) == made[3:5]


def test_a_limit_above_a_hundred_is_a_hundred(api: Api, table: Table, project: Project) -> None:
    made = some(table, project, 103)
    found = page(api, "limit=500")
    assert ids(found) == made[:100]
    assert ids(follow(api, found["next"])) == made[100:]
    assert len(ids(page(api))) == 50
    assert len(ids(page(api, "limit=zero&offset=-3"))) == 50


def test_numbers_of_any_length_are_numbers(api: Api, table: Table, project: Project) -> None:
    made = some(table, project, 53)
    assert ids(page(api, f"limit={'9' * 5_000}")) == made
    assert ids(page(api, f"limit={'0' * 30}2&offset={'0' * 30}1")) == made[1:3]
    beyond = page(api, f"offset={'9' * 30}")
    assert (ids(beyond), beyond["next"], beyond["previous"] is not None) == ([], None, True)


def test_large_runs_end_a_page_early_and_nothing_is_lost(api: Api, table: Table, project: Project) -> None:
    made = [a_task(table, project, f"Task {each}") for each in range(4)]
    for each in made:
        a_run(table, each, output="x" * 90_000, state={"long": "x" * 60_000})
    found, link = [], f"{TASKS}?limit=4"
    while link:
        page = api.get(link).json
        assert len(page["results"]) == 1
        assert page["results"][0]["latest_run"]["output"]
        found += [each["id"] for each in page["results"]]
        link = (page["next"] or "").removeprefix("https://api.test")
    assert found == [each.id for each in reversed(made)]


def test_long_texts_end_a_page_early_and_nothing_is_lost(api: Api, table: Table, project: Project) -> None:
    made = [a_task(table, project, f"{each}", description="x" * 20_000).id for each in range(30)][::-1]
    found, seen = page(api, "limit=30"), []
    assert len(ids(found)) < 30
    while True:
        seen += ids(found)
        if found["next"] is None:
            break
        found = follow(api, found["next"])
    assert seen == made


def test_a_page_is_one_query_a_realm_and_its_latest_runs_one_read(
    api: Api, table: Table, project: Project, stream: Stream
) -> None:
    some(table, project, 30)
    for each in range(3):
        a_run(table, a_task(table, project, f"Running {each}"))
    stream.settle()
    link = page(api, "limit=10")["next"]
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    page(api, "limit=10")
    # two queries and the counts in parallel, then the runs
    assert sorted(calls) == ["batch_get_item", "batch_get_item", "query", "query"]
    calls.clear()
    follow(api, link)
    assert sorted(calls) == ["batch_get_item", "query", "query"]


# ---------------------------------------------------------------- who sees what


def test_a_list_has_the_projects_shared_tasks_and_the_callers_own(
    api: Api, caller: Caller, table: Table, project: Project, stream: Stream
) -> None:
    a_task(table, project, "Shared")
    a_task(table, project, "Ada's", owner="user_ada")
    a_task(table, project, "Bob's", owner="user_bob", by="user_bob")
    a_task(table, project, "Elsewhere", project_ids=("docs", project.id))
    a_task(table, project, "A goal", kind="goal")
    api.delete(TASKS + a_task(table, project, "Gone").id)
    stream.settle()
    assert titles(page(api)) == ["Ada's", "Shared"]
    assert titles(page(caller("user_bob"))) == ["Bob's", "Shared"]
    assert page(api, "limit=1")["count"] == 2
    assert page(caller("user_eve"), "limit=1")["count"] == 1


def test_archived_tasks_are_hidden_unless_asked_for(api: Api, project: Project, stream: Stream) -> None:
    api.post(TASKS, {"title": "Live"})
    old = api.post(TASKS, {"title": "Old"}).json
    api.patch(TASKS + old["id"], {"archived": True})
    stream.settle()
    shown = {given: titles(page(api, given)) for given in ("", "archived=false", "archived=true", "archived=all")}
    assert shown == {
        "": ["Live"],
        "archived=false": ["Live"],
        "archived=true": ["Old"],
        "archived=all": ["Old", "Live"],
    }
    assert page(api, "archived=all&limit=1")["count"] == 2
    answer = api.get(f"{TASKS}?archived=maybe")
    assert (answer.status, answer.json["code"], answer.json["attr"]) == (400, "invalid_choice", "archived")


def test_internal_tasks_are_for_administrators_who_ask_for_them(api: Api, caller: Caller, project: Project) -> None:
    api.post(TASKS, {"title": "Public"})
    hidden = api.post(TASKS, {"title": "Hidden", "internal": True}).json
    assert titles(page(api)) == ["Public"]
    assert titles(page(api, "internal=true")) == ["Hidden"]
    member = caller("user_bob", scopes=["tasks:read"])
    assert titles(page(member, "internal=true")) == ["Public"]
    assert member.get(TASKS + hidden["id"]).status == 200


# ---------------------------------------------------------------- filters


@pytest.fixture
def mixed(api: Api, table: Table, project: Project) -> dict[str, Any]:
    fields: dict[str, dict[str, Any]] = {
        "web": {"repository": "acme/web", "origin_product": "slack", "description": "The Login page"},
        "api": {"repository": "acme/api", "origin_product": "user_created"},
        "other": {"repository": "acme-labs/web", "origin_product": "user_created"},
        "plain": {},
    }
    return {title: api.post(TASKS, {"title": title, **more}).json for title, more in fields.items()}


FILTERS = [
    ("origin_product=user_created", ["other", "api"]),
    ("origin_product=unheard_of", []),
    ("organization=Acme", ["api", "web"]),
    ("organization=%20acme%20", ["api", "web"]),
    ("organization=acm", []),
    ("repository=acme/WEB", ["web"]),
    ("repository=web", ["other", "web"]),
    ("repository=eb", []),
    ("search=login", ["web"]),
    ("search=LOGIN%20Page", ["web"]),
    ("search=plai", ["plain"]),
    ("search=%20", ["plain", "other", "api", "web"]),
    ("search=BUI-2", ["other"]),
    ("search=2", ["other"]),
    ("organization=acme&repository=web", ["web"]),
    ("organization=acme&origin_product=user_created&search=api", ["api"]),
    ("stray=1&channel=x", ["plain", "other", "api", "web"]),
]


@pytest.mark.parametrize(("query", "wanted"), FILTERS)
def test_filters_keep_what_fits(api: Api, mixed: dict[str, Any], query: str, wanted: list[str]) -> None:
    found = page(api, query)
    assert (titles(found), found["count"], found["count_is_minimum"]) == (wanted, len(wanted), False)


def test_stage_and_status_are_those_of_the_runs(api: Api, table: Table, project: Project) -> None:
    a_task(table, project, "Idle")
    a_run(table, a_task(table, project, "Queued"))
    a_task(table, project, "Planned", stages=("plan", "build"))
    assert titles(page(api, "status=queued")) == ["Queued"]
    assert titles(page(api, "status=failed")) == []
    assert titles(page(api, "stage=build")) == ["Planned"]
    assert titles(page(api, "stage=buil")) == []


def test_created_by_is_the_number_of_the_creator(api: Api, table: Table, project: Project) -> None:
    a_task(table, project, "Mine", number=7)
    a_task(table, project, "Nobody's")
    assert titles(page(api, "created_by=7")) == ["Mine"]
    assert titles(page(api, "created_by=8")) == []


@pytest.mark.parametrize(
    ("query", "attr", "code"),
    [
        ("status=done", "status", "invalid_choice"),
        ("created_by=me", "created_by", "invalid_input"),
        ("internal=perhaps", "internal", "invalid_input"),
        (f"search={'x' * 256}", "search", "max_length"),
    ],
)
def test_a_filter_that_can_not_be_is_refused(api: Api, project: Project, query: str, attr: str, code: str) -> None:
    answer = api.get(f"{TASKS}?{query}")
    assert (answer.status, answer.json["attr"], answer.json["code"]) == (400, attr, code)


def test_a_filtered_page_with_a_next_one_has_a_minimum_count(api: Api, table: Table, project: Project) -> None:
    made = [a_task(table, project, "Find me" if each % 3 == 0 else "Other").id for each in range(30)][::-1]
    wanted = [each for at, each in enumerate(reversed(made)) if at % 3 == 0][::-1]
    found = page(api, "search=find&limit=4")
    assert (ids(found), found["count"], found["count_is_minimum"]) == (wanted[:4], 5, True)
    found = follow(api, found["next"])
    assert ids(found) == wanted[4:8]
    found = follow(api, found["next"])
    assert (ids(found), found["count"], found["count_is_minimum"], found["next"]) == (wanted[8:], 10, False, None)
    assert ids(follow(api, found["previous"])) == wanted[4:8]
    assert ids(page(api, "search=find&limit=4&offset=5")) == wanted[5:9]


def test_a_filtered_page_examines_a_bounded_number_of_rows(
    api: Api, table: Table, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "EXAMINE_MAX", 20)
    needle = a_task(table, project, "Needle").id
    for _ in range(50):
        a_task(table, project, "Hay")
    found = page(api, "search=needle&limit=5")
    assert (ids(found), found["count_is_minimum"]) == ([], True)
    pages = 1
    while not ids(found):
        found = follow(api, found["next"])
        pages += 1
    assert (ids(found), found["count"], found["count_is_minimum"]) == ([needle], 1, False)
    assert pages == 3


def test_an_offset_into_a_filtered_list_is_kept_until_it_is_reached(
    api: Api, table: Table, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "EXAMINE_MAX", 20)
    made = [a_task(table, project, "Find" if each % 5 == 0 else "Hay").id for each in range(60)]
    wanted = made[::5][::-1]
    found = page(api, "search=find&limit=2&offset=7")
    while not ids(found):
        assert "offset=7" in found["next"]
        found = follow(api, found["next"])
    assert ids(found) == wanted[7:9]


# ---------------------------------------------------------------- counts


def counted(table: Table, project: Project, shelf: str = "open") -> tuple[int, list[int]]:
    home = keys.home(project.tenant_id, project.id, shelf)
    return homes.total(table, [home]), [count for _, count in homes.blocks(table, [home])]


def test_counts_follow_creation_archiving_moving_and_deletion(
    api: Api, table: Table, project: Project, stream: Stream
) -> None:
    made = some(table, project, 6, blocks=3)
    stream.settle()
    assert counted(table, project) == (6, [2, 2, 2])
    api.patch(TASKS + made[0], {"archived": True})
    api.delete(TASKS + made[1])
    assert api.patch(f"/api/v1/tasks/task_{made[2]}", {"spaceId": "docs"}).status == 200
    api.patch(TASKS + made[3], {"title": "Stays"})
    stream.settle()
    assert counted(table, project) == (3, [1, 2])
    assert counted(table, project, "archived") == (1, [1])


def test_records_that_come_again_or_late_count_nothing_twice(
    api: Api, table: Table, project: Project, stream: Stream
) -> None:
    task = a_task(table, project).id
    records = stream.collect()
    stream.deliver(records)
    stream.deliver(records)
    assert counted(table, project) == (1, [1])
    stream.settle()
    api.patch(TASKS + task, {"archived": True})
    first = stream.collect()
    api.patch(TASKS + task, {"archived": False})
    second = stream.collect()
    for late in (second, first, second):
        stream.deliver(late)
    assert counted(table, project) == (1, [1])
    assert counted(table, project, "archived") == (0, [])


# ---------------------------------------------------------------- repositories and summaries


def test_repositories_are_those_of_the_tasks_the_caller_sees(
    api: Api, caller: Caller, table: Table, project: Project, stream: Stream
) -> None:
    for repository in ("acme/web", "acme/api", "acme/web"):
        api.post(TASKS, {"repository": repository})
    gone = api.post(TASKS, {"repository": "acme/gone"}).json
    moved = api.post(TASKS, {"repository": "acme/before"}).json
    api.post(TASKS, {"repository": "acme/secret", "internal": True})
    api.post(TASKS, {"repository": "acme/old", "archived": True})
    api.post("/api/projects/2/tasks/", {"repository": "acme/elsewhere"})
    a_task(table, project, owner="user_bob", by="user_bob", repository="bob/own")
    stream.settle()
    api.delete(TASKS + gone["id"])
    api.patch(TASKS + moved["id"], {"repository": "acme/after"})
    stream.settle()
    answer = api.get(f"{TASKS}repositories/")
    assert answer.json == {"repositories": ["acme/after", "acme/api", "acme/old", "acme/web"]}
    assert "bob/own" in caller("user_bob").get(f"{TASKS}repositories").json["repositories"]


def summaries(api: Api, wanted: list[str], query: str = "") -> Any:
    answer = api.post(f"{TASKS}summaries/?{query}", {"ids": wanted})
    assert answer.status == 200, answer.text
    return answer.json


def test_summaries_are_those_of_the_named_tasks_newest_first(api: Api, table: Table, project: Project) -> None:
    first, second = a_task(table, project, "First"), a_task(table, project, "Second")
    run = a_run(table, second)
    elsewhere = a_task(table, project, project_ids=("docs",))
    foreign = a_task(table, project, owner="user_bob", by="user_bob")
    goal = a_task(table, project, kind="goal")
    wanted = [each.id for each in (first, elsewhere, second, foreign, goal, first)]
    found = summaries(api, [*wanted, new_id()])
    assert ids(found) == [second.id, first.id]
    assert (found["count"], found["next"], found["previous"]) == (2, None, None)
    assert found["results"][0]["latest_run"] == {"status": run.status, "environment": run.environment}
    assert found["results"][1]["latest_run"] is None
    assert set(found["results"][1]) == {
        "id",
        "title",
        "repository",
        "origin_product",
        "created_at",
        "updated_at",
        "latest_run",
    }


def test_summaries_come_in_pages(api: Api, table: Table, project: Project) -> None:
    made = some(table, project, 5)
    found = summaries(api, made, "limit=2")
    assert (ids(found), found["count"]) == (made[:2], 5)
    query = urlsplit(found["next"]).query
    second = summaries(api, made, query)
    assert ids(second) == made[2:4]
    assert ids(summaries(api, made, urlsplit(second["next"]).query)) == made[4:]
    assert urlsplit(second["previous"]).query == "limit=2&offset=0"


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "ids", "required"),
        ({"ids": []}, "ids", "min_length"),
        ({"ids": "abc"}, "ids", "not_a_list"),
        ({"ids": [new_id(), "abc"]}, "ids__1", "invalid_input"),
        ({"ids": [new_id()] * 5_001}, "ids", "max_length"),
    ],
)
def test_a_bad_list_of_ids_is_refused(api: Api, project: Project, body: Any, attr: str, code: str) -> None:
    answer = api.post(f"{TASKS}summaries/", body)
    assert (answer.status, answer.json["attr"], answer.json["code"]) == (400, attr, code)


def test_five_thousand_ids_are_read_a_hundred_at_a_time(api: Api, table: Table, project: Project) -> None:
    task: Track = a_task(table, project)
    summaries(api, [task.id])
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert ids(summaries(api, [task.id, *(new_id() for _ in range(4_999))])) == [task.id]
    assert calls == ["batch_get_item"] * 50


def test_the_count_of_a_repositorys_tasks_is_exact_before_its_end_was_read(
    api: Api, table: Table, project: Project, stream: Stream
) -> None:
    for repository in ("acme/web", "acme/web", "acme/web", "acme/app"):
        a_task(table, project, repository=repository)
    stream.settle()
    found = page(api, "repository=acme/Web&limit=1")
    assert (found["count"], found["count_is_minimum"]) == (3, False)
    found = follow(api, found["next"])
    assert (found["count"], found["count_is_minimum"]) == (3, False)
    for query in ("repository=web&limit=1", "repository=acme/web&search=task&limit=1"):
        assert page(api, query)["count_is_minimum"] is True


@pytest.mark.parametrize("spelled", ["9", "none", new_id()])
def test_an_unknown_project_has_no_lists(api: Api, project: Project, spelled: str) -> None:
    assert api.get(f"/api/projects/{spelled}/tasks/").status == 404
    assert api.get(f"/api/projects/{spelled}/tasks/repositories/").status == 404
    assert api.post(f"/api/projects/{spelled}/tasks/summaries/", {"ids": [new_id()]}).status == 404
