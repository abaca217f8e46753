// One goal: its tasks and what they depend on, and its run as it goes on.
import { html, useEffect, useMemo, useState } from "./html.js";
import { ApiError, get, may, send } from "./api.js";
import { go, route, to } from "./router.js";
import { Button, Dialog, Empty, Field, GOAL_STATUSES, PRIORITIES, Status, Time, Wait, attempt, capital, say, statusWord, usePoll } from "./ui.js";
import { change, remove } from "./tracks.js";
import { open } from "./app.js";
import { Edit } from "./edit.js";
import { Graph } from "./graph.js";
import { Progress } from "./goals.js";
import { History } from "./history.js";

const POLL_MS = 3_000;
const NOTHING = { nodes: [], edges: [], ready: [], blocked: [], stuck: [], criticalPathLength: 0, truncated: false };

/** The latest run of a goal; null when it has had none. @param {string} id */
async function runOf(id) {
  try {
    return await get(`/v1/tracks/${id}/run?limit=200`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export function Goal() {
  const id = route.value.parts[0];
  const [saved, setSaved] = useState(/** @type {any} */ (null));
  const goal = usePoll(() => get(`/v1/tracks/${id}`), POLL_MS * 2, [id]);
  const graph = usePoll(() => get(`/v1/tracks/${id}/graph`), POLL_MS, [id]);
  const run = usePoll(() => runOf(id), POLL_MS, [id]);
  useEffect(() => {
    if (goal.value && (!saved || goal.value.version >= saved.version)) setSaved(goal.value);
  }, [goal.value]);
  if (goal.error && goal.error.status === 404) return html`<main id="main" tabindex="-1"><${Empty} title="There is no such goal">It was deleted, or it is not yours to see. <a href=${to.screen("goals")}>All goals</a><//></main>`;
  if (!saved) return html`<main id="main" tabindex="-1"><${Wait} error=${goal.error} /></main>`;
  const refresh = async () => void (await Promise.all([goal.refresh(), graph.refresh(), run.refresh()]));
  const found = graph.value || NOTHING;
  const states = new Map((run.value ? run.value.tasks : []).map((/** @type {any} */ each) => [each.id, each]));
  const edit = { track: saved, onSaved: setSaved };
  const add = () => open("task", { goalId: id, scope: saved.scope, onMade: refresh });
  const erase = async () => {
    if (confirm(`Delete the goal “${saved.title}”? Its tasks stay.`) && (await attempt(async () => (await remove(saved), true)))) go(to.screen("goals"));
  };
  return html`<main id="main" tabindex="-1" class="detail">
    <header class="bar">
      <div><p class="crumbs"><a href=${to.screen("goals")}>Goals</a></p><h1>${saved.title}</h1>
        <p class="under"><${Status} status=${saved.goal.status} /><${Progress} rollup=${saved.rollup} />
          ${found.criticalPathLength > 1 && html`<span>longest chain: <b>${found.criticalPathLength}</b> unfinished</span>`}
          ${found.stuck.length > 0 && html`<${Status} status="stuck" note=${`${found.stuck.length} wait for what was cancelled`} />`}</p></div>
      <div class="actions">${may("tasks:write") && html`<${Button} onClick=${add}>Add task<//><${Button} onClick=${() => open("schedule", { begins: { does: "runGoal", goalId: id, name: saved.title.slice(0, 200) } })}>Schedule…<//>
        <${RunGoal} id=${id} run=${run.value} refresh=${refresh} /><${Button} kind="danger" onClick=${erase}>Delete<//>`}</div>
    </header>
    ${run.value && html`<${GoalRun} run=${run.value} />`}
    <section class="panel"><h2>Dependencies ${found.truncated && html`<span class="count">the first 500</span>`}</h2>
      ${!graph.value ? html`<${Wait} error=${graph.error} />` : found.nodes.length ? html`<${Graph} graph=${found} states=${states} />`
        : html`<${Empty} title="This goal has no tasks yet">Add the first with “Add task”, assign it to an agent, and say what it depends on.<//>`}
    </section>
    <div class="split">
      <div>
        ${found.nodes.length > 0 && html`<section class="panel"><h2>Tasks</h2><ul class="table">${found.nodes.map((/** @type {any} */ node) => html`<${TaskRow} key=${node.id} node=${node} graph=${found} state=${states.get(node.id)} refresh=${refresh} />`)}</ul></section>`}
        ${may("audit:read") && html`<${History} track=${id} version=${saved.version} />`}
      </div>
      <aside class="panel fields">
        <${Edit} ...${edit} name="title" label="Title" />
        <${Edit} ...${edit} name="description" label="Description" input="textarea" />
        <${Edit} ...${edit} name="goal.status" label="Status" options=${GOAL_STATUSES.map((each) => [each, statusWord(each)])} />
        <${Edit} ...${edit} name="priority" label="Priority" options=${PRIORITIES.map((each) => [each, capital(each)])} />
        <${Edit} ...${edit} name="goal.dueDate" label="Due" input="date" />
        <${Edit} ...${edit} name="goal.progress" label="Progress as someone set it, %" kind="number" input="number" />
        <${Edit} ...${edit} name="metadata" label="Metadata" kind="json" input="textarea" />
        <dl><dt>Created</dt><dd><${Time} at=${saved.createdAt} /> by ${saved.createdBy}</dd><dt>Id</dt><dd class="mono">${saved.id}</dd></dl>
      </aside>
    </div>
  </main>`;
}

/** @param {any} props */
function TaskRow({ node, graph, state, refresh }) {
  const [choosing, setChoosing] = useState(false);
  const before = graph.edges.filter((/** @type {any} */ each) => each.from === node.id).map((/** @type {any} */ each) => each.dependsOn);
  const named = before.map((/** @type {string} */ id) => (graph.nodes.find((/** @type {any} */ each) => each.id === id) || { title: id }).title);
  return html`<li class="row"><span class="grow"><a class="strong" href=${to.task(node.id)}>${node.title}</a>${named.length > 0 && html`<br /><span class="quiet">after ${named.join(", ")}</span>`}</span>
    <span class="quiet">${node.assignee || "unassigned"}</span><${Status} status=${(state && state.state) || node.status} />
    ${state && state.runId && html`<a href=${to.run(node.id, state.runId)}>run</a>`}
    ${may("tasks:write") && html`<${Button} label=${`After… (what ${node.title} depends on)`} onClick=${() => setChoosing(true)}>After…<//>`}
    ${choosing && html`<${After} node=${node} graph=${graph} before=${before} onClose=${() => setChoosing(false)} refresh=${refresh} />`}</li>`;
}

/** What a task of the goal depends on, among the others. @param {any} props */
function After({ node, graph, before, onClose, refresh }) {
  const [chosen, setChosen] = useState(new Set(before));
  const [error, setError] = useState("");
  /** The task as it was when the choice began: another change of it meanwhile is not overwritten. @type {any} */
  const read = useMemo(() => get(`/v1/tracks/${node.id}`), [node.id]);
  const others = graph.nodes.filter((/** @type {any} */ each) => each.id !== node.id);
  const outside = before.filter((/** @type {string} */ id) => !others.some((/** @type {any} */ each) => each.id === id));
  const save = async () => {
    try {
      await change(await read, { task: { dependsOn: [...outside, ...others.filter((/** @type {any} */ each) => chosen.has(each.id)).map((/** @type {any} */ each) => each.id)] } });
      onClose();
      await refresh();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem.status === 412 ? "Someone changed the task meanwhile: close this, look at it and choose again." : problem.about("dependsOn") || problem.message);
    }
  };
  const flip = (/** @type {string} */ id) => setChosen((had) => { const next = new Set(had); next.has(id) ? next.delete(id) : next.add(id); return next; });
  return html`<${Dialog} title=${`${node.title} begins after`} onClose=${onClose}>
    <ul class="choices">${others.map((/** @type {any} */ each) => html`<li key=${each.id}><label><input type="checkbox" checked=${chosen.has(each.id)} onChange=${() => flip(each.id)} /> ${each.title}</label></li>`)}</ul>
    ${!others.length && html`<p class="quiet">The goal has no other task.</p>`}
    ${error && html`<p class="error" role="alert">${error}</p>`}
    <div class="actions"><${Button} kind="primary" onClick=${save}>Save<//></div>
  <//>`;
}

/** @param {any} props */
function RunGoal({ id, run, refresh }) {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [parallel, setParallel] = useState("5");
  const [failure, setFailure] = useState("stop");
  const isActive = run && ["running", "waiting"].includes(run.status);
  const cancel = async () => {
    if (confirm("Cancel the goal run, and the runs that it started?") && (await attempt(() => send("POST", `/v1/tracks/${id}/run/cancel`)))) await refresh();
  };
  const start = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await send("POST", `/v1/tracks/${id}/run`, { maxParallel: Number(parallel), onFailure: failure });
      setAsking(false);
      say("The goal run has begun");
      await refresh();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
    }
  };
  if (isActive) return html`<${Button} onClick=${cancel}>Cancel run<//>`;
  return html`<${Button} kind="primary" onClick=${() => { setError(null); setAsking(true); }}>Run goal<//>
    ${asking && html`<${Dialog} title="Run the goal" onClose=${() => setAsking(false)}><form onSubmit=${start}>
      <p>Agents get the tasks that are assigned to them, in the order of their dependencies.</p>
      <div class="grid"><${Field} id="parallel" label="Runs at the same time" error=${error && error.about("maxParallel")} hint="1 to 50"><input id="parallel" type="number" value=${parallel} onInput=${(/** @type {any} */ event) => setParallel(event.target.value)} /><//>
        <${Field} id="failure" label="When a task fails" error=${error && error.about("onFailure")}><select id="failure" value=${failure} onChange=${(/** @type {any} */ event) => setFailure(event.target.value)}><option value="stop">start nothing more</option><option value="continue">go on with what does not depend on it</option></select><//></div>
      ${error && !error.fields.length && html`<p class="error" role="alert">${error.message}</p>`}
      <div class="actions"><${Button} kind="primary" type="submit">Run goal<//></div></form><//>`}`;
}

/** @param {{run: any}} props */
function GoalRun({ run }) {
  const { counts } = run;
  const parts = ["completed", "running", "ready", "waiting", "failed", "blocked", "skipped"].filter((each) => counts[each]);
  return html`<section class="panel goal-run" aria-label="Goal run"><p class="under"><b>Goal run</b><${Status} status=${run.status} />
    <span>begun <${Time} at=${run.createdAt} /> by ${run.createdBy}</span>${run.reason && html`<span>${run.reason}</span>`}
    ${run.waitingFor.length > 0 && html`<span>waits for ${run.waitingFor.length} of people's tasks</span>`}</p>
    <div class="stack" role="img" aria-label=${parts.map((each) => `${counts[each]} ${statusWord(each)}`).join(", ")}>${parts.map((each) => html`<span key=${each} class=${`part state-${each}`} style=${{ flexGrow: String(counts[each]) }}></span>`)}</div>
    <p class="under">${parts.map((each) => html`<span key=${each}><${Status} status=${each} /> ${counts[each]}</span>`)}</p></section>`;
}
