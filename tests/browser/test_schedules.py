"""Schedules in the console: listed, paused, made, changed, deleted, and what became of their occurrences."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import AGENT, Person, Yard, until

Json = dict[str, Any]
MORNINGS = {"expression": "cron(0 9 ? * MON-FRI *)", "timeZone": "Europe/Berlin"}

WORDS = {
    "cron(0 9 ? * MON-FRI *)": "Every weekday at 09:00",
    "cron(30 7,19 * * ? *)": "Every day at 07:30 and 19:30",
    "cron(0 9 ? * MON,WED,FRI *)": "Every Monday, Wednesday and Friday at 09:00",
    "cron(0 9 ? * 1 *)": "Every Sunday at 09:00",
    "cron(0 9 ? * SAT-SUN *)": "Every Saturday and Sunday at 09:00",
    "cron(0 9 ? * TUE#2 *)": "On the 2nd Tuesday of every month at 09:00",
    "cron(0 9 ? * 6L *)": "On the last Friday of every month at 09:00",
    "cron(0 9 1,15 * ? *)": "On the 1st and 15th of every month at 09:00",
    "cron(0 9 L JAN,JUL ? *)": "On the last day of January and July at 09:00",
    "cron(0 9 15W * ? 2027)": "On the weekday nearest to the 15th of every month at 09:00, in 2027",
    "cron(0/15 * * * ? *)": "Every 15 minutes",
    "cron(0/15 9-17 ? * MON-FRI *)": "Every weekday, every 15 minutes from 09:00 to 17:59",
    "cron(30 */2 * * ? *)": "Every 2 hours at 30 minutes past",
    "cron(0 8-18 * 12 ? *)": "Every day in December, every hour from 08:00 to 18:00",
    "rate(1 day)": "Every day",
    "rate(12 hours)": "Every 12 hours",
    "at(2026-12-24T09:00:00)": "Once, on Thu, 24 Dec 2026, 09:00",
    # What has no short words, or is no expression, has none rather than wrong ones.
    "cron(0/7 * * * ? *)": "",
    "cron(5/15 * * * ? *)": "",
    "cron(0 9 1-7/2 * ? *)": "",
    "cron(0 9 ? * MON-FRI 2026/2)": "",
    "cron(0 9)": "",
    "at(never)": "",
    "nonsense": "",
}


def soon(seconds: int = 3) -> str:
    """An expression that is due once, in a moment."""
    return f"at({datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S})"


def scheduled(yard: Yard, name: str = "Mornings", **fields: Any) -> Json:
    """Make a schedule; of a task unless it says what it begins."""
    task = {"title": f"{name}: report", "scope": {"type": "projects", "ids": [yard.project]}, "assignee": AGENT}
    begins = {} if {"runTask", "runGoal"} & set(fields) else {"createTask": task}
    return dict(yard.post("/v1/schedules", {"name": name, **MORNINGS, **begins, **fields}))


def occurred(yard: Yard, schedule: Json) -> Json:
    """The latest occurrence of a schedule, once there is one."""
    path = f"/v1/schedules/{schedule['id']}/occurrences"
    return dict(until(lambda: yard.get(path)["items"], lambda found: found)[0])


def row(person: Person, schedule: Json) -> Any:
    return person.page.locator(f"[data-schedule='{schedule['id']}']")


# ---------------------------------------------------------------- the list


def test_schedules_are_listed_with_what_they_do_when_and_what_came_of_them_last(yard: Yard) -> None:
    goal = yard.post("/v1/tracks", {"type": "goal", "title": "The book", "scope": {"type": "projects", "ids": []}})
    task = yard.task("Sweep the yard")
    mornings = scheduled(yard)
    sweeps = scheduled(yard, "Sweeps", expression="rate(2 days)", timeZone="UTC", runTask={"id": task["id"]})
    # A goal without tasks has nothing to run.
    books = scheduled(yard, "Books", expression=soon(), timeZone="UTC", runGoal={"id": goal["id"]})
    person = yard.person()
    person.page.keyboard.press("g")
    person.page.keyboard.press("d")
    expect(person.page.get_by_role("heading", name="Schedules", level=1)).to_be_visible()
    expect(row(person, mornings)).to_contain_text("Creates the task “Mornings: report” for agent_bo")
    expect(row(person, mornings)).to_contain_text("Every weekday at 09:00")
    expect(row(person, mornings)).to_contain_text("cron(0 9 ? * MON-FRI *) Europe/Berlin")
    expect(row(person, mornings)).to_contain_text("09:00 in ")
    expect(row(person, mornings)).to_contain_text("nothing yet")
    expect(row(person, mornings)).to_contain_text("Active")
    expect(row(person, sweeps)).to_contain_text("Every 2 days")
    expect(row(person, sweeps).get_by_role("link", name="Sweep the yard")).to_be_visible()
    expect(row(person, books).get_by_role("link", name="The book")).to_be_visible()
    failed = occurred(yard, books)
    assert failed["outcome"] == "failed"
    expect(row(person, books)).to_contain_text("Failed")
    expect(row(person, books)).to_contain_text(failed["reason"])
    expect(row(person, books)).to_contain_text("Over")
    expect(row(person, books)).to_contain_text("never again")


def test_a_schedule_is_paused_and_resumed_from_the_list_and_its_page(yard: Yard) -> None:
    schedule = scheduled(yard)
    path = f"/v1/schedules/{schedule['id']}"
    person = yard.person(path="/schedules")
    person.press("Pause Mornings")
    expect(row(person, schedule)).to_contain_text("Paused")
    expect(row(person, schedule)).to_contain_text("not while it is paused")
    assert yard.get(path)["paused"] is True
    row(person, schedule).get_by_role("link", name="Mornings").click()
    expect(person.page.get_by_role("heading", name="Mornings", level=1)).to_be_visible()
    person.see("Nothing begins while it is paused.")
    person.press("Resume")
    ahead = yard.get(path)["upcoming"]
    expect(person.page.locator("section", has_text="Next").locator("time")).to_have_count(len(ahead))
    assert [each.get_attribute("datetime") for each in person.page.locator(".split ol time").all()] == ahead


def test_a_long_list_goes_on(yard: Yard) -> None:
    made = [scheduled(yard, f"Plan {number:02}") for number in range(26)]
    person = yard.person(path="/schedules")
    expect(person.page.locator("[data-schedule]")).to_have_count(25)
    person.press("More schedules")
    expect(row(person, made[0])).to_be_visible()
    expect(person.page.locator("[data-schedule]")).to_have_count(26)


def test_who_has_no_schedule_is_told_what_one_is(yard: Yard) -> None:
    person = yard.person(path="/schedules")
    person.see("Nothing begins by itself yet")
    person.see("A schedule creates a task, runs a task or runs a goal")


def test_who_may_only_read_sees_why_nothing_can_be_changed(yard: Yard) -> None:
    schedule = scheduled(yard)
    person = yard.person("user_rita", "viewer", "/schedules")
    expect(row(person, schedule)).to_contain_text("Every weekday at 09:00")
    person.see("that needs the scope tasks:write")
    expect(person.page.get_by_role("button", name="Pause")).to_have_count(0)
    person.open(f"/schedules/{schedule['id']}")
    person.see("that needs the scope tasks:write")
    for name in ("Pause", "Edit", "Delete"):
        expect(person.page.get_by_role("button", name=name)).to_have_count(0)


# ---------------------------------------------------------------- one schedule


def test_a_schedules_page_tells_what_became_of_each_occurrence(yard: Yard) -> None:
    task = yard.task("Sweep the yard", assignee=AGENT, assigneeType="agent")
    schedule = scheduled(yard, "Sweeps", expression=soon(), timeZone="UTC", runTask={"id": task["id"]})
    path = f"/v1/schedules/{schedule['id']}"
    begun = occurred(yard, schedule)
    # Its run waits for an agent, and so is under way when the next occurrence comes.
    answer = yard.api.patch(path, json={"expression": soon()})
    assert answer.is_success, answer.text
    until(lambda: yard.get(f"{path}/occurrences")["items"], lambda found: len(found) == 2)
    person = yard.person(path=f"/schedules/{schedule['id']}")
    shown = person.page.locator("[data-occurrence]")
    expect(shown).to_have_count(2)
    expect(shown.first).to_contain_text("Skipped")
    expect(shown.first).to_contain_text(re.compile(r"What began at \w{3} \d+ \w{3}, \d\d:\d\d is still under way\."))
    expect(shown.last).to_contain_text("Begun")
    expect(shown.last.get_by_role("link", name="Sweep the yard")).to_have_attribute(
        "href", f"/console/tasks/{task['id']}"
    )
    person.see("It is not due again.")
    shown.last.get_by_role("link", name="run").click()
    expect(person.page).to_have_url(f"{yard.url}/console/runs/{task['id']}/{begun['run']}")
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()


def test_occurrences_go_on_beyond_their_first_page(yard: Yard) -> None:
    schedule = scheduled(yard)
    each = {"outcome": "skipped", "reason": "It came too late.", "track": None, "run": None}
    pages = [[{"at": f"2026-0{page}-{day:02}T07:00:00.000Z", **each} for day in (3, 2, 1)] for page in (2, 1)]
    person = yard.person()

    def answer(route: Any) -> None:
        last = "cursor" in route.request.url
        items = [{**each, "decidedAt": each["at"]} for each in pages[last]]
        route.fulfill(json={"items": items, "nextCursor": None if last else "next"})

    person.page.route("**/occurrences?**", answer)
    person.open(f"/schedules/{schedule['id']}")
    expect(person.page.locator("[data-occurrence]")).to_have_count(3)
    person.press("More occurrences")
    expect(person.page.locator("[data-occurrence]")).to_have_count(6)


def test_a_schedule_is_deleted_when_that_is_confirmed(yard: Yard) -> None:
    schedule = scheduled(yard)
    person = yard.person(path=f"/schedules/{schedule['id']}")
    person.expected = {404}
    person.page.once("dialog", lambda asked: asked.dismiss())
    person.press("Delete")
    assert yard.get(f"/v1/schedules/{schedule['id']}")["name"] == "Mornings"
    person.page.once("dialog", lambda asked: asked.accept())
    person.press("Delete")
    person.see("Nothing begins by itself yet")
    assert yard.get("/v1/schedules")["items"] == []
    person.open(f"/schedules/{schedule['id']}")
    person.see("There is no such schedule")


# ---------------------------------------------------------------- plain words


def module(person: Person) -> str:
    """The address of the module that reads expressions, in the release that is served."""
    return str(person.page.evaluate("document.querySelector('script[src]').src")).replace("app.js", "when.js")


def test_an_expression_is_told_in_plain_words(yard: Yard) -> None:
    person = yard.person()
    tell = "async ([address, all]) => { const {inWords} = await import(address); return all.map(inWords); }"
    said = person.page.evaluate(tell, [module(person), list(WORDS)])
    assert dict(zip(WORDS, said, strict=True)) == WORDS
