"""Lists in shards, through every surface: they are the lists that they were, and stay so while shards are added."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from switchyard.admin import sharding
from switchyard.admin.whole import Whole
from switchyard.domain import audit, tokens, tracks
from switchyard.domain.actors import SCOPES, SHARDS_MAX, Actor, Shards
from switchyard.domain.changes import Change
from switchyard.domain.errors import Invalid, NotFound
from switchyard.domain.ids import new_id
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.http import auth
from switchyard.store import audit as audit_rows
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.store import tokens as token_rows
from switchyard.store import tracks as rows
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support import entities
from tests.support.browser import Browser, code_of
from tests.support.http import Api
from tests.support.stream import Stream

SEARCH = {"type": "task", "query": "call", "filter": {"status": ["todo"]}}
#: Each list that has shards, by each of the orders and filters that read other partitions of it.
LISTS = (
    "/api/v1/tasks?limit=7",
    "/api/v1/tasks?limit=3&status=pending",
    "/api/v1/tasks?limit=7&priority=medium",
    "/api/v1/tasks?limit=7&priority=high",
    "/api/v1/tasks?limit=1&priority=high&status=pending",
    "/api/v1/tasks?limit=7&sort=updated",
    "/api/v1/tasks?limit=7&sort=due",
    "/api/v1/tasks/ready?limit=7",
    "/api/v1/tasks/ready?limit=2&priority=high",
    "/api/v1/executions?limit=2",
    "/v1/tracks?limit=7",
    "/v1/tracks?limit=7&type=goal",
    "/v1/tracks?limit=7&status=todo&status=done",
    "/v1/tracks?limit=7&query=call",
    "/v1/tracks?limit=7&updatedAtFrom=2020-01-01",
    "/v1/tracks?limit=7&dueDateTo=2030-01-01",
    "/v1/tasks?limit=7",
    "/v1/tasks?limit=7&status=open",
    "/v1/tasks?limit=7&due_at_from=2027-05-03",
    "/api/projects/-/tasks/?limit=7",
    "/v1/workspaces/{tenant}/objectives?limit=7",
    "/v1/workspaces/{tenant}/objectives?limit=7&sortOrder=asc&state=STATE_RUNNING",
    "/v1/audit?limit=7",
    "/v1/audit?limit=7&actor=user_ada",
)


@pytest.fixture
def ada(tenant: str) -> Actor:
    return Actor(tenant, "user_ada", "user", frozenset(SCOPES), new_id())


def pages(api: Api, url: str) -> Iterator[Any]:
    """Return the page at an address and those after it, by whatever leads to the next one there."""
    separator = "&" if "?" in url else "?"
    following: str | None = url
    while following:
        answer = api.get(following)
        assert answer.status == 200, answer.text
        body = answer.json
        yield body if isinstance(body, list) else next(each for each in body.values() if isinstance(each, list))
        link = re.search(r"<https://api.test([^>]+)>", answer.headers.get("link", ""))
        named = {} if isinstance(body, list) else body.get("pagination", body)
        cursor = named.get("nextCursor") or named.get("next_cursor")
        following = link[1] if link else f"{url}{separator}cursor={cursor}" if cursor else named.get("next")
        following = following.removeprefix("https://api.test") if following else None


def some_tracks(ada: Actor) -> list[Track]:
    """Return tasks and goals that differ in all that lists ask for."""
    made: list[Track] = []
    for number in range(24):
        fields: dict[str, Any] = {
            "status": ("todo", "done", "in_progress")[number % 3],
            "priority": ("medium", "high")[number // 3 % 2],
            "due": f"2027-05-{number // 2 + 1:02d}" if number % 4 else None,
            "owner": "user_ada" if number % 7 == 6 else None,
        }
        if number % 5 == 4:
            fields |= {"latest_run_id": new_id(), "latest_run_status": "failed"}
        if number % 8 == 7:
            fields |= {"holder": "user_bo", "fence": 1, "lease_until": "2026-01-01T00:00:00.000Z"}
        made.append(tracks.create(ada, new_id(), "task", f"Call {number}", **fields))
    made += [tracks.create(ada, new_id(), "goal", f"Goal {number}", status="on_track") for number in range(8)]
    return made


def put(table: Table, made: list[Track]) -> None:
    table.put_many([rows.to_item(each) for each in made])
    table.put_many([audit_rows.to_item(audit.entry_of_change(Change(None, each))) for each in made])
    ran = [(each, each.latest_run_id) for each in made if each.latest_run_id]
    run = replace(entities.RUNS["minimal"], status="failed")
    runs = [replace(run, id=run_id, task_id=each.id, tenant_id=each.tenant_id) for each, run_id in ran]
    table.put_many([run_rows.to_item(each) for each in runs])


def sharded(table: Table, actor: Actor, shards: Shards) -> Api:
    """Return a client whose token tells of so many shards."""
    token, token_id = tokens.new_token(actor.tenant_id), new_id()
    caller = replace(actor, token_id=token_id, shards=shards)
    table.write(token_rows.put(token_rows.TokenRow(token_id, tokens.digest(token), caller, "2026-06-05", None)))
    return Api(token)


def test_every_list_over_shards_is_the_list_over_one(table: Table, tenant: str, caller: Caller, ada: Actor) -> None:
    made = some_tracks(ada)
    put(table, made)
    one = caller()
    whole = {url: list(pages(one, url.format(tenant=tenant))) for url in LISTS}
    found = one.post("/v1/tracks/search", SEARCH).json
    assert [url for url, each in whole.items() if len(each) < 2 or not all(each)] == []
    # Of before there were shards, of when there were two, and of now that there are three.
    for place, each in enumerate(made):
        count = (1, 2, 3)[place % 3]
        put(table, [replace(each, shard=Shards(count, count).of(each.id))])
    three = sharded(table, ada, Shards(3, 2))
    for url, expected in whole.items():
        assert list(pages(three, url.format(tenant=tenant))) == expected, url
    assert three.post("/v1/tracks/search", SEARCH).json == found
    # Who knows of one shard alone misses what is in the others: the rows are there.
    assert list(pages(one, LISTS[0])) != whole[LISTS[0]]


def test_tasks_of_all_shards_are_drawn_in_their_order(table: Table, ada: Actor) -> None:
    made = [tracks.create(ada, new_id(), "task", f"Call {place}", status="todo") for place in range(9)]
    made = [replace(each, shard=place % 3, priority=("low", "urgent")[place % 2]) for place, each in enumerate(made)]
    put(table, made)
    bo = sharded(table, replace(ada, id="agent_bo", kind="agent"), Shards(3, 3))
    drawn = [bo.post("/api/v1/tasks/claim", {"leaseSeconds": 60}).json["title"] for _ in made]
    assert drawn == [f"Call {place}" for place in (1, 3, 5, 7, 0, 2, 4, 6, 8)]
    # What ran out is drawn again, wherever it is.
    held = [rows.from_item(table.get(*keys.track(each.tenant_id, each.id)) or {}) for each in made]
    put(table, [replace(each, lease_until="2026-01-01T00:00:00.000Z", lease_listed=None) for each in held])
    assert [each["title"] for each in bo.get("/api/v1/tasks/ready?limit=20").json] == drawn


def spread_over(count: int, ids: list[str]) -> list[int]:
    """Return how many of the tracks each shard gets that are created while there are so many."""
    places = [Shards(count, count).of(each) for each in ids]
    return [places.count(shard) for shard in range(SHARDS_MAX)]


def shards_of(table: Table, tenant: str) -> list[int]:
    """Return in how many tracks each shard has them, from the first one on."""
    counts = [0] * SHARDS_MAX
    for shard in range(SHARDS_MAX):
        found, _ = table.query(
            IndexName="list-id",
            KeyConditionExpression="#list = :list",
            ExpressionAttributeNames={"#list": "list"},
            ExpressionAttributeValues={":list": {"S": keys.listed(keys.realm(tenant, None, shard), "task")}},
        )
        counts[shard] = len(found)
    return counts


class Operator:
    """Who sets shards, and what goes on meanwhile: `between` is called at each pause."""

    def __init__(self, table: Table, tenant: str) -> None:
        self.table, self.tenant, self.pauses = table, tenant, list[float]()
        self.between: list[Any] = []

    def set_shards(self, count: int, *between: Any) -> dict[str, int]:
        self.between, self.pauses = list(between), []
        done = sharding.set_shards(self.table, self.tenant, count, self._pause)
        auth.forget_all()
        return done

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        # A pause is longer than a container remembers a token.
        auth.forget_all()
        if self.between:
            self.between.pop(0)()


@pytest.fixture
def operator(table: Table, admin: Any) -> Operator:
    return Operator(table, admin.create_tenant("Acme"))


def test_shards_are_added_while_a_tenant_works(table: Table, admin: Any, operator: Operator) -> None:
    tenant = operator.tenant
    ada, bo = (
        Api(admin.issue_token(tenant, name, scopes=["tasks:read", "tasks:write"])["token"]) for name in ("ada", "bo")
    )
    titles: list[str] = []
    ids: list[str] = []

    def work(number: int, writer: Api) -> None:
        for _ in range(number):
            titles.append(f"Task {len(titles)}")
            made = writer.post("/api/v1/tasks", {"title": titles[-1]})
            assert made.status == 201
            ids.append(made.json["id"].removeprefix("task_"))
        for reader in (ada, bo):
            shown = [each["title"] for page in pages(reader, "/api/v1/tasks?limit=7") for each in page]
            assert shown == titles[::-1]

    late: list[Api] = []

    def issue_by_what_was_read_before() -> None:
        """Somebody signs in who was let in before the shards were set."""
        before = Actor(tenant, "user_cleo", "user", frozenset(SCOPES), new_id())
        late.append(sharded(table, before, Shards()))
        work(3, ada)

    work(8, ada)
    assert operator.set_shards(4, issue_by_what_was_read_before, lambda: work(3, late[0])) == {"read": 4, "written": 4}
    # Until containers read all shards, tracks go where they went before.
    assert shards_of(table, tenant)[1:] == [0] * (SHARDS_MAX - 1)
    assert len(operator.pauses) == 2
    assert min(operator.pauses) > auth.CACHE_SECONDS
    old = len(ids)
    work(24, bo)
    spread = spread_over(4, ids[old:])
    assert len([each for each in spread if each]) > 1
    assert shards_of(table, tenant) == [old + spread[0], *spread[1:]]
    shown = [each["title"] for page in pages(late[0], "/api/v1/tasks?limit=50") for each in page]
    assert shown == titles[::-1]
    # Fewer again: new tracks go to two, and the others are still read.
    before = shards_of(table, tenant)
    assert operator.set_shards(2) == {"read": 4, "written": 2}
    work(12, ada)
    added = [now - was for now, was in zip(shards_of(table, tenant), before, strict=True)]
    assert added == spread_over(2, ids[-12:])
    # A token that is issued now knows of them too, and one shard again leaves a row as it was before there were any.
    new = admin.issue_token(tenant, "dee", scopes=["tasks:read"])["token"]
    assert len(Api(new).get("/api/v1/tasks?limit=100").json) == len(titles)


def test_a_change_stays_in_its_shard_and_its_trail_is_whole(table: Table, ada: Actor) -> None:
    many = sharded(table, ada, Shards(4, 4))
    stream = Stream(table, ada.tenant_id)
    ids = [many.post("/api/v1/tasks", {"title": "Call"}).json["id"] for _ in range(12)]
    stream.settle()
    made = shards_of(table, ada.tenant_id)
    for each in ids:
        assert many.patch(f"/api/v1/tasks/{each}", {"title": "Call again"}).status == 200
    stream.settle()
    assert shards_of(table, ada.tenant_id) == made
    assert made == spread_over(4, [each.removeprefix("task_") for each in ids])
    assert len([each for each in made if each]) > 1
    for url in ("/v1/audit?limit=5", "/v1/audit?limit=5&actor=user_ada"):
        trail = [entry["track"]["id"] for page in pages(many, url) for entry in page]
        assert len(trail) == 24
    # The number of shards of its writer counts for a new track alone.
    one = sharded(table, ada, Shards(4, 1))
    assert one.patch(f"/api/v1/tasks/{ids[0]}", {"title": "Once more"}).status == 200
    assert shards_of(table, ada.tenant_id) == made


def test_tracks_of_before_are_moved_into_the_shards_and_nobody_is_told(
    table: Table, admin: Any, operator: Operator
) -> None:
    tenant = operator.tenant
    api = Api(admin.issue_token(tenant, "user_ada", scopes=list(SCOPES))["token"])
    stream = Stream(table, tenant)
    ids = [api.post("/api/v1/tasks", {"title": f"Call {number}"}).json["id"] for number in range(16)]
    api.delete(f"/api/v1/tasks/{ids.pop()}")
    stream.settle()
    operator.set_shards(4)
    before = list(pages(api, "/v1/tracks?limit=50")), list(pages(api, "/v1/audit?limit=50"))
    whole = Whole(table, tenant)
    done = sharding.spread(whole, 1_000_000, operator.pauses.append)
    assert done == {"seen": 16, "moved": 15 - shards_of(table, tenant)[0]}
    moved = shards_of(table, tenant)
    assert moved == spread_over(4, [each.removeprefix("task_") for each in ids])
    assert len([each for each in moved if each]) > 1
    stream.settle()
    auth.forget_all()
    assert (list(pages(api, "/v1/tracks?limit=50")), list(pages(api, "/v1/audit?limit=50"))) == before
    assert sharding.spread(whole, 1_000_000, operator.pauses.append) == {"seen": 16, "moved": 0}


def test_a_calendar_and_a_session_know_of_shards_that_came_after_them(
    table: Table, admin: Any, operator: Operator
) -> None:
    tenant = operator.tenant
    token = admin.issue_token(tenant, "user_ada", scopes=list(SCOPES))["token"]
    address = Api(token).post("/v1/feeds", {}).json["url"].removeprefix("https://api.test")
    code = code_of(admin, tenant, "user_bo")
    operator.set_shards(3)
    for number in range(12):
        body = {"type": "task", "title": f"Call {number}", "scope": {"type": "projects", "ids": []}}
        answer = Api(token).post("/v1/tracks", body | {"task": {"dueDate": "2027-05-01"}})
        assert answer.status == 201, answer.text
    assert Api(None).get(address).text.count("BEGIN:VEVENT") == 12
    browser = Browser()
    assert browser.post("/v1/session", {"code": code}).status == 201
    assert len(browser.get("/v1/tracks?limit=50").json["items"]) == 12


def test_shards_are_set_within_bounds_and_of_a_tenant_that_is_there(table: Table, operator: Operator) -> None:
    for count in (0, SHARDS_MAX + 1):
        with pytest.raises(Invalid, match="shards"):
            operator.set_shards(count)
    with pytest.raises(NotFound):
        sharding.set_shards(table, new_id(), 2, operator.pauses.append)
    row = table.get(*keys.tenant(operator.tenant))
    assert row is not None
    assert "shards" not in row
