"""Calendar feeds: what their address serves, to whom, and until when."""

import re
from typing import Any

import pytest

from switchyard.domain import feeds, tokens
from switchyard.domain.calendar import calendar
from switchyard.domain.ids import new_id
from switchyard.store import import_keys
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.planning import PERSONAL, assert_refused

SHARED = {"type": "projects", "ids": ["docs"]}


def made(api: Api, kind: str = "task", scope: Any = SHARED, title: str = "Write", **own: Any) -> str:
    answer = api.post("/v1/tracks", {"type": kind, "title": title, "scope": scope, kind: own})
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


def feed(api: Api, **body: Any) -> str:
    """Create a feed; returns the path of its address."""
    answer = api.post("/v1/feeds", body)
    assert answer.status == 201, answer.text
    return str(answer.json["url"]).removeprefix("https://api.test")


def read(path: str, **headers: str) -> Answer:
    return Api(None).get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def entries(path: str) -> list[dict[str, str]]:
    """What a calendar has, unfolded, an entry a dict."""
    text = read(path).text.replace("\r\n ", "")
    found: list[dict[str, str]] = []
    for line in text.split("\r\n"):
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found:
            found[-1].setdefault(name, value)
    return found


def test_open_tracks_with_a_due_date_are_entries_soonest_first(api: Api) -> None:
    second = made(api, dueDate="2026-12-24", title="Second")
    first = made(api, "goal", dueDate="2026-11-30", title="First")
    made(api, title="No date")
    made(api, dueDate="2026-01-01", status="cancelled", title="Over")
    mine = made(api, scope=PERSONAL, dueDate="2027-01-01", title="Mine")
    found = entries(feed(api))
    assert [each["UID"] for each in found] == [f"{each}@switchyard" for each in (first, second, mine)]
    assert (found[0]["DTSTART;VALUE=DATE"], found[0]["DTEND;VALUE=DATE"]) == ("20261130", "20261201")
    assert found[1]["SUMMARY"] == "Second"


def test_an_instant_is_in_utc(api: Api) -> None:
    answer = api.post("/api/v1/tasks", {"title": "Call", "dueDate": "2026-12-24T18:00:00+01:00"})
    assert answer.status == 201, answer.text
    assert entries(feed(api))[0]["DTSTART"] == "20261224T170000Z"


def test_a_feed_has_what_its_scope_says(api: Api) -> None:
    shared, mine = made(api, dueDate="2026-12-01"), made(api, scope=PERSONAL, dueDate="2026-12-02")
    assert [each["UID"] for each in entries(feed(api, scope="projects"))] == [f"{shared}@switchyard"]
    assert [each["UID"] for each in entries(feed(api, scope="personal"))] == [f"{mine}@switchyard"]


def test_a_feed_shows_nobody_elses_personal_tracks_and_no_other_tenant(api: Api, caller: Caller) -> None:
    made(api, scope=PERSONAL, dueDate="2026-12-02")
    made(api, dueDate="2026-12-02")
    assert len(entries(feed(caller("user_eve")))) == 1
    assert entries(feed(caller(tenant=new_id()))) == []


def test_lines_have_75_octets_at_most_end_in_crlf_and_texts_are_escaped(api: Api) -> None:
    title = "Änderung; 100 %, \\ " + "日本" * 40
    made(api, dueDate="2026-12-01", title=title)
    api.patch(f"/v1/tracks/{made(api, dueDate='2026-12-02')}", {"description": "One\r\nTwo\nThree\x07\u2028"})
    path = feed(api, name="Ada, due")
    raw = read(path).content
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    raw.decode()
    first, second = entries(path)
    assert first["SUMMARY"] == "Änderung\\; 100 %\\, \\\\ " + "日本" * 40
    assert second["DESCRIPTION"].startswith("One\\nTwo\\nThree")
    assert "\x07" not in second["DESCRIPTION"]
    assert "NAME:Ada\\, due" in raw.decode()


def test_who_has_the_answer_gets_none_until_something_changes(api: Api) -> None:
    track = made(api, dueDate="2026-12-01")
    path = feed(api)
    first = read(path)
    assert (first.status, first.headers["content-type"]) == (200, "text/calendar")
    again = read(path, if_none_match=first.headers["etag"])
    assert (again.status, again.text, again.headers["etag"]) == (304, "", first.headers["etag"])
    assert "no-store" not in again.headers["cache-control"]
    api.patch(f"/v1/tracks/{track}", {"title": "Another"})
    assert read(path, if_none_match=first.headers["etag"]).status == 200


def test_a_revoked_feed_serves_nothing_and_nobody_else_revokes_it(api: Api, caller: Caller) -> None:
    ada = caller("user_bo", scopes=["tasks:read"])
    path = feed(ada)
    (listed,) = ada.get("/v1/feeds").json["items"]
    eve = caller("user_eve", scopes=["tasks:read"])
    assert eve.get("/v1/feeds").json["items"] == []
    assert_refused(eve.delete(f"/v1/feeds/{listed['id']}"), 404)
    assert_refused(caller(tenant=new_id()).delete(f"/v1/feeds/{listed['id']}"), 404)
    assert read(path).status == 200
    assert ada.delete(f"/v1/feeds/{listed['id']}").status == 204
    assert_refused(read(path), 404)
    assert_refused(ada.delete(f"/v1/feeds/{listed['id']}"), 404)


def test_an_administrator_sees_and_revokes_everybodys(api: Api, caller: Caller) -> None:
    path = feed(caller("user_bo", scopes=["tasks:read"]))
    (listed,) = api.get("/v1/feeds").json["items"]
    assert listed["createdBy"] == "user_bo"
    assert api.delete(f"/v1/feeds/{listed['id']}").status == 204
    assert_refused(read(path), 404)


def test_an_address_that_is_damaged_or_unknown_is_not_found(api: Api) -> None:
    path = feed(api)
    for wrong in (path.replace("sy_", "sy_x"), "/v1/feeds/x.ics", f"/v1/feeds/{tokens.new_token()}.ics"):
        assert_refused(read(wrong), 404)


def test_a_feeds_secret_is_no_token_and_a_token_no_feed(api: Api) -> None:
    match = re.search(r"sy_\w+", feed(api))
    assert match
    assert Api(match[0]).get("/v1/tracks").status == 401
    assert_refused(read(f"/v1/feeds/{api.token}.ics"), 404)


def test_the_secret_is_neither_stored_nor_listed_nor_logged(
    api: Api, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"idempotency-key": "feed-1"}
    created = api.post("/v1/feeds", {}, headers=headers).json
    path = created["url"].removeprefix("https://api.test")
    secret = path.rpartition("/")[2].removesuffix(".ics")
    read(path)
    read(path.replace(secret, secret[:-1] + "0"))
    assert api.post("/v1/feeds", {}, headers=headers).json["url"] is None
    assert secret not in api.get("/v1/feeds").text
    assert secret not in str(table.client.scan(TableName=table.name)["Items"])
    told = capsys.readouterr()
    assert secret[:-1] not in told.out + told.err
    assert table.get(*import_keys.feed_secret(tokens.digest(secret)))


def test_a_feed_and_the_feeds_of_one_person_are_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "FEEDS_MAX", 1)
    feed(api)
    assert_refused(api.post("/v1/feeds", {}), 409)


def test_an_empty_calendar_is_one() -> None:
    text = calendar("Nothing", []).decode()
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert "VEVENT" not in text
