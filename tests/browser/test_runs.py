"""Runs and goal runs, carried out by the reference worker and watched in the browser."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import AGENT, PATIENCE, Yard, until

SLOW = PATIENCE * 2_000


def test_a_run_is_started_with_a_file_followed_to_its_end_and_its_file_fetched(yard: Yard, tmp_path: Path) -> None:
    task = yard.task("Write the report", assignee=AGENT, assigneeType="agent", status="todo")
    notes = tmp_path / "notes.txt"
    notes.write_text("Mind the figures.")
    person = yard.person(path=f"/tasks/{task['id']}")
    person.page.get_by_label("Files for the next run").set_input_files(notes)
    person.see("notes.txt is there")
    person.press("Run")
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Run of Write the report")
    expect(person.page.get_by_text("Queued").first).to_be_visible()
    person.see("notes.txt")
    file = "new File(['A late thought.'], 'more.txt', {type: 'text/plain'})"
    held = f"() => {{ const data = new DataTransfer(); data.items.add({file}); return data; }}"
    dropped = person.page.evaluate_handle(held)
    person.page.get_by_text("Files for the run").dispatch_event("drop", {"dataTransfer": dropped})
    person.see("more.txt is there")
    yard.work("printf '\\033[32mstep one\\033[0m\\n'; sleep 1; echo step two; sleep 4; echo the end")
    log = person.page.get_by_role("region", name="Log")
    expect(log).to_contain_text("step two", timeout=SLOW)
    expect(log.locator(".ansi-green")).to_have_text("step one")
    expect(person.page.get_by_text("In progress").first).to_be_visible()
    expect(log).to_contain_text("the end", timeout=SLOW)
    expect(person.page.locator("main header")).to_contain_text("Completed", timeout=SLOW)
    person.see("after", exact=False)
    person.page.get_by_label("Search the log").fill("two")
    person.see("1 of")
    person.page.get_by_label("Search the log").fill("")
    with person.page.expect_download() as begun:
        person.press("Download notes.txt")
    assert begun.value.path().read_text() == "Mind the figures."
    with person.page.expect_download() as begun:
        person.press("Download more.txt")
    assert begun.value.path().read_text() == "A late thought."
    person.shot("run")
    assert yard.get(f"/v1/tracks/{task['id']}")["task"]["status"] == "done"


def test_an_output_is_shown_against_the_schema_of_its_task(yard: Yard) -> None:
    task = yard.task("Count the rows")["id"]
    schema = {"type": "object", "required": ["rows", "pages"]}
    assert yard.api.patch(f"/api/projects/-/tasks/{task}", json={"json_schema": schema}).is_success
    base = f"/api/projects/-/tasks/{task}/runs"
    run = yard.post(base, {"environment": "local"})["id"]
    person = yard.person(path=f"/runs/{task}/{run}")
    person.see("It has to fit the task's schema.")
    assert yard.api.patch(f"{base}/{run}", json={"output": {"rows": 3}}).is_success
    person.see("Lacks pages of the task's schema.")
    assert yard.api.patch(f"{base}/{run}/set_output", json={"output": {"rows": 3, "pages": 1}}).is_success
    person.see("Checked against the task's schema when it was set.")
    expect(person.page.get_by_label("Output")).to_contain_text('"pages": 1')


def test_older_runs_are_read_a_page_at_a_time(yard: Yard) -> None:
    for number in range(5):
        yard.post(f"/api/projects/-/tasks/{yard.task(f'Job {number}')['id']}/run")
    person = yard.person()
    few = "**/api/v1/executions?limit=50*"
    person.page.route(few, lambda route: route.continue_(url=route.request.url.replace("limit=50", "limit=2")))
    person.page.keyboard.press("g")
    person.page.keyboard.press("r")
    runs = person.page.get_by_role("checkbox")
    for shown in (2, 4):
        expect(runs).to_have_count(shown)
        person.press("Older runs")
    expect(runs).to_have_count(5)
    expect(person.page.get_by_role("button", name="Older runs")).to_have_count(0)
    assert [each.get_attribute("aria-label") for each in runs.all()] == [
        f"Choose the run of Job {number}" for number in reversed(range(5))
    ]


def test_runs_are_cancelled_and_tried_again_several_at_once(yard: Yard) -> None:
    tasks = [yard.task(f"Job {number}", assignee=AGENT, assigneeType="agent") for number in range(3)]
    for each in tasks:
        yard.post(f"/api/projects/-/tasks/{each['id']}/run")
    person = yard.person(path="/inbox")
    person.see("Job 2")
    person.page.keyboard.press("g")
    person.page.keyboard.press("r")
    for number in (0, 1):
        person.page.get_by_label(f"Choose the run of Job {number}").check()
    person.press("Cancel 2")
    person.see("2 of 2 cancelled")
    person.page.get_by_label("Status", exact=True).select_option("cancelled")
    person.see("Job 1")
    expect(person.page.get_by_text("Job 2")).to_have_count(0)
    person.page.get_by_label("Choose the run of Job 1").check()
    person.press("Retry 1")
    person.see("1 of 1 queued again")
    expect(person.page.get_by_text("Job 1")).to_have_count(0)
    person.page.get_by_text("Job 0").click()
    person.press("Resume")
    expect(person.page.locator("main header")).to_contain_text("Queued")
    person.press("Cancel")
    expect(person.page.locator("main header")).to_contain_text("Cancelled")


def test_a_goal_is_planned_run_and_watched_without_leaving_the_browser(yard: Yard) -> None:
    person = yard.person(path="/goals")
    person.press("New goal")
    person.page.get_by_role("dialog").get_by_label("Title").fill("The handbook is out")
    person.press("Add goal")
    expect(person.page.get_by_role("heading", level=1)).to_have_text("The handbook is out")
    titles = ["Outline it", "Draft the first part", "Draft the second part", "Proof-read all of it"]
    for title in titles:
        person.press("Add task")
        dialog = person.page.get_by_role("dialog")
        dialog.get_by_label("Title").fill(title)
        dialog.get_by_label("Assignee", exact=True).fill(AGENT)
        dialog.get_by_role("button", name="Add task").click()
        expect(person.page.get_by_role("link", name=title).first).to_be_visible()
    for title, before in ((titles[1], titles[:1]), (titles[2], titles[:1]), (titles[3], titles[1:3])):
        person.press(f"After… (what {title} depends on)")
        for each in before:
            person.page.get_by_role("dialog").get_by_label(each).check()
        person.press("Save")
        expect(person.page.get_by_role("dialog")).to_have_count(0)
    graph = person.page.get_by_role("region", name="Dependencies")
    expect(graph.locator(".node")).to_have_count(4)
    expect(graph.locator(".node.critical")).to_have_count(3)
    expect(person.page.get_by_text("longest chain: 3 unfinished")).to_be_visible()
    yard.work("echo working; sleep 1")
    person.press("Run goal")
    person.page.get_by_role("dialog").get_by_role("button", name="Run goal").click()
    expect(graph.locator(".state-running").first).to_be_visible(timeout=SLOW)
    expect(graph.locator(".state-completed").first).to_be_visible(timeout=SLOW)
    person.shot("goal")
    expect(graph.locator(".state-completed")).to_have_count(4, timeout=SLOW)
    expect(person.page.get_by_role("region", name="Goal run")).to_contain_text("Completed", timeout=SLOW)
    # The same on a phone.
    person.page.set_viewport_size({"width": 360, "height": 740})
    person.page.reload()
    expect(graph.locator(".state-completed")).to_have_count(4, timeout=SLOW)
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 360
    person.shot("goal-phone")
    goal = person.page.url.rpartition("/")[2]
    until(lambda: yard.get(f"/v1/tracks/{goal}")["rollup"], lambda found: found["tasksDone"] == 4)


def test_a_goal_run_is_cancelled_with_the_runs_that_it_started(yard: Yard) -> None:
    goal = yard.post("/v1/tracks", {"type": "goal", "title": "Ship", "scope": {"type": "projects", "ids": []}})["id"]
    task = yard.task("Build it", goalId=goal, assignee=AGENT, assigneeType="agent")["id"]
    yard.post(f"/v1/tracks/{goal}/run")
    run = until(lambda: yard.get(f"/v1/tracks/{task}")["latestRun"], lambda found: found)["id"]
    person = yard.person(path=f"/goals/{goal}")
    person.page.once("dialog", lambda asked: asked.accept())
    person.press("Cancel run")
    expect(person.page.get_by_role("region", name="Goal run")).to_contain_text("Cancelled", timeout=SLOW)
    path = f"/api/projects/-/tasks/{task}/runs/{run}"
    until(lambda: yard.get(path)["status"], lambda status: status == "cancelled")


def test_a_goal_run_that_can_not_begin_says_why(yard: Yard) -> None:
    goal = yard.post("/v1/tracks", {"type": "goal", "title": "Empty", "scope": {"type": "projects", "ids": []}})
    person = yard.person(path=f"/goals/{goal['id']}")
    person.expected = {400, 409}
    person.press("Run goal")
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_label("Runs at the same time").fill("0")
    dialog.get_by_role("button", name="Run goal").click()
    expect(person.page.locator("#parallel-error")).to_be_visible()
    dialog.get_by_label("Runs at the same time").fill("5")
    dialog.get_by_role("button", name="Run goal").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
