// One run: its states, its log as it comes, its files, what came of it.
import { html, useEffect, useState } from "./html.js";
import { get, may, send } from "./api.js";
import { route, to } from "./router.js";
import { Button, Empty, Status, Time, Wait, attempt, say, statusWord, usePoll } from "./ui.js";
import { useNames } from "./pick.js";
import { Drop, Files, uploadToRun } from "./files.js";
import { Log, follow } from "./log.js";
import { Questions } from "./question.js";

const POLL_MS = 5_000;
const FINAL = new Set(["completed", "failed", "cancelled"]);

export function Run() {
  const [task, id] = route.value.parts;
  const base = `/api/projects/-/tasks/${task}/runs/${id}`;
  const { value: run, error, refresh } = usePoll(() => get(base), POLL_MS, [base]);
  const title = useNames([task], "task").get(task) || "";
  const [entries, setEntries] = useState(/** @type {any[]} */ ([]));
  const isThere = Boolean(run);
  const resumed = run && FINAL.has(run.status);
  useEffect(() => {
    if (!isThere) return;
    const stop = new AbortController();
    setEntries([]);
    follow(`${base}/stream?wait=10`, (found, state) => {
      if (found.length) setEntries((had) => had.concat(found));
      if (state) refresh();
    }, stop.signal).catch((problem) => stop.signal.aborted || say(problem.message, "bad"));
    return () => stop.abort();
  }, [base, isThere, resumed && run.completed_at ? "" : "open"]);
  if (error && error.status === 404) return html`<main id="main" tabindex="-1"><${Empty} title="There is no such run">It is gone, or not yours to see. <a href=${to.screen("runs")}>All runs</a><//></main>`;
  if (!run) return html`<main id="main" tabindex="-1"><${Wait} error=${error} /></main>`;
  const act = (/** @type {string} */ path, /** @type {string} */ words) => async () => {
    if (await attempt(() => send("POST", `${base}/${path}`, path === "cancel" ? undefined : {}))) say(words);
    await refresh();
  };
  const isFinal = FINAL.has(run.status);
  return html`<main id="main" tabindex="-1" class="detail">
    <header class="bar">
      <div><p class="crumbs"><a href=${to.screen("runs")}>Runs</a> / <a href=${to.task(task)}>${title || "Task"}</a></p>
        <h1>Run of ${title || "a task"}</h1>
        <p class="under"><${Status} status=${run.status} note=${isFinal ? "" : run.stage} /><span>${run.holder ? html`held by <b>${run.holder}</b>` : `for ${run.agent || "any agent"}`}</span>
          <span>made <${Time} at=${run.created_at} /></span>${run.heartbeat_at && !isFinal && html`<span>last heartbeat <${Time} at=${run.heartbeat_at} /></span>`}
          ${(run.awaiting_input || run.state.awaiting_input === true) && !isFinal && html`<${Status} status="asking" />`}</p>
        ${run.error_message && html`<p class="error">${run.error_message}</p>`}</div>
      ${may("tasks:write") && html`<div class="actions">${!isFinal && html`<${Button} onClick=${act("cancel", "The run is cancelled")}>Cancel<//>`}
        ${isFinal && run.status !== "completed" && html`<${Button} kind="primary" onClick=${act("resume_in_cloud", "The run is queued again")}>Resume<//>`}</div>`}
    </header>
    <div class="split">
      <div><section class="panel log-panel"><h2>Log ${!isFinal && html`<span class="live">live</span>`}</h2><${Log} entries=${entries} /></section></div>
      <aside>
        ${run.question && html`<${Questions} task=${task} run=${id} version=${run.updated_at} />`}
        <section class="panel"><h2>Timeline</h2><${Timeline} run=${run} task=${task} /></section>
        <section class="panel"><h2>Files</h2>
          ${run.artifacts.length ? html`<${Files} base=${base} artifacts=${run.artifacts} />` : html`<p class="quiet">The run has no files.</p>`}
          ${may("tasks:write") && !isFinal && html`<${Drop} label="Files for the run" onFiles=${async (/** @type {File[]} */ files) => { await uploadToRun(base, files); await refresh(); }} />`}
        </section>
        <section class="panel"><h2>Output</h2><${Output} task=${task} output=${run.output} /></section>
      </aside>
    </div>
  </main>`;
}

/** The states that the run went through, from the audit trail; without the right to it, those that the run shows. @param {{run: any, task: string}} props */
function Timeline({ run, task }) {
  const { value } = usePoll(() => (may("audit:read") ? get(`/v1/audit?track=${task}&limit=100`) : Promise.resolve({ items: [] })), POLL_MS, [task, run.status, may("audit:read")]);
  const told = (value ? value.items : []).filter((/** @type {any} */ each) => each.relatedResource && each.relatedResource.id === run.id && each.action === "run_status_changed")
    .map((/** @type {any} */ each) => ({ status: each.newStatus, at: each.at, by: each.actor.id })).reverse();
  const states = told.length ? told : [{ status: "queued", at: run.created_at, by: "" }, ...(run.status === "queued" ? [] : [{ status: run.status, at: run.completed_at || run.updated_at, by: run.holder || "" }])];
  return html`<ol class="timeline">${states.map((/** @type {any} */ each, /** @type {number} */ index) => {
    const before = index && (Date.parse(each.at) - Date.parse(states[index - 1].at)) / 1000;
    return html`<li key=${index} class=${`state-${each.status}`}><b>${statusWord(each.status)}</b> <span class="quiet">${each.by}</span><span class="quiet">${before ? `after ${before < 90 ? `${before.toFixed(1)} s` : `${Math.round(before / 60)} min`}` : html`<${Time} at=${each.at} />`}</span></li>`;
  })}</ol>`;
}

/** @param {{task: string, output: any}} props */
function Output({ task, output }) {
  const [schema, setSchema] = useState(/** @type {any} */ (null));
  useEffect(() => void attempt(() => get(`/api/projects/-/tasks/${task}`)).then((found) => found && setSchema(found.json_schema)), [task]);
  const required = schema && Array.isArray(schema.required) ? schema.required : [];
  const missing = output && typeof output === "object" ? required.filter((/** @type {string} */ each) => !(each in output)) : [];
  return html`${output == null ? html`<p class="quiet">Nothing was reported yet.</p>` : html`<pre class="json" tabindex="0" aria-label="Output">${JSON.stringify(output, null, 2)}</pre>`}
    ${schema ? html`<p class="quiet">${output == null ? "It has to fit the task's schema." : missing.length ? `Lacks ${missing.join(", ")} of the task's schema.` : "Checked against the task's schema when it was set."}</p>
      <details><summary>Schema</summary><pre class="json" tabindex="0" aria-label="Schema">${JSON.stringify(schema, null, 2)}</pre></details>` : html`<p class="quiet">The task has no schema for it.</p>`}`;
}
