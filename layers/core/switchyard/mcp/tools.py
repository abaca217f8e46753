"""The tools: what each is called, takes and gives, what it needs, and which function of a surface it calls."""

from collections.abc import Callable, Mapping
from typing import Any

from switchyard.domain import lifecycle
from switchyard.domain.claims import Claimable
from switchyard.domain.errors import NotFound
from switchyard.domain.ids import task_id
from switchyard.domain.runs import Run
from switchyard.domain.structs import Struct, replace
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.models import Model
from switchyard.http.validation import checked, read_id
from switchyard.ledger import runs
from switchyard.ledger.unit import Unit
from switchyard.mcp import models
from switchyard.store.ready import Wanted
from switchyard.surfaces.followups import present, tasks
from switchyard.surfaces.followups.models import CreateTask, ListTasks
from switchyard.surfaces.followups.statuses import Word
from switchyard.surfaces.planning import apply, search
from switchyard.surfaces.planning.models import Filter, SearchTracks
from switchyard.surfaces.pool import claims
from switchyard.surfaces.runs import claims as run_claims
from switchyard.surfaces.runs import present as run_present

READ = {"readOnlyHint": True, "openWorldHint": False}
#: Adds only. The same call again adds again, unless it carries an idempotency key.
ADD = {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": False, "openWorldHint": False}
#: Brings a task to a state: the same call again changes nothing.
SET = {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
#: Overwrites what was there.
OVERWRITE = {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": False}

#: Comments that are read at once.
_COMMENTS = 50
#: Fields of a task that its schema requires, empty or not: an untitled task has a title.
_REQUIRED = frozenset(name for name, field in models.Task.model_fields.items() if field.is_required())


class Tool[Body: Model](Struct):
    """One tool. `run` gets the call with the validated input as its body.

    `wants` says which status arguments, as they were sent, mean to give the track whose id `about` returns.
    """

    name: str
    description: str
    scope: str
    input: type[Body]
    output: type[Model]
    annotations: dict[str, bool]
    run: Callable[[Call[Body]], Reply]
    wants: Callable[[Mapping[str, Any]], str | None] = lambda _: None
    about: Callable[[Mapping[str, Any]], object] = lambda sent: sent.get("task_id")


def _one(call: AnyCall, track: Track) -> Reply:
    overruled = [task_id(each) for each in call.unit.overruled]
    noted = {"overruled": overruled} if overruled else {}
    return Reply(200, {"task": _brief(track), **noted, "request_id": call.request.id})


def _brief(track: Track) -> dict[str, Any]:
    """A task without empty fields that its schema does not require: they would be paid for in tokens."""
    shown = present.task(track).items()
    return {name: value for name, value in shown if name in _REQUIRED or value not in (None, "")}


def _create_task(call: Call[CreateTask]) -> Reply:
    return _one(call, tasks.create(call.unit, call.body))


def _get_task(call: Call[models.GetTask]) -> Reply:
    return _one(call, tasks.find(call.unit, call.body.task_id))


def _list_tasks(call: Call[models.ListTasks]) -> Reply:
    given = call.body
    wanted = ListTasks.model_construct(**{name: getattr(given, name) for name in models.ListTasks.model_fields})
    found, cursor = tasks.page(call.unit, wanted)
    following = {"next_cursor": cursor} if cursor else {}
    return Reply(200, {"tasks": [_brief(each) for each in found], **following, "request_id": call.request.id})


def _complete_task(call: Call[models.CompleteTask]) -> Reply:
    given = call.body
    return _one(call, _updated(call.unit, given.task_id, "completed", given.completed_note))


def _update_task(call: Call[models.UpdateTask]) -> Reply:
    given = call.body
    return _one(call, _updated(call.unit, given.task_id, given.status, given.completed_note))


def _updated(unit: Unit, task_id: str, status: Word | None, note: str | None) -> Track:
    """Gather a change of a task; its end is also that of its run, if the actor holds one."""
    before = tasks.find(unit, task_id)
    run = runs.held(unit, before)
    if run and status == "completed" and before.requires_approval == "completion":
        runs.change(unit, before, run, status="completed")
        return unit.gathered(before)
    after = tasks.update(unit, task_id, status, note)
    if run and after.status in lifecycle.FINAL:
        runs.change(unit, after, run, status="completed" if lifecycle.is_done(after.status) else "cancelled")
    return unit.gathered(after)


def _claim_next_task(call: Call[models.ClaimNextTask]) -> Reply:
    """Runs come first; one is offered whatever its task's priority, so a wish for one leaves them out."""
    given = call.body
    drawn = None if given.priority else run_claims.draw(call.unit, given.lease_seconds, given.project_id)
    if drawn:
        task, run = drawn
        message = run_present.message(run)
        shown = {"id": run.id, "url": run_present.url(call.request.base_url, run)}
        return _claimed(call, task, run, run=shown | ({"message": message} if message else {}))
    track = claims.draw(call.unit, Wanted(None, given.project_id, given.priority), given.lease_seconds)
    return _claimed(call, track, track) if track else Reply(200, {"request_id": call.request.id})


def _claimed(call: AnyCall, task: Track, held: Claimable, **more: Any) -> Reply:
    claim = {"holder": held.holder, "fence": held.fence, "lease_expires_at": held.lease_until}
    shown = _brief(call.unit.gathered(task))
    return Reply(200, {"task": shown, "claim": claim, **more, "request_id": call.request.id})


def _ask(call: Call[models.Ask]) -> Reply:
    """Ask in the name of the task's latest run, or show its latest question."""
    # Imported here: most messages ask nothing.
    from switchyard.domain import questions as asking
    from switchyard.ledger import questions

    given, unit = call.body, call.unit
    task = tasks.find(unit, given.task_id)
    if task.latest_run_id is None:
        raise NotFound("The task has no run: only a run asks. Write into the task's description instead.")
    task, run = runs.find(unit, task.id, task.latest_run_id)
    if given.text is None:
        question = questions.latest(unit, run)
        if question is None:
            raise NotFound("The run has asked nothing: send a text.")
    else:
        fields = {name: getattr(given, name) for name in ("choices", "default", "deadline")}
        question = asking.ask(run, call.actor, given.text, **fields)
        run = questions.ask(unit, task, run, question)
    answer = {"answer": question.answer, "answered_by": question.answered_by} if question.is_answered else {}
    shown = {"question_id": question.id, "status": question.state(run), "text": question.text}
    said: dict[str, Any] = _said(call, run) if given.text is None and run.comment_id else {}
    return Reply(200, {**shown, **answer, **said, "request_id": call.request.id})


def _said(call: AnyCall, run: Run) -> dict[str, Any]:
    """Return what others have said of the task since the run began: 1 query."""
    from switchyard.surfaces.runs import comments

    return {"comments": comments.told(call.unit.table, run, None, call.actor.id)}


def _comment(call: Call[models.Comment]) -> Reply:
    """Comment on a task, or read the comments on it, the oldest first."""
    # Imported here, as above.
    from switchyard.ledger import comments
    from switchyard.store import comments as rows
    from switchyard.surfaces.runs.comments import shown as comment

    given, unit = call.body, call.unit
    task = tasks.find(unit, given.task_id)
    if given.text is not None:
        found = [comments.create(unit, task, given.text)]
    else:
        after = checked("after", read_id, given.after) if given.after else None
        page = rows.of_track(unit.table, task.tenant_id, task.id, _COMMENTS, after)
        found = [rows.from_item(each) for each in page.items]
    shown = [comment(each) for each in found if not each.deleted_at]
    return Reply(200, {"comments": shown, "request_id": call.request.id})


def _plan_work(call: Call[models.PlanWork]) -> Reply:
    reply = _with_request_id(call, apply.apply(call))
    unknown = list(call.unit.unknown_projects)
    return replace(reply, body={**reply.body, "unknown_projects": unknown}) if unknown else reply


def _search_tracks(call: Call[models.SearchTracks]) -> Reply:
    given = call.body
    filters = {name: getattr(given, name) for name in given.model_fields_set & Filter.model_fields.keys()}
    body = SearchTracks.model_construct(
        type=given.type, query=given.query, filter=Filter.model_construct(**filters), cursor=given.cursor
    )
    found = search.search(Call(call.request, call.actor, body, None, unit=call.unit), prefix="")
    return _with_request_id(call, found)


def _with_request_id(call: AnyCall, reply: Reply) -> Reply:
    return replace(reply, body={**reply.body, "request_id": call.request.id})


_ALL: tuple[Tool[Any], ...] = (
    Tool(
        "create_task",
        "Create a task for a user, agent, contact, company, or deal.",
        "tasks:write",
        CreateTask,
        models.OneTask,
        ADD,
        _create_task,
    ),
    Tool(
        "list_tasks",
        "List tasks by status or assignee, newest first.",
        "tasks:read",
        models.ListTasks,
        models.Tasks,
        READ,
        _list_tasks,
    ),
    Tool("get_task", "Read one task.", "tasks:read", models.GetTask, models.OneTask, READ, _get_task),
    Tool(
        "update_task",
        "Complete, cancel or reopen a task.",
        "tasks:write",
        models.UpdateTask,
        models.OneTask,
        SET,
        _update_task,
        tasks.wanted,
    ),
    Tool(
        "complete_task",
        "Deprecated: use update_task with status completed.",
        "tasks:write",
        models.CompleteTask,
        models.OneTask,
        SET,
        _complete_task,
        lambda _: "done",
    ),
    Tool(
        "claim_next_task",
        "Take the next task to work on, exclusively until the lease ends: one whose run waits for an agent (then with "
        "run), else the most urgent ready one. No task in the result: none is ready. Finish with update_task.",
        "tasks:write",
        models.ClaimNextTask,
        models.ClaimedTask,
        ADD,
        _claim_next_task,
    ),
    Tool(
        "ask",
        "Ask a person in the run that you hold of a task. The run waits. Call again without text for the answer.",
        "tasks:write",
        models.Ask,
        models.Asked,
        ADD,
        _ask,
    ),
    Tool(
        "comment",
        "Comment on a task in Markdown (@id mentions), or read its comments (without text, 50 after one).",
        "tasks:write",
        models.Comment,
        models.Comments,
        ADD,
        _comment,
    ),
    Tool(
        "plan_work",
        "Create or change many tasks and goals at once, all or none. A draft's id is a track's UUID to change it, "
        "or a label for a new one, usable in dependsOn, parentId and goalId.",
        "tasks:write",
        models.PlanWork,
        models.Planned,
        OVERWRITE,
        _plan_work,
        apply.wanted,
        apply.about,
    ),
    Tool(
        "search_tracks",
        "Search tasks or goals by keyword and filter, with dependencies and finer statuses.",
        "tasks:read",
        models.SearchTracks,
        models.Tracks,
        READ,
        _search_tracks,
    ),
)

TOOLS: dict[str, Tool[Any]] = {tool.name: tool for tool in _ALL}
