"""Tasks of a project over real HTTP with many writers, and what their lists cost at 10,000 tasks."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from switchyard.domain import tracks
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import dashed, new_id
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.http.container import use_table
from switchyard.store import homes
from switchyard.store import tracks as track_rows
from switchyard.store.table import Table
from tests.support.http import Api
from tests.support.projects import a_tenant
from tests.support.template import table_definition
from tests.support.tokens import issue

WRITERS, TASKS = 8, 15
#: A list of this many tasks, created over so many days.
MANY, DAYS = 10_000, 60
URL = "/api/projects/1/tasks/"


@pytest.fixture
def project(deployed: Table) -> Project:
    return a_tenant(deployed, new_id(), "Build Box")[0]


@pytest.fixture
def http(stack: dict[str, Any], deployed: Table, project: Project) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {issue(deployed, project.tenant_id)}"}
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as client:
        yield client


def created(http: httpx.Client, **body: Any) -> Any:
    answer = http.post(URL, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def until(http: httpx.Client, path: str, name: str, wanted: Any) -> None:
    """Wait until the pipeline has counted what an answer tells by a name."""
    deadline = time.monotonic() + 60
    while (found := http.get(path).raise_for_status().json()[name]) != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_writers_at_once_draw_every_number_once_and_all_are_counted(
    stack: dict[str, Any], deployed: Table, project: Project, http: httpx.Client
) -> None:
    start = threading.Barrier(WRITERS)

    def write(number: int) -> list[tuple[int, str]]:
        headers = {"authorization": f"Bearer {issue(deployed, project.tenant_id, f'user_{number}')}"}
        with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as mine:
            start.wait()
            made = [created(mine, title=f"Task {each}", repository=f"acme/r{each % 3}") for each in range(TASKS)]
        return [(each["task_number"], each["slug"]) for each in made]

    with ThreadPoolExecutor(WRITERS) as threads:
        drawn = sorted(each for made in threads.map(write, range(WRITERS)) for each in made)
    assert drawn == [(number, f"BUI-{number}") for number in range(WRITERS * TASKS)]
    # and then the pipeline has counted each of them once
    until(http, f"{URL}?limit=1", "count", WRITERS * TASKS)
    until(http, f"{URL}repositories/", "repositories", ["acme/r0", "acme/r1", "acme/r2"])


def test_links_lead_over_http_through_all_tasks_and_back(http: httpx.Client) -> None:
    made = [created(http, title=f"Task {each}")["id"] for each in range(7)][::-1]
    page = http.get(f"{URL}?limit=3").json()
    seen = [each["id"] for each in page["results"]]
    while page["next"]:
        page = http.get(page["next"]).raise_for_status().json()
        seen += [each["id"] for each in page["results"]]
    assert seen == made
    back = http.get(page["previous"]).raise_for_status().json()
    assert [each["id"] for each in back["results"]] == made[3:6]


def test_both_forms_of_a_path_are_answered_and_neither_redirects(http: httpx.Client) -> None:
    task = created(http, description="One sentence. And another.", json_schema={"type": "object"})
    assert task["title"] == "One sentence."
    for path in ("/api/projects/@current/tasks/", "/api/projects/-/tasks/"):
        for slash in ("", "/"):
            answer = http.get(f"{path}{task['id']}{slash}", follow_redirects=False)
            assert (answer.status_code, answer.json()["id"]) == (200, task["id"])
    assert http.get("/api/projects/@current/tasks").status_code == 200
    assert http.delete(f"{URL}{task['id']}").status_code == 204
    assert http.delete(f"{URL}{task['id']}/").status_code == 404


# ---------------------------------------------------------------- costs


class Listed:
    """A project of MANY tasks on a table of its own, and a meter."""

    def __init__(self, client: Any) -> None:
        name = f"projects-{new_id()}"
        client.create_table(TableName=name, **table_definition())
        self.table = Table(name, client)
        self.table.deadline = float("inf")
        self.tenant = new_id()
        project = a_tenant(self.table, self.tenant, "Build Box")[0]
        actor = Actor(self.tenant, "user_ada", "user", frozenset(SCOPES), new_id())
        first = 0x01981F000000
        step = DAYS * 86_400_000 // MANY
        made = [
            tracks.create(
                actor,
                "seed",
                "task",
                "Needle" if each == MANY // 2 else f"Task {each}",
                id=dashed(f"{first + each * step:012x}70008000{each:012x}"),
                project_ids=(project.id,),
            )
            for each in range(MANY)
        ]
        for start in range(0, MANY, 1_000):
            self.table.give(60_000)  # the time of one chunk, whatever the machine is at
            self.table.put_many([track_rows.to_item(each) for each in made[start : start + 1_000]])
        self.table.put_many(counts(made))
        self.ids = [each.id for each in made][::-1]
        self.api = Api(issue(self.table, self.tenant), milliseconds=60_000)
        use_table(self.table)
        assert self.api.get(f"{URL}?limit=1").status == 200
        self.calls: list[str] = []
        self.rows = 0

    def page(self, query: str) -> Any:
        """Answer a list query; `calls` are then the round trips of it, and `rows` what its queries examined."""
        use_table(self.table)
        self.api.get(f"{URL}{self.ids[0]}")
        self.calls, self.rows = [], 0
        self.table.observe = self._observe
        answer = self.api.get(f"{URL}?{query}")
        self.table.observe = None
        assert answer.status == 200, answer.text
        return answer.json

    def _observe(self, operation: str, answer: Any) -> None:
        self.calls.append(operation)
        self.rows += answer.get("ScannedCount", 0)


def counts(made: list[Track]) -> list[dict[str, Any]]:
    """Return the rows that the pipeline would have come to for the tasks."""
    counted = Counter(key for each in made for key in homes.counters(homes.standing(each)))
    return [{"pk": {"S": pk}, "sk": {"S": sk}, "tasks": {"N": str(n)}} for (pk, sk), n in counted.items()]


@pytest.fixture(scope="module")
def listed(database: Any) -> Listed:
    return Listed(database)


def test_the_first_page_is_one_query_for_shared_and_one_for_own_tasks(listed: Listed) -> None:
    found = listed.page("limit=50")
    assert [each["id"] for each in found["results"]] == listed.ids[:50]
    assert (found["count"], found["count_is_minimum"]) == (MANY, False)
    assert sorted(listed.calls) == ["batch_get_item", "query", "query"]
    assert listed.rows == 51


@pytest.mark.parametrize("offset", [50, 500, 5_000, 9_950])
def test_an_offset_costs_a_look_at_the_counts_and_part_of_a_block(listed: Listed, offset: int) -> None:
    found = listed.page(f"limit=50&offset={offset}")
    assert [each["id"] for each in found["results"]] == listed.ids[offset : offset + 50]
    assert found["count"] == MANY
    assert sorted(listed.calls) == ["batch_get_item", *["query"] * 4]
    block = max(Counter(each[: homes.BLOCK_DIGITS] for each in listed.ids).values())
    blocks = len({each[: homes.BLOCK_DIGITS] for each in listed.ids})
    print(f"offset {offset}: {listed.rows} rows examined, of them {blocks} counts; a block has up to {block}")
    assert listed.rows <= blocks + block + 51


@pytest.mark.parametrize("link", ["next", "previous"])
def test_a_link_from_the_middle_is_one_query_for_shared_and_one_for_own_tasks(listed: Listed, link: str) -> None:
    middle = listed.page("limit=50&offset=5000")
    found = listed.page(urlsplit(middle[link]).query)
    start = {"next": 5_050, "previous": 4_950}[link]
    assert [each["id"] for each in found["results"]] == listed.ids[start : start + 50]
    assert sorted(listed.calls) == ["batch_get_item", "query", "query"]
    assert listed.rows <= 52


def test_a_filtered_page_examines_a_thousand_rows_at_most_and_a_link_continues(listed: Listed) -> None:
    found, pages = listed.page("search=needle&limit=50"), 1
    assert listed.rows <= 1_000
    while not found["results"]:
        assert found["count_is_minimum"]
        found = listed.page(urlsplit(found["next"]).query)
        assert listed.rows <= 1_000
        pages += 1
    assert [each["title"] for each in found["results"]] == ["Needle"]
    print(f"found on page {pages} of {MANY} tasks")
