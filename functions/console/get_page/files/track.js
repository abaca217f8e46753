// One task: all its fields, what it depends on, its runs, its files, its history.
import { html, useEffect, useState } from "./html.js";
import { get, may, send } from "./api.js";
import { go, route, to } from "./router.js";
import { Button, Empty, PRIORITIES, Status, TASK_STATUSES, Time, Wait, attempt, capital, say, statusWord, usePoll } from "./ui.js";
import { askMembers, keep, people, projects, remove, tasks } from "./tracks.js";
import { open } from "./app.js";
import { Edit } from "./edit.js";
import { Pick } from "./pick.js";
import { Drop, stage, staged } from "./files.js";
import { History } from "./history.js";
import { Comments } from "./comments.js";
import { More, usePages } from "./pages.js";

const POLL_MS = 5_000;

export function TrackScreen() {
  const id = route.value.parts[0];
  const [saved, setSaved] = useState(/** @type {any} */ (tasks.value.get(id)));
  const { value, error, refresh } = usePoll(() => get(`/v1/tracks/${id}`), POLL_MS, [id]);
  useEffect(() => {
    if (value && (!saved || value.version >= saved.version)) {
      setSaved(value);
      keep(value);
    }
  }, [value]);
  useEffect(() => {
    if (value && value.type === "goal") go(to.goal(id), { replace: true });
  }, [value]);
  if (error && error.status === 404) return html`<main id="main" tabindex="-1"><${Empty} title="There is no such task">It was deleted, or it is not yours to see. <a href=${to.board()}>Back to the board</a><//></main>`;
  if (!saved || saved.type === "goal") return html`<main id="main" tabindex="-1"><${Wait} error=${error} /></main>`;
  return html`<${Task} track=${saved} onSaved=${(/** @type {any} */ track) => { setSaved(track); keep(track); }} refresh=${refresh} />`;
}

/** @param {{track: any, onSaved: (track: any) => void, refresh: () => Promise<void>}} props */
function Task({ track, onSaved, refresh }) {
  const edit = { track, onSaved };
  useEffect(() => void attempt(askMembers), []);
  const isOpen = !["done", "cancelled"].includes(track.task.status);
  const erase = async () => {
    if (!confirm(`Delete “${track.title}”? What depends on it stays blocked unless it was done.`)) return;
    if (await attempt(async () => (await remove(track), true))) go(to.board());
  };
  return html`<main id="main" tabindex="-1" class="detail">
    <header class="bar">
      <div><p class="crumbs"><a href=${to.board()}>Board</a>${track.task.goalId && html` / <a href=${to.goal(track.task.goalId)}>Goal</a>`}</p>
        <h1>${track.title}</h1>
        <p class="under"><${Status} status=${track.task.status} />
          ${track.openDependencies > 0 && isOpen && html`<${Status} status="blocked" note=${`waits for ${track.openDependencies}`} />`}
          ${track.claim && html`<span>held by <b>${track.claim.holder}</b> until <${Time} at=${track.claim.leaseExpiresAt} /></span>`}
          <span>changed <${Time} at=${track.updatedAt} /> by ${track.changedBy.id}</span></p></div>
      <div class="actions">${may("tasks:write") && html`<${Button} onClick=${() => open("schedule", { begins: { does: "runTask", taskId: track.id, name: track.title.slice(0, 200) } })}>Schedule…<//>`}${isOpen && may("tasks:write") && html`<${RunIt} track=${track} onStarted=${refresh} />`}
        ${may("tasks:write") && html`<${Button} kind="danger" onClick=${erase}>Delete<//>`}</div>
    </header>
    <div class="split">
      <div>
        <${Edit} ...${edit} name="title" label="Title" wide=${true} />
        <${Edit} ...${edit} name="description" label="Description" input="textarea" wide=${true} placeholder="What is to be done, and how one sees that it is done" />
        <section class="panel"><h2>Depends on</h2><${Pick} ...${edit} name="dependsOn" label="Depends on" type="task" many=${true} none="Nothing: it can begin at any time." /></section>
        <${Waiting} track=${track} />
        <${Comments} track=${track.id} />
        <${Runs} track=${track} />
        <section class="panel"><h2>Files for the next run</h2>
          ${(staged.value[track.id] || []).map((/** @type {any} */ each) => html`<p class="file-name" key=${each.id}>${each.name}</p>`)}
          ${may("tasks:write") && html`<${Drop} label="Files for the next run" onFiles=${(/** @type {File[]} */ files) => stage(track.id, files)} />`}
        </section>
        ${may("audit:read") && html`<${History} track=${track.id} version=${track.version} />`}
      </div>
      <aside class="panel fields">
        <${Edit} ...${edit} name="task.status" label="Status" options=${[["", "No status"], ...TASK_STATUSES.map((each) => [each, statusWord(each)])]} />
        <${Edit} ...${edit} name="priority" label="Priority" options=${PRIORITIES.map((each) => [each, capital(each)])} />
        <${Edit} ...${edit} name="task.dueDate" label="Due" input="date" />
        <${Edit} ...${edit} name="task.assignee" label="Assignee" suggestions=${people.value} placeholder="nobody" />
        <${Edit} ...${edit} name="task.assigneeType" label="Assignee is" options=${[["", "not said"], ["user", "a person"], ["agent", "an agent"]]} />
        ${track.scope.type === "projects" && html`<${Edit} ...${edit} name="scope.ids" label="Projects" kind="list" suggestions=${projects.value} placeholder="none" body=${(/** @type {any} */ ids) => ({ scope: { type: "projects", ids } })} />`}
        <${Edit} ...${edit} name="task.requiresApproval" label="A person approves" options=${[["", "nothing"], ["start", "the start of each run"], ["completion", "its completion"]]} />
        <div class="field"><span class="label">Goal</span><${Pick} ...${edit} name="goalId" label="Goal" type="goal" none="Belongs to no goal." /></div>
        <div class="field"><span class="label">Parent</span><${Pick} ...${edit} name="parentId" label="Parent" type="task" none="Is part of no other task." /></div>
        <${Edit} ...${edit} name="relatedResource" label="Related" kind="related" placeholder="type: id" hint="A thing of another system, as type: id" />
        <${Edit} ...${edit} name="metadata" label="Metadata" kind="json" input="textarea" hint="JSON, at most 32 KB" />
        <dl><dt>Created</dt><dd><${Time} at=${track.createdAt} /> by ${track.createdBy}</dd><dt>Version</dt><dd>${track.version}</dd>
          <dt>Seen by</dt><dd>${track.scope.type === "personal" ? "its maker alone" : "the workspace"}</dd><dt>Id</dt><dd class="mono">${track.id}</dd>
          ${track.completedNote && html`<dt>Note</dt><dd>${track.completedNote}</dd>`}</dl>
      </aside>
    </div>
  </main>`;
}

/** @param {{track: any, onStarted: () => Promise<void>}} props */
function RunIt({ track, onStarted }) {
  const start = async () => {
    const files = staged.value[track.id] || [];
    const body = files.length ? { pending_user_artifact_ids: files.map((/** @type {any} */ each) => each.id) } : {};
    const task = await attempt(() => send("POST", `/api/projects/-/tasks/${track.id}/run`, body));
    if (!task) return;
    staged.value = { ...staged.value, [track.id]: [] };
    say("The run is queued: an agent can pick it up.");
    await onStarted();
    go(to.run(track.id, task.latest_run.id));
  };
  return html`<${Button} kind="primary" onClick=${start}>Run<//>`;
}

/** What waits for a task, and what is part of it. @param {{track: any}} props */
function Waiting({ track }) {
  const read = (/** @type {string} */ name) => get(`/v1/tracks?type=task&limit=25&${name}=${track.id}`);
  const { value } = usePoll(() => Promise.all(["dependsOn", "parentId"].map(read)).then((pages) => pages.map((page) => page.items)), 4 * POLL_MS, [track.id]);
  const parts = /** @type {[string, any[]][]} */ (value ? [["What waits for it", value[0]], ["Parts of it", value[1]]] : []);
  return parts.filter(([, items]) => items.length).map(([title, items]) => html`<section class="panel" key=${title}><h2>${title}</h2><ul class="links">
    ${items.map((each) => html`<li key=${each.id}><a class="grow" href=${to.task(each.id)}>${each.title}</a><${Status} status=${each.task.status} /></li>`)}</ul></section>`);
}

/** @param {{track: any}} props */
function Runs({ track }) {
  const { items: runs = [], error, more } = usePages(`/api/projects/-/tasks/${track.id}/runs?limit=20`, POLL_MS);
  return html`<section class="panel"><h2>Runs</h2>
    ${error ? html`<${Wait} error=${error} />` : runs.length
      ? html`<ul class="links">${runs.map((run) => html`<li key=${run.id}><a href=${to.run(track.id, run.id)} data-item=${run.id}>Run of <${Time} at=${run.created_at} /></a>
          <${Status} status=${run.status} note=${run.stage} /><span class="quiet">${run.holder || run.agent || "any agent"}</span></li>`)}</ul><${More} more=${more} what="runs" />`
      : html`<p class="quiet">No agent has worked on it. “Run” offers it to agents.</p>`}
  </section>`;
}
