// A schedule as a form: made anew, or changed. What the API refuses stands at its fields, all at once.
import { html, useEffect, useRef, useState } from "./html.js";
import { ApiError, get, may, send } from "./api.js";
import { go, to } from "./router.js";
import { Button, Dialog, Empty, Field, PRIORITIES, attempt, capital, say } from "./ui.js";
import { askMembers, people, projects } from "./tracks.js";
import { Conflict } from "./edit.js";
import { Choose } from "./pick.js";
import { HERE, WEEK, clock, dayOf, inWords } from "./when.js";
import { BEGINS, blank, bodyOf, differences, valuesOf } from "./schedule-values.js";

const BASE = "/v1/schedules";
const ZONES = [...new Set(["UTC", HERE, ...Intl.supportedValuesOf("timeZone")])];
const HOW = [["day", "every day"], ["weekday", "every weekday"], ["week", "on days of the week"], ["month", "on a day of each month"], ["rate", "every so often"], ["at", "once"], ["cron", "by a cron expression"]];
const DATES = [...Array.from({ length: 31 }, (_, at) => [`${at + 1}`, `${at + 1}`]), ["L", "the last"]];
const UNITS = [["minutes", "minutes"], ["hours", "hours"], ["days", "days"]];
const OVERLAP = [["skip", "skip what comes meanwhile"], ["queue", "let it wait, one at a time"], ["allow", "begin it all the same"]];
const CATCH_UP = [["skip", "leave it out"], ["once", "make up for it once"]];
/** What was typed outlives the dialog, and signing in anew, until it is saved. @type {Map<string, any>} */
const typed = new Map();

/** @typedef {{values: any, put: (part: any) => void, about: (path: string) => string}} Form */

/** @param {{given: {schedule?: any, onSaved?: (schedule: any) => void, begins?: any}, onClose: () => void}} props */
export function ScheduleForm({ given, onClose }) {
  const { schedule } = given;
  const title = schedule ? `Change ${schedule.name}` : "New schedule";
  const close = () => {
    if (schedule) typed.delete(schedule.id);
    onClose();
  };
  return html`<${Dialog} title=${title} onClose=${close} kind="wide">${may("tasks:write")
    ? html`<${Fields} given=${given} onClose=${close} />`
    : html`<${Empty} title="Not for your role">To make or change schedules needs the scope tasks:write. Ask an owner of the workspace.<//>`}<//>`;
}

/** @param {any} props */
function Fields({ given, onClose }) {
  const [base, setBase] = useState(given.schedule);
  const begins = given.begins || {};
  const key = base ? base.id : begins.taskId || begins.goalId || "";
  const [values, setValues] = useState(() => ({ ...(typed.get(key) || (base ? valuesOf(base) : blank())), ...begins }));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const [meanwhile, setMeanwhile] = useState(/** @type {any} */ (null));
  const element = useRef(/** @type {any} */ (null));
  useEffect(() => void attempt(askMembers), []);
  useEffect(() => {
    const wrong = error && element.current.querySelector("[aria-invalid=true]");
    if (wrong) wrong.focus();
  }, [error]);
  /** @type {Form} */
  const form = {
    values,
    put: (part) => setValues((/** @type {any} */ had) => { const after = { ...had, ...part }; typed.set(key, after); return after; }),
    about: (path) => (error ? error.about(path) : ""),
  };
  const done = (/** @type {any} */ after) => {
    typed.delete(key);
    onClose();
    say(after.upcoming.length ? `${after.name} is next due ${clock(new Date(after.upcoming[0]), after.timeZone)}, ${after.timeZone}` : `${after.name} is saved`);
    given.onSaved ? given.onSaved(after) : go(to.schedule(after.id));
  };
  /** @param {any} before the schedule as it was read */
  const save = async (before) => {
    setBusy(true);
    try {
      if (!before) return done(await send("POST", BASE, bodyOf(values)));
      const changed = differences(bodyOf(valuesOf(before)), bodyOf(values));
      if (!Object.keys(changed).length) return onClose();
      const theirs = await get(`${BASE}/${before.id}`);
      const met = Object.keys(changed).filter((name) => JSON.stringify(theirs[name]) !== JSON.stringify(before[name]));
      if (met.length) return setMeanwhile({ theirs, met, changed });
      done(await send("PATCH", `${BASE}/${before.id}`, changed));
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const words = (/** @type {any} */ of) => meanwhile.met.map((/** @type {string} */ name) => `${name}: ${typeof of[name] === "string" ? of[name] : JSON.stringify(of[name])}`).join("\n");
  return html`<form ref=${element} noValidate onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); return save(base); }}>
    <${Text} form=${form} name="name" label="Name" wide=${true} autofocus maxlength="200" />
    <${Begins} form=${form} />
    <${When} form=${form} isNew=${!base} />
    <fieldset class="grid"><legend>When it can not simply begin</legend>
      <${Text} form=${form} name="overlap" label="While the last is under way" options=${OVERLAP} hint=${values.does === "runGoal" ? "A goal has one run at a time" : ""} />
      <${Text} form=${form} name="catchUp" label="What was missed" options=${CATCH_UP} hint="Late by 15 minutes, or due in a pause" /></fieldset>
    <${Others} error=${error} values=${values} />
    <div class="actions"><${Button} kind="primary" type="submit" disabled=${busy}>${base ? "Save" : "Add schedule"}<//></div>
    ${meanwhile && html`<${Conflict} label="This schedule" mine=${words(meanwhile.changed)} theirs=${words(meanwhile.theirs)}
      track=${{ ...meanwhile.theirs, changedBy: { id: meanwhile.theirs.actsAs } }} onClose=${() => setMeanwhile(null)}
      onMine=${() => { setMeanwhile(null); setBase(meanwhile.theirs); return save(meanwhile.theirs); }} onTheirs=${() => done(meanwhile.theirs)} />`}
  </form>`;
}

/** One labelled input of the form; `path` is its field in the request. @param {any} props */
function Text({ form, name, label, path = name, hint, wide, options, isLong, list, ...more }) {
  const id = `schedule-${name}`;
  const error = form.about(path);
  const common = {
    id, value: form.values[name], "aria-invalid": error ? "true" : undefined, "aria-describedby": error ? `${id}-error` : undefined,
    onInput: (/** @type {any} */ event) => form.put({ [name]: event.target.value }), ...more,
  };
  return html`<${Field} id=${id} label=${label} error=${error} hint=${hint} wide=${wide}>
    ${options ? html`<select ...${common}>${options.map((/** @type {string[]} */ [value, words]) => html`<option key=${value} value=${value} selected=${value === form.values[name]}>${words}</option>`)}</select>`
      : isLong ? html`<textarea ...${common} rows="2"></textarea>`
      : html`<input ...${common} list=${list && `${id}-list`} autocomplete="off" />${list && html`<datalist id=${`${id}-list`}>${list.map((/** @type {string} */ each) => html`<option key=${each} value=${each}></option>`)}</datalist>`}`}<//>`;
}

/** A task or goal. @param {any} props */
function Target({ form, name, label, type, path, hint }) {
  const id = `schedule-${name}`;
  const error = form.about(path);
  return html`<${Field} id=${id} label=${label} error=${error} hint=${hint} wide=${true}>
    <${Choose} id=${id} type=${type} value=${form.values[name]} error=${error} onChoose=${(/** @type {string} */ chosen) => form.put({ [name]: chosen })} /><//>`;
}

/** What an occurrence begins. @param {{form: Form}} props */
function Begins({ form }) {
  const { does, scope } = form.values;
  return html`<fieldset><legend>What it does</legend>
    <${Text} form=${form} name="does" label="Each time" wide=${true} options=${[["createTask", "create a task"], ["runTask", "run a task"], ["runGoal", "run a goal"]]} />
    ${does === "createTask" && html`
      <${Text} form=${form} name="title" path="createTask.title" label="Title of the task" wide=${true} maxlength="500" />
      <${Text} form=${form} name="description" path="createTask.description" label="Description" isLong=${true} wide=${true} />
      <div class="grid">
        <${Text} form=${form} name="assignee" path="createTask.assignee" label="Assignee" hint="A person's id or an agent's" list=${people.value} />
        <${Text} form=${form} name="dueInDays" path="createTask.dueInDays" label="Due after, in days" hint="Empty: no due date" type="number" min="0" inputmode="numeric" /></div>
      <${MoreOfTask} form=${form} />`}
    ${does === "runTask" && html`<${Target} form=${form} name="taskId" label="Task" type="task" path="runTask.id" hint="Find it by words. One that is done is opened again" />
      <${Text} form=${form} name="agent" path="runTask.agent" label="Agent" hint="Empty: the task's assignee" list=${people.value} />`}
    ${does === "runGoal" && html`<${Target} form=${form} name="goalId" label="Goal" type="goal" path="runGoal.id" hint="Find it by words. What is done is opened again" />
      <div class="grid"><${Text} form=${form} name="maxParallel" path="runGoal.maxParallel" label="Runs at the same time" type="number" hint="1 to 50" />
        <${Text} form=${form} name="onFailure" path="runGoal.onFailure" label="When a task fails" options=${[["stop", "start nothing more"], ["continue", "go on with what does not depend on it"]]} /></div>`}
  </fieldset>`;
}

/** What a task seldom needs; shown when something of it is wrong. @param {{form: Form}} props */
function MoreOfTask({ form }) {
  const isWrong = ["assigneeType", "priority", "scope", "requiresApproval", "goalId"].some((each) => form.about(`createTask.${each}`));
  return html`<details open=${isWrong}><summary>More of the task</summary><div class="grid">
      <${Text} form=${form} name="assigneeType" path="createTask.assigneeType" label="Assignee is" options=${[["", "as the id says"], ["user", "a person"], ["agent", "an agent"]]} />
      <${Text} form=${form} name="priority" path="createTask.priority" label="Priority" options=${PRIORITIES.map((each) => [each, capital(each)])} />
      <${Text} form=${form} name="scope" path="createTask.scope.type" label="Seen by" options=${[["projects", "the workspace"], ["personal", "me alone"]]} />
      ${form.values.scope === "projects" && html`<${Text} form=${form} name="projects" path="createTask.scope.ids" label="Projects" hint="Names, with commas between, or none" list=${projects.value} />`}
      <${Text} form=${form} name="requiresApproval" path="createTask.requiresApproval" label="A person approves" options=${[["", "nothing"], ["start", "the start of each run"], ["completion", "its completion"]]} />
    </div><${Target} form=${form} name="forGoal" label="Goal" type="goal" path="createTask.goalId" hint="Find it by words, or none" /></details>`;
}

/** @param {{form: Form, isNew: boolean}} props */
function When({ form, isNew }) {
  const { how, days, date, expression } = { ...form.values, expression: bodyOf(form.values).expression };
  const error = form.about("expression");
  const flip = (/** @type {string} */ day) => form.put({ days: days.includes(day) ? days.filter((/** @type {string} */ each) => each !== day) : [...days, day] });
  return html`<fieldset><legend>When</legend>
    <div class="grid"><${Text} form=${form} name="how" label="Repeats" options=${HOW} path=${how === "cron" ? "" : "expression"} />
      ${["day", "weekday", "week", "month"].includes(how) && html`<${Text} form=${form} name="time" path="" label="At" type="time" />`}
      ${how === "month" && html`<${Text} form=${form} name="date" path="" label="Day" options=${DATES} hint=${Number(date) > 28 ? "Months without it are left out" : ""} />`}
      ${how === "rate" && html`<${Text} form=${form} name="count" path="" label="Every" type="number" min="1" /><${Text} form=${form} name="unit" path="" label="Unit" options=${UNITS} />`}
      ${how === "at" && html`<${Text} form=${form} name="at" path="" label="Date and time" type="datetime-local" />`}
      ${how === "cron" && html`<${Text} form=${form} name="cron" path="expression" label="Expression" hint="0 9 * * 1-5, or cron(…) of six fields" spellcheck=${false} />`}
      <${Text} form=${form} name="timeZone" label="Time zone" list=${ZONES} hint=${form.values.timeZone === HERE ? "Yours" : ""} /></div>
    ${how === "week" && html`<div class="choices days" role="group" aria-label="Days of the week">${WEEK.map((each) => html`<label key=${each}><input type="checkbox" checked=${days.includes(each)} onChange=${() => flip(each)} /> ${dayOf(each)}</label>`)}</div>`}
    <p class="said quiet" aria-live="polite">${error || !expression ? "" : html`${inWords(expression)} <code>${expression}</code>`}</p>
    <div class="grid">${how !== "at" && html`<${Text} form=${form} name="starts" path="startsAt" label=${how === "rate" ? "First time" : "Not before"} type="datetime-local" hint=${!isNew ? "" : how === "rate" ? "Empty: one interval from now" : "Empty: now"} />`}
      ${how !== "at" && html`<${Text} form=${form} name="ends" path="endsAt" label="Ends" type="datetime-local" hint="Empty: never" />`}</div></fieldset>`;
}

/** What was refused, and has no field here. @param {{error: any, values: any}} props */
function Others({ error, values }) {
  if (!error) return null;
  const shown = ["name", "expression", "timeZone", "startsAt", "endsAt", "overlap", "catchUp", ...BEGINS[/** @type {keyof typeof BEGINS} */ (values.does)].map((each) => `${values.does}.${each}`)];
  const rest = error.fields.filter((/** @type {any} */ { field }) => !shown.some((each) => field === each || field.startsWith(`${each}.`)));
  const words = error.fields.length ? rest.map((/** @type {any} */ each) => `${each.field} ${each.reason}`).join("; ") : error.message;
  return words && html`<p class="error" role="alert">${words}</p>`;
}
