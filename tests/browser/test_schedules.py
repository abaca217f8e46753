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


def goal_of(yard: Yard, title: str = "The book") -> str:
    """Make a goal; returns its id."""
    return str(
        yard.post("/v1/tracks", {"type": "goal", "title": title, "scope": {"type": "projects", "ids": []}})["id"]
    )


def occurred(yard: Yard, schedule: Json) -> Json:
    """The latest occurrence of a schedule, once there is one."""
    path = f"/v1/schedules/{schedule['id']}/occurrences"
    return dict(until(lambda: yard.get(path)["items"], lambda found: found)[0])


def row(person: Person, schedule: Json) -> Any:
    return person.page.locator(f"[data-schedule='{schedule['id']}']")


# ---------------------------------------------------------------- the list


def test_schedules_are_listed_with_what_they_do_when_and_what_came_of_them_last(yard: Yard) -> None:
    goal = goal_of(yard)
    task = yard.task("Sweep the yard")
    mornings = scheduled(yard)
    sweeps = scheduled(yard, "Sweeps", expression="rate(2 days)", timeZone="UTC", runTask={"id": task["id"]})
    # A goal without tasks has nothing to run.
    books = scheduled(yard, "Books", expression=soon(), timeZone="UTC", runGoal={"id": goal})
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
    person.page.set_viewport_size({"width": 1280, "height": 480})
    person.shot("schedules")
    # The newest is first, and the keys go from one to the next.
    for schedule in (books, sweeps, mornings):
        person.page.keyboard.press("j")
        expect(row(person, schedule).get_by_role("link", name=schedule["name"], exact=True)).to_be_focused()
    person.page.keyboard.press("Enter")
    expect(person.page.get_by_role("heading", name="Mornings", level=1)).to_be_visible()


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
    shown = person.page.locator(".upcoming time")
    expect(shown).to_have_count(5)
    ahead = yard.get(path)["upcoming"]
    assert [each.get_attribute("datetime") for each in shown.all()] == ahead


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
    person.see("Begin with “New schedule”.")


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
    person.page.keyboard.press("Control+k")
    person.page.get_by_role("combobox", name="Search or jump to").fill("new schedule")
    person.page.keyboard.press("Enter")
    expect(form(person)).to_contain_text("To make or change schedules needs the scope tasks:write")
    expect(form(person).get_by_role("button", name="Add schedule")).to_have_count(0)


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


def test_occurrences_go_on_beyond_their_first_page_and_all_are_named(yard: Yard) -> None:
    schedule = scheduled(yard)
    made = [yard.task(f"Report {number:03}")["id"] for number in range(102)]
    begun = {"outcome": "begun", "reason": None, "run": None, "decidedAt": "2026-06-08T07:00:01.000Z"}
    items = [
        {**begun, "at": f"2026-06-08T07:{number // 60:02}:{number % 60:02}.000Z", "track": each}
        for number, each in enumerate(made)
    ]
    person = yard.person()

    def answer(route: Any) -> None:
        last = "cursor" in route.request.url
        route.fulfill(json={"items": items[51:] if last else items[:51], "nextCursor": None if last else "next"})

    person.page.route("**/occurrences?**", answer)
    person.open(f"/schedules/{schedule['id']}")
    shown = person.page.locator("[data-occurrence]")
    expect(shown.get_by_text("Report 0")).to_have_count(51)
    person.press("More occurrences")
    expect(shown.get_by_text(re.compile(r"Report \d{3}"))).to_have_count(102)


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


# ---------------------------------------------------------------- made and changed


def form(person: Person) -> Any:
    return person.page.get_by_role("dialog")


def fill(person: Person, **fields: str) -> None:
    """Fill inputs of the form, and choose options, by the names of what it holds."""
    for name, text in fields.items():
        field = form(person).locator(f"#schedule-{name}")
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)


def save(person: Person) -> None:
    """Press Save, and wait until the form is gone: it tells of times in the same words as the page."""
    form(person).get_by_role("button", name="Save").click()
    expect(form(person)).to_have_count(0)


def only(yard: Yard) -> Json:
    """The workspace's only schedule, once there is one."""
    (made,) = until(lambda: yard.get("/v1/schedules")["items"], lambda found: found)
    return dict(made)


def test_a_schedule_is_made_by_its_parts_and_its_page_shows_when_it_is_due_next(yard: Yard) -> None:
    person = yard.person(timezone_id="Europe/Berlin")
    person.page.keyboard.press("Control+k")
    person.page.get_by_role("combobox", name="Search or jump to").fill("new sched")
    person.page.keyboard.press("Enter")
    fill(person, name="Report", title="Write the report", assignee=AGENT, dueInDays="2", how="week", time="08:30")
    form(person).get_by_label("Thursday").check()
    form(person).get_by_text("More of the task").click()
    fill(person, priority="high", projects=yard.project, requiresApproval="completion", ends="2099-01-01T12:00")
    expect(form(person)).to_contain_text("Every Monday and Thursday at 08:30 cron(30 8 ? * MON,THU *)")
    person.press("Add schedule")
    expect(person.page.get_by_role("heading", name="Report", level=1)).to_be_visible()
    made = only(yard)
    assert made["expression"] == "cron(30 8 ? * MON,THU *)"
    assert (made["timeZone"], made["endsAt"]) == ("Europe/Berlin", "2099-01-01T11:00:00.000Z")
    assert (made["overlap"], made["catchUp"], made["paused"]) == ("skip", "skip", False)
    task = made["createTask"]
    assert (task["title"], task["assignee"], task["dueInDays"]) == ("Write the report", AGENT, 2)
    assert task["scope"] == {"type": "projects", "ids": [yard.project]}
    assert (task["priority"], task["requiresApproval"]) == ("high", "completion")
    expect(person.page).to_have_url(f"{yard.url}/console/schedules/{made['id']}")
    expect(person.page.get_by_role("status").filter(has_text="Report is next due")).to_contain_text("Europe/Berlin")
    expect(person.page.locator(".upcoming time")).to_have_count(5)


def test_what_is_refused_stands_at_its_fields_all_at_once_and_the_first_has_the_focus(yard: Yard) -> None:
    person = yard.person(path="/schedules")
    person.expected = {400}
    person.press("New schedule")
    fill(person, how="cron", cron="every monday", timeZone="Mars/Olympus", dueInDays="9999")
    form(person).get_by_role("button", name="Add schedule").click()
    for name, words in {
        "name": "at least 1 character",
        "title": "at least 1 character",
        "dueInDays": "3650",
        "cron": "'every monday' is no expression",
        "timeZone": "'Mars/Olympus' is no time zone",
    }.items():
        expect(person.page.locator(f"#schedule-{name}-error")).to_contain_text(words)
        expect(person.page.locator(f"#schedule-{name}")).to_have_attribute("aria-invalid", "true")
    expect(person.page.locator("#schedule-name")).to_be_focused()
    # What the form cannot hold as a number goes as it was typed, and what stands together wrongly is told together.
    goal = goal_of(yard)
    fill(person, name="Book", does="runGoal", how="rate", count="1", unit="minutes", timeZone="UTC", overlap="allow")
    fill(person, goalId="book")
    form(person).get_by_role("button", name="The book").click()
    form(person).get_by_role("button", name="Add schedule").click()
    expect(person.page.locator("#schedule-how-error")).to_contain_text("is due every 1 min")
    expect(person.page.locator("#schedule-overlap-error")).to_contain_text("skip or queue")
    fill(person, count="1", unit="days", overlap="queue", catchUp="once", maxParallel="3")
    form(person).get_by_role("button", name="Add schedule").click()
    expect(person.page.get_by_role("heading", name="Book", level=1)).to_be_visible()
    made = only(yard)
    assert made["runGoal"] == {"id": goal, "maxParallel": 3, "onFailure": "stop"}
    assert (made["expression"], made["overlap"], made["catchUp"]) == ("rate(1 day)", "queue", "once")


def test_a_schedule_is_changed_in_what_was_changed_alone(yard: Yard) -> None:
    task = {"title": "Report", "scope": {"type": "projects", "ids": ["a", "b"]}, "metadata": {"kept": True}}
    schedule = scheduled(yard, createTask={**task, "dueInDays": 1}, startsAt="2099-03-01T08:00:00Z")
    path = f"/v1/schedules/{schedule['id']}"
    person = yard.person(path=f"/schedules/{schedule['id']}")
    sent: list[Json] = []
    person.page.on("request", lambda each: sent.append(each.post_data_json) if each.method == "PATCH" else None)
    person.press("Edit")
    expect(form(person).get_by_label("Repeats")).to_have_value("weekday")
    expect(form(person).get_by_label("Not before")).to_have_value("2099-03-01T09:00")
    save(person)
    person.press("Edit")
    fill(person, how="month", time="07:15", date="L", dueInDays="", title="Report of the month")
    save(person)
    person.see("On the last day of every month at 07:15")
    changed = {"title": "Report of the month", "dueInDays": None}
    (body,) = sent
    assert body.keys() == {"expression", "createTask"}
    after = yard.get(path)
    assert after["createTask"] == {**schedule["createTask"], **changed}
    assert after["expression"] == "cron(15 7 L * ? *)"


def test_who_changes_what_another_has_changed_meanwhile_chooses_between_both(yard: Yard) -> None:
    schedule = scheduled(yard)
    path = f"/v1/schedules/{schedule['id']}"
    person = yard.person(path=f"/schedules/{schedule['id']}")

    def change(**fields: Any) -> None:
        assert yard.api.patch(path, json=fields).is_success

    person.press("Edit")
    change(overlap="queue")
    fill(person, name="Mine", time="07:00")
    form(person).get_by_role("button", name="Save").click()
    expect(person.page.get_by_role("heading", name="Mine", level=1)).to_be_visible()
    assert {**yard.get(path), "upcoming": []}.items() >= {"name": "Mine", "overlap": "queue"}.items()
    person.press("Edit")
    change(name="Theirs")
    fill(person, name="Mine still")
    form(person).get_by_role("button", name="Save").click()
    person.see("This schedule was changed meanwhile")
    expect(person.page.get_by_label("Theirs", exact=True)).to_have_text("name: Theirs")
    assert yard.get(path)["name"] == "Theirs"
    person.press("Keep mine")
    expect(person.page.get_by_role("heading", name="Mine still", level=1)).to_be_visible()
    person.press("Edit")
    change(name="Theirs again")
    fill(person, name="Not this")
    form(person).get_by_role("button", name="Save").click()
    person.press("Take theirs")
    expect(person.page.get_by_role("heading", name="Theirs again", level=1)).to_be_visible()
    assert yard.get(path)["name"] == "Theirs again"


def test_a_task_and_a_goal_are_scheduled_from_their_pages(yard: Yard) -> None:
    task = yard.task("Sweep the yard", assignee=AGENT, assigneeType="agent")["id"]
    person = yard.person(path=f"/tasks/{task}", timezone_id="Asia/Tokyo")
    person.press("Schedule…")
    expect(form(person)).to_contain_text("Sweep the yard")
    fill(person, how="at", at="2099-05-01T09:00", agent="agent_eve")
    person.press("Add schedule")
    expect(form(person)).to_have_count(0)
    person.see("Once, on Fri, 1 May 2099, 09:00")
    made = only(yard)
    assert (made["name"], made["expression"]) == ("Sweep the yard", "at(2099-05-01T09:00:00)")
    assert made["runTask"] == {"id": task, "agent": "agent_eve"}
    assert (made["timeZone"], made["upcoming"]) == ("Asia/Tokyo", ["2099-05-01T00:00:00.000Z"])
    goal = goal_of(yard)
    person.open(f"/goals/{goal}")
    person.press("Schedule…")
    expect(form(person).get_by_label("Each time")).to_have_value("runGoal")
    expect(form(person)).to_contain_text("The book")


def test_what_was_typed_is_there_again_when_the_dialog_is_opened_anew(yard: Yard) -> None:
    person = yard.person(path="/schedules")
    person.press("New schedule")
    fill(person, name="Half a thought", how="rate")
    person.page.keyboard.press("Escape")
    expect(form(person)).to_have_count(0)
    person.press("New schedule")
    expect(form(person).get_by_label("Name", exact=True)).to_have_value("Half a thought")
    expect(form(person).get_by_label("Repeats")).to_have_value("rate")


def test_a_session_that_ended_leads_to_sign_in_and_back_to_the_form_with_what_was_typed(yard: Yard) -> None:
    schedule = scheduled(yard)
    person = yard.person(path=f"/schedules/{schedule['id']}")
    person.expected = {401}
    person.press("Edit")
    fill(person, name="Half a thought", how="month", date="15")
    person.context.clear_cookies()
    form(person).get_by_role("button", name="Save").click()
    expect(person.page.get_by_role("heading", name="Sign in")).to_be_visible()
    person.fill("Access token", yard.token)
    person.press("Sign in")
    expect(form(person).get_by_label("Name", exact=True)).to_have_value("Half a thought")
    save(person)
    person.see("On the 15th of every month at 09:00")
    assert yard.get(f"/v1/schedules/{schedule['id']}")["name"] == "Half a thought"


# ---------------------------------------------------------------- plain words


def module(person: Person) -> str:
    """The address of the module that reads expressions, in the release that is served."""
    return str(person.page.evaluate("document.querySelector('script[src]').src")).replace("app.js", "when.js")


def test_a_form_of_an_expression_gives_the_same_expression(yard: Yard) -> None:
    person = yard.person()
    kinds = {
        "cron(5 9 * * ? *)": "day",
        "cron(0 9 ? * * *)": "day",
        "cron(0 0 ? * MON-FRI *)": "weekday",
        "cron(30 23 ? * TUE,SUN *)": "week",
        "cron(0 9 31 * ? *)": "month",
        "cron(0 9 L * ? *)": "month",
        "rate(1 hour)": "rate",
        "rate(90 minutes)": "rate",
        "at(2099-12-24T09:00:00)": "at",
        "at(2099-12-24T09:00:05)": "at",
        "cron(0 9 ? * MON-FRI 2099)": "cron",
        "cron(0/15 9 * * ? *)": "cron",
        "cron(0 9 32 * ? *)": "cron",
        "cron(0 9 ? * 2 *)": "cron",
    }
    found = person.page.evaluate(
        """async ([address, all]) => {
          const {readTiming, writeTiming} = await import(address);
          return all.map((each) => [readTiming(each).how, writeTiming({days: [], ...readTiming(each)})]);
        }""",
        [module(person), list(kinds)],
    )
    same = {"cron(0 9 ? * * *)": "cron(0 9 * * ? *)"}
    assert found == [[kind, same.get(each, each)] for each, kind in kinds.items()]


def test_a_local_time_is_that_of_the_schedules_zone(yard: Yard) -> None:
    person = yard.person()
    given = {
        ("2026-06-08T09:00", "Europe/Berlin"): ["2026-06-08T07:00:00.000Z", "2026-06-08T09:00"],
        # A clock change leaves it out: an hour later, as calendars have it.
        ("2026-03-29T02:30", "Europe/Berlin"): ["2026-03-29T01:30:00.000Z", "2026-03-29T03:30"],
        ("2026-01-01T00:15", "Asia/Kathmandu"): ["2025-12-31T18:30:00.000Z", "2026-01-01T00:15"],
        # A zone that the browser does not know.
        ("2026-01-01T00:15", "Mars/Olympus"): ["2026-01-01T00:15:00.000Z", "2026-01-01T00:15"],
    }
    found = person.page.evaluate(
        """async ([address, all]) => {
          const {instantOf, localOf} = await import(address);
          return all.map(([local, zone]) => [instantOf(local, zone), localOf(instantOf(local, zone), zone)]);
        }""",
        [module(person), [list(each) for each in given]],
    )
    assert found == list(given.values())


def test_an_expression_is_told_in_plain_words(yard: Yard) -> None:
    person = yard.person()
    tell = "async ([address, all]) => { const {inWords} = await import(address); return all.map(inWords); }"
    said = person.page.evaluate(tell, [module(person), list(WORDS)])
    assert dict(zip(WORDS, said, strict=True)) == WORDS
