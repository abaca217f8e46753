// Work that begins by itself: every schedule with what it does, when, and what came of it last.
import { html } from "./html.js";
import { get, may, send } from "./api.js";
import { to } from "./router.js";
import { Button, Empty, Status, Time, Wait, attempt, say, usePoll } from "./ui.js";
import { useNames } from "./pick.js";
import { More, usePages } from "./pages.js";
import { clock, inWords } from "./when.js";
import { open } from "./app.js";

export const BASE = "/v1/schedules";
export const POLL_MS = 10_000;
/** Each row asks for its latest occurrence too. */
const PAGE = 25;
const LAST_POLL_MS = 60_000;

/** What schedules run is called, by id. @param {any[]} schedules */
export function useTargets(schedules) {
  const idsOf = (/** @type {string} */ field) => [...new Set(schedules.flatMap((each) => (each[field] ? [each[field].id] : [])))];
  return new Map([...useNames(idsOf("runTask"), "task"), ...useNames(idsOf("runGoal"), "goal")]);
}

/** What an occurrence begins. @param {{schedule: any, targets: Map<string, string>}} props */
export function Does({ schedule: { createTask, runTask, runGoal }, targets }) {
  if (createTask) return html`Creates the task “${createTask.title}”${createTask.assignee && ` for ${createTask.assignee}`}`;
  const { id } = runTask || runGoal;
  const title = targets.get(id) || id;
  if (runTask) return html`Runs <a href=${to.task(id)}>${title}</a>${runTask.agent && ` with ${runTask.agent}`}`;
  return html`Runs the goal <a href=${to.goal(id)}>${title}</a>`;
}

/** @param {{schedule: any}} props */
export const State = ({ schedule }) => html`<${Status} status=${schedule.paused ? "paused" : isOver(schedule) ? "over" : "active"} />`;

/** Whether it is never due again: nothing is to be paused then. @param {any} schedule */
const isOver = (schedule) => !schedule.paused && !schedule.upcoming.length;

/** @param {{schedule: any, label?: string, onSaved: (after: any) => any}} props */
export const Flip = ({ schedule, label, onSaved }) => may("tasks:write") && !isOver(schedule) && html`<${Button} label=${label} onClick=${() => flip(schedule, onSaved)}>${schedule.paused ? "Resume" : "Pause"}<//>`;

/** An instant by the schedule's own clock, and how far off it is. @param {{at: string, zone: string}} props */
export const Moment = ({ at, zone }) => html`<span class="moment">${clock(new Date(at), zone)} <span class="quiet"><${Time} at=${at} /></span></span>`;

/** Why nothing began: the API's words, with their instants by the schedule's own clock. @param {{reason: string | null, zone: string}} props */
export const Reason = ({ reason, zone }) => reason && html`<span class="quiet">${reason.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => clock(new Date(at), zone))}</span>`;

/** Pause a schedule, or go on with it. @param {any} schedule @param {(after: any) => any} onSaved */
async function flip(schedule, onSaved) {
  const after = await attempt(() => send("PATCH", `${BASE}/${schedule.id}`, { paused: !schedule.paused }));
  if (!after) return;
  say(after.paused ? `${after.name} is paused` : `${after.name} goes on`);
  await onSaved(after);
}

/** Says to those who may only read why nothing can be changed. */
export const ReadOnly = () => !may("tasks:write") && html`<p class="quiet read-only">You see schedules, and can not change them: that needs the scope tasks:write. Ask an owner of the workspace.</p>`;

export function Schedules() {
  const { items, error, refresh, more } = usePages(`${BASE}?limit=${PAGE}`, POLL_MS);
  const targets = useTargets(items || []);
  return html`<main id="main" tabindex="-1">
    <header class="bar"><h1>Schedules</h1><div class="actions">${may("tasks:write") && html`<${Button} kind="primary" onClick=${() => open("schedule")}>New schedule<//>`}</div></header>
    <${ReadOnly} />
    ${!items ? html`<${Wait} error=${error} />` : items.length
      ? html`<ul class="table">${items.map((each) => html`<${Row} key=${each.id} schedule=${each} targets=${targets} refresh=${refresh} />`)}</ul><${More} more=${more} what="schedules" />`
      : html`<${Empty} title="Nothing begins by itself yet">A schedule creates a task, runs a task or runs a goal: once at a time, every weekday at nine, every two days. ${may("tasks:write") && "Begin with “New schedule”."}<//>`}
  </main>`;
}

/** @param {{schedule: any, targets: Map<string, string>, refresh: () => Promise<void>}} props */
function Row({ schedule, targets, refresh }) {
  const words = inWords(schedule.expression);
  const next = schedule.upcoming[0];
  return html`<li class="schedule" data-schedule=${schedule.id}>
    <div><a class="strong" href=${to.schedule(schedule.id)} data-item=${schedule.id}>${schedule.name}</a><p class="quiet"><${Does} schedule=${schedule} targets=${targets} /></p></div>
    <div>${words && html`<p>${words}</p>`}<p class="quiet"><code>${schedule.expression}</code> ${schedule.timeZone}</p></div>
    <div><span class="label">Next</span><p>${next ? html`<${Moment} at=${next} zone=${schedule.timeZone} />` : html`<span class="quiet">${schedule.paused ? "not while it is paused" : "never again"}</span>`}</p></div>
    <div><span class="label">Last</span><${Last} schedule=${schedule} /></div>
    <div class="schedule-acts"><${State} schedule=${schedule} /><${Flip} schedule=${schedule} label=${`${schedule.paused ? "Resume" : "Pause"} ${schedule.name}`} onSaved=${refresh} /></div>
  </li>`;
}

/** The latest occurrence: asked for anew when one has come. @param {{schedule: any}} props */
function Last({ schedule }) {
  const { value, error } = usePoll(() => get(`${BASE}/${schedule.id}/occurrences?limit=1`), LAST_POLL_MS, [schedule.id, schedule.lastAt, schedule.upcoming[0]]);
  if (!value) return html`<p class="quiet">${error ? error.message : "…"}</p>`;
  const [last] = value.items;
  if (!last) return html`<p class="quiet">nothing yet</p>`;
  const words = html`<${Status} status=${last.outcome} />`;
  const isGoal = Boolean(schedule.runGoal);
  return html`<p>${last.track ? html`<a href=${isGoal ? to.goal(last.track) : to.task(last.track)}>${words}</a>` : words} <span class="quiet"><${Time} at=${last.at} /></span></p>${last.reason && html`<p><${Reason} reason=${last.reason} zone=${schedule.timeZone} /></p>`}`;
}
