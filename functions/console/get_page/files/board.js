// The board: tasks by where they stand, those that wait for others apart from those that are ready.
import { computed, html, signal } from "./html.js";
import { filter, route, to } from "./router.js";
import { Empty, Rows, Time, Wait, attempt, capital, isOverdue, PRIORITIES, say, usePoll } from "./ui.js";
import { assignees, change, cursor, isBlocked, more, poll, projects, tasks } from "./tracks.js";

const POLL_MS = 5_000;
const CARD = 102;

/** Columns, the status that a move into one gives (null: none can be moved there), and what is said of an empty one. */
const COLUMNS = [
  { name: "backlog", title: "Backlog", status: "backlog", empty: "Ideas that nobody has planned yet." },
  { name: "blocked", title: "Blocked", status: null, empty: "Nothing waits for other tasks." },
  { name: "ready", title: "Ready", status: "todo", empty: "Nothing is ready. Press C to add a task." },
  { name: "in_progress", title: "In progress", status: "in_progress", empty: "Nobody works on anything. Drag a task here, or run it." },
  { name: "done", title: "Done", status: "done", empty: "Nothing is done yet." },
];

/** @param {any} track */
function columnOf(track) {
  const status = track.task.status;
  if (status === "in_progress" || status === "done" || status === "backlog") return status;
  return isBlocked(track) ? "blocked" : "ready";
}

const shown = computed(() => {
  const query = route.value.query;
  const words = (query.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
  const [assignee, project, priority] = ["assignee", "project", "priority"].map((name) => query.get(name));
  /** @type {Record<string, any[]>} */
  const columns = Object.fromEntries(COLUMNS.map((each) => [each.name, []]));
  for (const track of tasks.value.values()) {
    if (track.task.status === "cancelled") continue;
    if (assignee && track.task.assignee !== assignee) continue;
    if (project && !(track.scope.ids || []).includes(project)) continue;
    if (priority && track.priority !== priority) continue;
    if (words.length) {
      const text = `${track.title} ${track.task.assignee || ""}`.toLowerCase();
      if (!words.every((word) => text.includes(word))) continue;
    }
    columns[columnOf(track)].push(track);
  }
  const rank = (/** @type {any} */ track) => PRIORITIES.indexOf(track.priority);
  for (const each of COLUMNS) {
    const newest = (/** @type {any} */ a, /** @type {any} */ b) => (a.updatedAt < b.updatedAt ? 1 : -1);
    columns[each.name].sort(each.name === "done" ? newest : (a, b) => rank(a) - rank(b) || newest(a, b));
  }
  return columns;
});

const dragged = signal("");
const over = signal("");

/** @param {string} id @param {string} column */
async function move(id, column) {
  const track = tasks.value.get(id);
  const target = COLUMNS.find((each) => each.name === column);
  if (!track || !target || columnOf(track) === column) return;
  if (!target.status) return say("Blocked is told by what a task depends on: open it to change that.");
  const moved = await attempt(() => change(track, { task: { status: target.status } }));
  if (moved) say(`${moved.title}: ${target.title}`);
  requestAnimationFrame(() => focus(id));
}

/** @param {string} id */
function focus(id) {
  const card = /** @type {HTMLElement | null} */ (document.querySelector(`[data-item="${CSS.escape(id)}"]`));
  if (card) card.focus();
}

/** @param {KeyboardEvent} event @param {any} track @param {string} column @param {number} index */
function keys(event, track, column, index) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const order = COLUMNS.filter((each) => (event.shiftKey ? each.status : shown.value[each.name].length || each.name === column)).map((each) => each.name);
  const at = order.indexOf(column);
  const next = order[(at < 0 ? order.indexOf("ready") - (by > 0 ? 1 : 0) : at) + by];
  if (!next) return;
  if (event.shiftKey) return void move(track.id, next);
  const list = shown.value[next];
  focus(list[Math.min(index, list.length - 1)].id);
}

/** @param {{track: any, column: string, index: number}} props */
function Card({ track, column, index }) {
  const { task } = track;
  const run = track.latestRun;
  const isActive = run && ["queued", "in_progress"].includes(run.status);
  return html`<li class="card-place">
    <a class=${`card priority-${track.priority}`} href=${to.task(track.id)} data-item=${track.id} draggable="true"
      onDragStart=${(/** @type {DragEvent} */ event) => { dragged.value = track.id; if (event.dataTransfer) event.dataTransfer.setData("text/plain", track.title); }}
      onDragEnd=${() => (dragged.value = "")}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => keys(event, track, column, index)}>
      <span class="card-title">${track.title}</span>
      <span class="card-meta">
        ${["urgent", "high"].includes(track.priority) && html`<b class=${`tag ${track.priority}`}>${capital(track.priority)}</b>`}
        ${track.openDependencies > 0 && column !== "done" && html`<span class="tag warn">waits for ${track.openDependencies}</span>`}
        ${isActive && html`<span class="tag active">run ${run.status === "queued" ? "queued" : "under way"}</span>`}
        ${run && run.status === "failed" && column !== "done" && html`<span class="tag bad">run failed</span>`}
        ${task.dueDate && html`<span class=${column !== "done" && isOverdue(task.dueDate) ? "tag bad" : "tag"}>due ${task.dueDate.slice(5)}</span>`}
      </span>
      <span class="card-foot"><span>${(track.claim && track.claim.holder) || task.assignee || "unassigned"}</span><${Time} at=${track.updatedAt} /></span>
    </a>
  </li>`;
}

/** @param {{column: typeof COLUMNS[0]}} props */
function Column({ column }) {
  const items = shown.value[column.name];
  const count = `${items.length}${cursor.value ? "+" : ""}`;
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    over.value = "";
    move(dragged.value, column.name);
  };
  const foot = cursor.value && html`<p class="more"><button type="button" onClick=${() => attempt(more)}>Load older tasks</button></p>`;
  return html`<section class=${`column${over.value === column.name ? " over" : ""}`} aria-labelledby=${`column-${column.name}`}
    onDragOver=${(/** @type {DragEvent} */ event) => { event.preventDefault(); over.value = column.name; }} onDragLeave=${() => (over.value = "")} onDrop=${drop}>
    <h2 id=${`column-${column.name}`} class=${`tone-${column.name}`}><i aria-hidden="true"></i>${column.title} <span class="count">${count}</span></h2>
    ${items.length
      ? html`<${Rows} items=${items} height=${CARD} label=${`${column.title} tasks`} onEnd=${items.length > 8 ? () => attempt(more) : undefined} foot=${foot}
          row=${(/** @type {any} */ track, /** @type {number} */ index) => html`<${Card} key=${track.id} track=${track} column=${column.name} index=${index} />`} />`
      : html`<p class="column-empty">${column.empty}</p>${foot}`}
  </section>`;
}

/** @param {{name: string, label: string, values: string[]}} props */
const Choice = ({ name, label, values }) => html`<select aria-label=${label} value=${route.value.query.get(name) || ""} onChange=${(/** @type {any} */ event) => filter({ [name]: event.target.value })}>
  <option value="">${label}: all</option>
  ${[...new Set([...values, route.value.query.get(name) || ""])].filter(Boolean).map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
</select>`;

export function Board() {
  const { error } = usePoll(async () => { await poll(); return true; }, POLL_MS, []);
  const query = route.value.query;
  const isEmpty = cursor.value === null && !tasks.value.size;
  return html`<main id="main" tabindex="-1" class="board-screen">
    <header class="bar"><h1>Board</h1>
      <div class="filters">
        <input type="search" aria-label="Filter tasks" placeholder="Filter" value=${query.get("q") || ""} onInput=${(/** @type {any} */ event) => filter({ q: event.target.value })} />
        <${Choice} name="assignee" label="Assignee" values=${assignees.value} />
        <${Choice} name="project" label="Project" values=${projects.value} />
        <${Choice} name="priority" label="Priority" values=${PRIORITIES} />
        ${query.size > 0 && html`<button type="button" onClick=${() => filter({ q: "", assignee: "", project: "", priority: "" })}>Clear</button>`}
      </div>
    </header>
    ${cursor.value === undefined ? html`<${Wait} error=${error} />` : isEmpty
      ? html`<${Empty} title="There are no tasks yet">Press <kbd>C</kbd> to add one, or plan a goal under <a href=${to.screen("goals")}>Goals</a>. What agents create through the API appears here too.<//>`
      : html`<div class="columns">${COLUMNS.map((each) => html`<${Column} key=${each.name} column=${each} />`)}</div>`}
  </main>`;
}
