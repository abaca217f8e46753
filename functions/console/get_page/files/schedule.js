// One schedule: when it is due next, what became of each occurrence, and what it is.
import { html, useEffect, useState } from "./html.js";
import { get, may, send } from "./api.js";
import { go, route, to } from "./router.js";
import { Button, Empty, Status, Time, Wait, attempt, short, usePoll } from "./ui.js";
import { useNames } from "./pick.js";
import { History } from "./history.js";
import { More, usePages } from "./pages.js";
import { inWords } from "./when.js";
import { BASE, Does, Flip, Moment, POLL_MS, ReadOnly, Reason, State, useTargets } from "./schedules.js";
import { open } from "./app.js";

const OVERLAP = { skip: "skipped while the last is under way", queue: "waits until the last is over", allow: "begins beside the last" };
const CATCH_UP = { skip: "what was missed is left out", once: "one makes up for all that were missed" };

export function ScheduleScreen() {
  const id = route.value.parts[0];
  const { value, error } = usePoll(() => get(`${BASE}/${id}`), POLL_MS, [id]);
  const [saved, setSaved] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (value && (!saved || value.version >= saved.version)) setSaved(value);
  }, [value]);
  if (error && error.status === 404) return html`<main id="main" tabindex="-1"><${Empty} title="There is no such schedule">It was deleted, or it is not yours to see. <a href=${to.screen("schedules")}>All schedules</a><//></main>`;
  if (!saved) return html`<main id="main" tabindex="-1"><${Wait} error=${error} /></main>`;
  return html`<${Schedule} schedule=${saved} onSaved=${setSaved} />`;
}

/** @param {{schedule: any, onSaved: (schedule: any) => void}} props */
function Schedule({ schedule, onSaved }) {
  const targets = useTargets([schedule]);
  const words = inWords(schedule.expression);
  const erase = async () => {
    if (!confirm(`Delete the schedule “${schedule.name}”? What it began stays.`)) return;
    if (await attempt(async () => (await send("DELETE", `${BASE}/${schedule.id}`), true))) go(to.screen("schedules"));
  };
  return html`<main id="main" tabindex="-1" class="detail">
    <header class="bar">
      <div><p class="crumbs"><a href=${to.screen("schedules")}>Schedules</a></p><h1>${schedule.name}</h1>
        <p class="under"><${State} schedule=${schedule} /><span><${Does} schedule=${schedule} targets=${targets} /></span></p></div>
      <div class="actions"><${Flip} schedule=${schedule} onSaved=${onSaved} />${may("tasks:write") && html`<${Button} onClick=${() => open("schedule", { schedule, onSaved })}>Edit<//><${Button} kind="danger" onClick=${erase}>Delete<//>`}</div>
    </header>
    <${ReadOnly} />
    <div class="split">
      <div>
        <section class="panel"><h2>Next</h2>${schedule.upcoming.length
          ? html`<ol class="links upcoming">${schedule.upcoming.map((/** @type {string} */ at) => html`<li key=${at}><${Moment} at=${at} zone=${schedule.timeZone} /></li>`)}</ol>`
          : html`<p class="quiet">${schedule.paused ? "Nothing begins while it is paused." : "It is not due again."}</p>`}</section>
        <${Occurrences} schedule=${schedule} />
        ${may("audit:read") && html`<${History} track=${schedule.id} version=${schedule.version} />`}
      </div>
      <aside class="panel"><dl>
        <dt>When</dt><dd>${words && html`${words}<br />`}<code>${schedule.expression}</code></dd>
        <dt>Time zone</dt><dd>${schedule.timeZone}</dd>
        <dt>Not before</dt><dd><${Moment} at=${schedule.startsAt} zone=${schedule.timeZone} /></dd>
        <dt>Ends</dt><dd>${schedule.endsAt ? html`<${Moment} at=${schedule.endsAt} zone=${schedule.timeZone} />` : "never"}</dd>
        <dt>Overlap</dt><dd>${OVERLAP[/** @type {keyof typeof OVERLAP} */ (schedule.overlap)]}</dd>
        <dt>Catch-up</dt><dd>${CATCH_UP[/** @type {keyof typeof CATCH_UP} */ (schedule.catchUp)]}</dd>
        <${Begun} schedule=${schedule} />
        <dt>Acts as</dt><dd>${schedule.actsAs}</dd>
        <dt>Created</dt><dd><${Time} at=${schedule.createdAt} /> by ${schedule.createdBy}</dd>
        <dt>Changed</dt><dd><${Time} at=${schedule.updatedAt} /></dd>
        <dt>Id</dt><dd class="mono">${schedule.id}</dd></dl></aside>
    </div>
  </main>`;
}

/** What an occurrence begins, in particular. @param {{schedule: any}} props */
function Begun({ schedule: { createTask, runGoal } }) {
  const rows = /** @type {[string, any][]} */ (createTask
    ? [["Description", createTask.description], ["Priority", createTask.priority], ["Due", createTask.dueInDays !== null && `${createTask.dueInDays} days after`],
      ["Projects", (createTask.scope.ids || []).join(", ")], ["Seen by", createTask.scope.type === "personal" && "its maker alone"],
      ["Goal", createTask.goalId && html`<a href=${to.goal(createTask.goalId)}>${short(createTask.goalId)}</a>`], ["A person approves", createTask.requiresApproval]]
    : runGoal ? [["Runs at the same time", runGoal.maxParallel], ["When a task fails", runGoal.onFailure === "stop" ? "nothing more is started" : "what does not depend on it goes on"]] : []);
  return rows.filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`);
}

/** @param {{schedule: any}} props */
function Occurrences({ schedule }) {
  const { items, error, more } = usePages(`${BASE}/${schedule.id}/occurrences?limit=50`, POLL_MS, [schedule.lastAt]);
  const type = schedule.runGoal ? "goal" : "task";
  const ids = [...new Set((items || []).flatMap((each) => (each.track ? [each.track] : [])))];
  const titles = useNames(ids, type);
  return html`<section class="panel" aria-label="Occurrences"><h2>Occurrences</h2>
    ${!items ? html`<${Wait} error=${error} />` : items.length ? html`<ol class="table">${items.map((each) => html`<li key=${each.at} class="row" data-occurrence=${each.at}>
        <span class="occurred"><${Moment} at=${each.at} zone=${schedule.timeZone} /></span><${Status} status=${each.outcome} />
        <span class="grow">${each.track && html`<a class="strong" href=${to.track({ id: each.track, type })}>${titles.get(each.track) || each.track}</a>`}<${Reason} reason=${each.reason} zone=${schedule.timeZone} /></span>
        ${each.run && type === "task" && html`<a href=${to.run(each.track, each.run)}>run</a>`}</li>`)}</ol><${More} more=${more} what="occurrences" />`
      : html`<p class="quiet">None has come yet. What became of each is kept for 90 days.</p>`}</section>`;
}
