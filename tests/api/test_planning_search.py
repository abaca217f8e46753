"""Search and list: each filter, filters together, pages and cursors."""

import base64
from typing import Any
from urllib.parse import urlencode

import pytest

from switchyard.domain.ids import new_id
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.planning import DOCS, PERSONAL, assert_refused, change, make_goal, make_task


def search(api: Api, **body: Any) -> list[str]:
    """Return the titles that a search finds, in the order of their names."""
    answer = api.post("/v1/tracks/search", {"type": "task", **body})
    assert answer.status == 200, answer.text
    return sorted(track["title"] for track in answer.json["items"])


def listed(api: Api, **query: Any) -> list[str]:
    """Return the titles that a list finds, in the order of their names."""
    answer = api.get("/v1/tracks?" + urlencode(query, doseq=True))
    assert answer.status == 200, answer.text
    return sorted(track["title"] for track in answer.json["items"])


def both(api: Api, **filters: Any) -> list[str]:
    """Search and list with the same filters; both must find the same."""
    kind = filters.pop("type", "task")
    found = search(api, type=kind, filter=filters)
    assert listed(api, type=kind, **filters) == found
    return found


def pages(api: Api, body: Any) -> list[Any]:
    """Follow the cursors of a search to the end; returns the items of all pages."""
    found, cursor = [], None
    while True:
        answer = api.post("/v1/tracks/search", body | ({"cursor": cursor} if cursor else {}))
        assert answer.status == 200, answer.text
        found += answer.json["items"]
        cursor = answer.json["nextCursor"]
        if cursor is None:
            return found


# ---------------------------------------------------------------- keyword


def test_every_word_must_be_in_title_or_description_in_any_case(api: Api) -> None:
    make_task(api, "Write the API guide", more={"description": "for Émile"})
    make_task(api, "Write nothing")
    assert search(api, query="WRITE") == ["Write nothing", "Write the API guide"]
    assert search(api, query="guide api") == ["Write the API guide"]
    assert search(api, query="api émile") == ["Write the API guide"]
    assert search(api, query="api missing") == []
    assert listed(api, query="émile") == ["Write the API guide"]


def test_a_changed_title_is_found_by_its_new_words_alone(api: Api) -> None:
    task = make_task(api, "Old")
    change(api, task, {"title": "New"})
    assert search(api, query="old") == []
    assert search(api, query="new") == ["New"]


def test_semantic_search_says_that_it_was_keyword_search(api: Api) -> None:
    answer = api.post("/v1/tracks/search", {"type": "task", "searchMode": "semantic"})
    assert answer.json["searchMode"] == "keyword"


def test_a_search_shows_outlines_and_names_what_they_refer_to(api: Api) -> None:
    make_task(api, assignee="agent_a")
    answer = api.post("/v1/tracks/search", {"type": "task"}).json
    (item,) = answer["items"]
    assert "description" not in item
    assert answer["references"] == {
        "projects": [{"id": "docs", "name": None}],
        "assignees": [{"id": "agent_a", "type": "agent", "name": None}],
    }


# ---------------------------------------------------------------- filters


def test_status_none_and_several_statuses(api: Api) -> None:
    for status in ("backlog", "todo", "in_progress", "done", "cancelled"):
        make_task(api, status, status=status)
    make_task(api, "without")
    assert both(api, status=["todo"]) == ["todo"]
    assert both(api, status=["done", "todo"]) == ["done", "todo"]
    assert both(api, status=["none"]) == ["without"]
    assert both(api, status=["none", "todo"]) == ["todo", "without"]
    assert both(api, status=[]) == ["backlog", "cancelled", "done", "in_progress", "todo", "without"]


def test_references_and_assignee(api: Api) -> None:
    goal, parent, one, two = make_goal(api)["id"], *(make_task(api, name)["id"] for name in ("p", "1", "2"))
    make_task(api, "in goal", goalId=goal)
    make_task(api, "child", parentId=parent)
    make_task(api, "waits for one", dependsOn=[one])
    make_task(api, "waits for both", dependsOn=[one, two])
    make_task(api, "assigned", assignee="agent_a")
    assert both(api, goalId=[goal]) == ["in goal"]
    assert both(api, parentId=[parent]) == ["child"]
    assert both(api, dependsOn=[one]) == ["waits for both", "waits for one"]
    assert both(api, dependsOn=[two]) == ["waits for both"]
    assert both(api, assignee=["agent_a", "nobody"]) == ["assigned"]
    assert both(api, goalId=[new_id()]) == []


def test_the_children_of_a_goal_are_no_tasks(api: Api, tenant: str) -> None:
    goal = make_goal(api)
    body = {
        "parentObjectiveId": goal["id"],
        "firstUserMessage": "Go",
        "agentId": "agent_a",
        "systemPromptData": {},
    }
    made = api.post(f"/v1/workspaces/{tenant}/objectives", body)
    assert made.status == 200, made.text
    assert both(api, parentId=[goal["id"]]) == []


def test_a_query_of_too_many_words_is_refused(api: Api) -> None:
    words = [chr(0x4E00 + n) for n in range(41)]
    assert search(api, query=" ".join(words[:40])) == []
    assert search(api, query="a " * 100) == []
    assert_refused(api.post("/v1/tracks/search", {"type": "task", "query": " ".join(words)}), 400, "query", "41 words")


def test_due_dates_are_found_from_and_to_and_without_one_not_at_all(api: Api) -> None:
    for day in ("2026-06-04", "2026-06-05", "2026-06-06"):
        make_task(api, day, dueDate=day)
    make_task(api, "without")
    assert both(api, dueDateFrom="2026-06-05") == ["2026-06-05", "2026-06-06"]
    assert both(api, dueDateTo="2026-06-05") == ["2026-06-04", "2026-06-05"]
    assert both(api, dueDateFrom="2026-06-05", dueDateTo="2026-06-05") == ["2026-06-05"]
    assert both(api, dueDateFrom="2026-06-07", dueDateTo="2026-06-01") == []


def test_updates_are_found_to_the_millisecond_and_by_whole_days(api: Api) -> None:
    task = make_task(api, "t")
    moment = task["updatedAt"]
    assert both(api, updatedAtFrom=moment, updatedAtTo=moment) == ["t"]
    assert both(api, updatedAtFrom=moment[:10], updatedAtTo=moment[:10]) == ["t"]
    assert both(api, updatedAtFrom=moment.replace("Z", "+00:00")) == ["t"]
    assert both(api, updatedAtTo="2020-01-01") == []
    assert both(api, updatedAtFrom="2999-01-01T00:00:00Z") == []


def test_goals_are_filtered_by_status_progress_and_dates(api: Api) -> None:
    make_goal(api, "a", status="on_track", progress=40, dueDate="2026-06-05")
    make_goal(api, "b", status="at_risk", progress=70)
    make_goal(api, "c")
    assert both(api, type="goal", status=["on_track", "at_risk"]) == ["a", "b"]
    assert both(api, type="goal", progressMin=40) == ["a", "b"]
    assert both(api, type="goal", progressMin=41, progressMax=70) == ["b"]
    assert both(api, type="goal", progressMax=0) == ["c"]
    assert both(api, type="goal", dueDateTo="2026-12-31") == ["a"]


def test_filters_work_together(api: Api) -> None:
    goal = make_goal(api)["id"]
    wanted = {"goalId": goal, "status": "todo", "assignee": "ada", "dueDate": "2026-06-05"}
    make_task(api, "wanted", **wanted)
    for name, other in (("goalId", ""), ("status", "done"), ("assignee", "bob"), ("dueDate", "2026-07-01")):
        make_task(api, f"other {name}", **{**wanted, name: other})
    filters = {"goalId": [goal], "status": ["todo"], "assignee": ["ada"], "dueDateTo": "2026-06-30"}
    assert both(api, **filters, updatedAtFrom="2020-01-01") == ["wanted"]
    assert search(api, query="wanted", filter=filters) == ["wanted"]
    assert search(api, query="other", filter=filters) == []


def test_scopes_narrow_a_search_to_projects_and_personal_tracks(api: Api) -> None:
    make_task(api, "a", {"type": "projects", "ids": ["a"]})
    make_task(api, "ab", {"type": "projects", "ids": ["a", "b"]})
    make_task(api, "c", {"type": "projects", "ids": ["c"]})
    make_task(api, "mine", PERSONAL)
    personal, project_a = {"type": "personal"}, {"type": "projects", "ids": ["a"]}
    assert search(api) == ["a", "ab", "c", "mine"]
    assert search(api, scopes=[personal]) == listed(api, scope="personal") == ["mine"]
    assert search(api, scopes=[{"type": "projects"}]) == listed(api, scope="projects") == ["a", "ab", "c"]
    assert search(api, scopes=[project_a]) == listed(api, projectId="a") == ["a", "ab"]
    assert search(api, scopes=[project_a, {"type": "projects", "ids": ["c"]}]) == listed(api, projectId="a,c")
    assert search(api, scopes=[personal, project_a]) == ["a", "ab", "mine"]
    assert search(api, scopes=[personal, project_a], filter={"status": ["todo"]}) == []


def test_several_scopes_page_in_one_order_whatever_the_filter(api: Api) -> None:
    made = [
        make_task(api, f"t{n:02}", PERSONAL if n % 3 else DOCS, dueDate=f"2026-06-{n % 28 + 1:02}")["title"]
        for n in range(45)
    ]
    scopes = [{"type": "personal"}, {"type": "projects", "ids": ["docs"]}]
    for filters in ({}, {"updatedAtFrom": "2020-01-01"}, {"dueDateFrom": "2026-06-01"}, {"status": ["none"]}):
        found = pages(api, {"type": "task", "scopes": scopes, "filter": filters})
        assert sorted(item["title"] for item in found) == made, filters


@pytest.mark.parametrize(
    ("kind", "filters", "field"),
    [
        ("task", {"status": ["started"]}, "filter.status"),
        ("task", {"status": ["on_track"]}, "filter.status"),
        ("goal", {"status": ["none"]}, "filter.status"),
        ("task", {"status": "todo"}, "filter.status"),
        ("task", {"progressMin": 1}, "filter.progressMin"),
        ("goal", {"assignee": ["ada"]}, "filter.assignee"),
        ("goal", {"progressMax": 101}, "filter.progressMax"),
        ("task", {"goalId": ["no id"]}, "filter.goalId.0"),
        ("task", {"dueDateFrom": "2026-02-30"}, "filter.dueDateFrom"),
        ("task", {"dueDateFrom": ""}, "filter.dueDateFrom"),
        ("task", {"updatedAtFrom": "yesterday"}, "filter.updatedAtFrom"),
        ("task", {"updatedAtTo": ""}, "filter.updatedAtTo"),
        ("task", {"updatedAtTo": "0001-01-01T00:00:00+23:59"}, "filter.updatedAtTo"),
        ("task", {"unknown": 1}, "filter.unknown"),
        ("task", {"assignee": [str(n) for n in range(21)]}, "filter.assignee"),
    ],
)
def test_a_filter_that_is_none_is_refused(api: Api, kind: str, filters: Any, field: str) -> None:
    assert_refused(api.post("/v1/tracks/search", {"type": kind, "filter": filters}), 400, field)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=started", "status"),
        ("type=chore", "type"),
        ("progressMin=1", "progressMin"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("goalId=7", "goalId.0"),
        ("dueDateTo=%20", "dueDateTo"),
        ("nonsense=1", "nonsense"),
        ("type=task&type=goal", "type"),
        ("limit=5&limit=6", "limit"),
        ("scope=personal&projectId=a", "projectId"),
        ("&".join(f"a{n}=1" for n in range(101)), "query"),
    ],
)
def test_a_query_parameter_that_is_none_is_refused(api: Api, query: str, field: str) -> None:
    assert_refused(api.get(f"/v1/tracks?{query}"), 400, field)


def test_a_search_of_too_many_projects_is_refused(api: Api) -> None:
    scopes = [{"type": "projects", "ids": [f"{n}-{m}" for m in range(20)]} for n in range(2)]
    assert_refused(api.post("/v1/tracks/search", {"type": "task", "scopes": scopes}), 400, "scopes", "40 projects")


def test_a_personal_scope_names_no_projects(api: Api) -> None:
    scopes = [{"type": "personal", "ids": ["a"]}]
    assert_refused(api.post("/v1/tracks/search", {"type": "task", "scopes": scopes}), 400, "scopes.0")


def test_a_search_with_every_filter_at_its_bound_is_answered(api: Api) -> None:
    ids = [new_id() for _ in range(20)]
    body = {
        "type": "task",
        "query": " ".join("abcdefghij"[n % 10] for n in range(100)),
        "scopes": [{"type": "personal"}, {"type": "projects", "ids": [str(n) for n in range(20)]}],
        "filter": {
            "status": ["todo", "done", "none"],
            "assignee": ids,
            "goalId": ids,
            "dependsOn": ids,
            "dueDateFrom": "2026-01-01",
            "dueDateTo": "2026-12-31",
            "updatedAtFrom": "2026-01-01",
            "updatedAtTo": "2026-12-31",
        },
    }
    assert search(api, **body) == []


# ---------------------------------------------------------------- pages


def test_a_search_gives_twenty_a_page_newest_first_and_ends(api: Api) -> None:
    made = [make_task(api, f"t{n}", PERSONAL if n % 2 else DOCS)["id"] for n in range(45)]
    answers = [api.post("/v1/tracks/search", {"type": "task", "page": page}).json for page in (1, 2, 3, 4)]
    assert [len(answer["items"]) for answer in answers] == [20, 20, 5, 0]
    assert [item["id"] for answer in answers for item in answer["items"]] == made[::-1]
    assert answers[2]["nextCursor"] is None
    assert [item["id"] for item in pages(api, {"type": "task"})] == made[::-1]


def test_exactly_one_page_has_no_next(api: Api) -> None:
    for n in range(20):
        make_task(api, f"t{n}")
    assert api.post("/v1/tracks/search", {"type": "task"}).json["nextCursor"] is None


def test_a_cursor_continues_where_the_page_ended_also_when_things_change(api: Api) -> None:
    made = [make_task(api, f"t{n}") for n in range(25)]
    first = api.get("/v1/tracks?limit=10").json
    make_task(api, "newer")
    api.delete(f"/v1/tracks/{first['items'][-1]['id']}")
    rest = api.get(f"/v1/tracks?limit=100&cursor={first['nextCursor']}").json
    assert [item["id"] for item in rest["items"]] == [track["id"] for track in made[14::-1]]
    assert rest["nextCursor"] is None


@pytest.mark.parametrize(
    "filters",
    [
        {"status": "todo"},
        {"status": "todo,done"},
        {"dueDateFrom": "2026-01-01"},
        {"updatedAtFrom": "2020-01-01"},
        {"assignee": "ada"},
        {"projectId": "docs"},
        {"query": "thing"},
        {"query": "thing", "status": "done", "scope": "projects"},
    ],
)
def test_pages_of_every_order_hold_each_track_once(api: Api, filters: Any) -> None:
    for n in range(12):
        scope = DOCS if n % 2 else {"type": "projects", "ids": ["docs", "web"]}
        # equal due dates: the order must still be total
        make_task(api, f"thing {n}", scope, status=("todo", "done")[n % 2], dueDate="2026-06-05", assignee="ada")
    whole = listed(api, **filters)
    found, cursor = [], ""
    while True:
        answer = api.get("/v1/tracks?" + urlencode({**filters, "limit": 5, **({"cursor": cursor} if cursor else {})}))
        found += [item["title"] for item in answer.json["items"]]
        cursor = answer.json["nextCursor"]
        if not cursor:
            break
    assert sorted(found) == whole
    assert whole


def test_a_cursor_opens_only_the_list_it_came_from(api: Api, caller: Caller) -> None:
    for n in range(3):
        make_task(api, f"t{n}")
    cursor = api.get("/v1/tracks?limit=1&status=none").json["nextCursor"]
    assert cursor
    for asking, query in (
        (api, "limit=1"),
        (api, "limit=1&status=todo"),
        (api, "limit=1&status=none&type=goal"),
        (caller("user_bob"), "limit=1&status=none"),
        (caller(tenant=new_id()), "limit=1&status=none"),
    ):
        if "goal" in query:
            query = "limit=1&type=goal"
        assert_refused(asking.get(f"/v1/tracks?{query}&cursor={cursor}"), 400, "cursor")
    # another page size is still the same list
    assert api.get(f"/v1/tracks?limit=2&status=none&cursor={cursor}").status == 200


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-2], lambda c: "A" + c[1:], lambda c: c + "!", lambda c: "-", lambda c: "é"]
)
def test_a_damaged_cursor_is_refused(api: Api, spoil: Any) -> None:
    for n in range(2):
        make_task(api, f"t{n}")
    cursor = spoil(api.get("/v1/tracks?limit=1").json["nextCursor"])
    assert_refused(api.get("/v1/tracks?limit=1&" + urlencode({"cursor": cursor})), 400, "cursor")
    assert_refused(api.post("/v1/tracks/search", {"type": "task", "cursor": cursor}), 400, "cursor")


def test_a_cursor_holds_no_key_of_the_table(api: Api, tenant: str) -> None:
    for n in range(2):
        make_task(api, f"t{n}")
    cursor = api.get("/v1/tracks?limit=1").json["nextCursor"]
    assert tenant.encode() not in base64.urlsafe_b64decode(cursor + "==")


def test_a_page_and_a_cursor_exclude_each_other(api: Api) -> None:
    body = {"type": "task", "page": 2, "cursor": "x"}
    assert_refused(api.post("/v1/tracks/search", body), 400, "cursor", "page")


def test_another_tenants_tracks_are_in_no_list(api: Api, caller: Caller) -> None:
    make_task(api, "secret")
    other = caller(tenant=new_id())
    assert (search(other), listed(other), search(other, query="secret")) == ([], [], [])
