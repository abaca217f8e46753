// The latest run of each task, newest first; several are cancelled or tried again at once.
import { html, useState } from "./html.js";
import { may, send } from "./api.js";
import { filter, route, to } from "./router.js";
import { Button, Empty, Status, Time, Wait, attempt, say, statusWord } from "./ui.js";
import { usePages } from "./pages.js";
import { useNames } from "./pick.js";

const POLL_MS = 5_000;
const STATUSES = ["pending", "in_progress", "completed", "failed", "cancelled"];
/** The choice of those that wait for an answer, which is beside their status. */
const ASKING = "asking";
const RETRIED = ["failed", "cancelled"];

/** Task and run of an execution. @param {any} execution */
export function idsOf(execution) {
  const [task, run] = execution.id.replace(/^exec_/, "").split(".");
  return { task, run };
}

/** Runs, by pages. @param {string} query @param {number} every milliseconds */
export const useRuns = (query, every) => usePages(`/api/v1/executions?${query}`, every);

/** Where a run stands, and whether it waits for an answer. @param {{execution: any}} props */
export const RunStatus = ({ execution }) => html`<${Status} status=${execution.status} />${execution.awaitingInput && html`<${Status} status="asking" />`}`;

/** @param {any[]} executions */
export const useTitles = (executions) => useNames(executions.map((each) => idsOf(each).task), "task");

/** @param {any} execution */
const pathOf = (execution) => { const { task, run } = idsOf(execution); return `/api/projects/-/tasks/${task}/runs/${run}`; };

export function Runs() {
  const status = route.value.query.get("status") || "";
  const agent = route.value.query.get("agent") || "";
  const query = `limit=50${status && (status === ASKING ? "&awaitingInput=true" : `&status=${status}`)}${agent && `&agentId=${encodeURIComponent(agent)}`}`;
  const { items, error, refresh, more } = useRuns(query, POLL_MS);
  const [chosen, setChosen] = useState(/** @type {Set<string>} */ (new Set()));
  const runs = items || [];
  const named = useTitles(runs);
  const flip = (/** @type {string} */ id) => setChosen((had) => { const after = new Set(had); after.has(id) ? after.delete(id) : after.add(id); return after; });
  const picked = runs.filter((each) => chosen.has(each.id));
  const ends = picked.filter((each) => ["pending", "in_progress"].includes(each.status));
  const retries = picked.filter((each) => RETRIED.includes(each.status));
  const all = async (/** @type {any[]} */ some, /** @type {string} */ path, /** @type {string} */ words) => {
    const done = await Promise.all(some.map((each) => attempt(async () => (await send("POST", `${pathOf(each)}/${path}`, path === "cancel" ? undefined : {}), true))));
    say(`${done.filter(Boolean).length} of ${some.length} ${words}`);
    setChosen(new Set());
    await refresh();
  };
  return html`<main id="main" tabindex="-1">
    <header class="bar"><h1>Runs</h1><div class="filters">
      <select aria-label="Status" value=${status} onChange=${(/** @type {any} */ event) => filter({ status: event.target.value })}><option value="">Status: all</option>${STATUSES.map((each) => html`<option key=${each} value=${each}>${statusWord(each)}</option>`)}<option value=${ASKING}>Wait for an answer</option></select>
      <input type="search" aria-label="Agent" placeholder="Agent's id" value=${agent} onChange=${(/** @type {any} */ event) => filter({ agent: event.target.value.trim() })} />
      ${may("tasks:write") && html`<${Button} disabled=${!ends.length} onClick=${() => all(ends, "cancel", "cancelled")}>Cancel ${ends.length || ""}<//>
        <${Button} disabled=${!retries.length} onClick=${() => all(retries, "resume_in_cloud", "queued again")}>Retry ${retries.length || ""}<//>`}</div></header>
    ${!items ? html`<${Wait} error=${error} />` : runs.length
      ? html`<ul class="table">${runs.map((each) => {
          const { task, run } = idsOf(each);
          const title = named.get(task) || each.taskId;
          return html`<li key=${each.id} class="row"><input type="checkbox" aria-label=${`Choose the run of ${title}`} checked=${chosen.has(each.id)} onChange=${() => flip(each.id)} />
            <a class="grow strong" href=${to.run(task, run)} data-item=${each.id}>${title}</a><${RunStatus} execution=${each} />
            <span class="quiet">${each.agentId || "any agent"}</span>${each.error && html`<span class="quiet grow">${each.error}</span>`}<span class="quiet"><${Time} at=${each.updatedAt} /></span></li>`;
        })}</ul>`
      : html`<${Empty} title=${status || agent ? "No run fits" : "Nothing has run yet"}>${status || agent ? html`<a href=${to.screen("runs")}>Show all runs</a>` : "Open a task and press “Run”, or run a goal: agents pick the work up."}<//>`}
    ${more && html`<p class="more"><${Button} onClick=${more}>Older runs<//></p>`}
  </main>`;
}
