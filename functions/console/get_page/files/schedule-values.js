// What a schedule's form holds: read from a schedule, and written as a request.
import { HERE, instantOf, localOf, readTiming, writeTiming } from "./when.js";

/** The fields of what each kind begins that the form shows. */
export const BEGINS = {
  createTask: ["title", "description", "assignee", "assigneeType", "priority", "dueInDays", "scope", "goalId", "requiresApproval"],
  runTask: ["id", "agent"],
  runGoal: ["id", "maxParallel", "onFailure"],
};
const NEW_TASK = { title: "", description: "", assignee: "", assigneeType: "", priority: "medium", dueInDays: "", scope: "projects", projects: "", forGoal: "", requiresApproval: "", kept: {} };
const TARGETS = { taskId: "", agent: "", goalId: "", maxParallel: "5", onFailure: "stop" };
const TIMING = { how: "day", time: "09:00", days: ["MON"], date: "1", count: "2", unit: "days", at: "", cron: "" };
const DAY_MS = 86_400_000;

/** A form that nobody has written in. */
export const blank = () => ({
  name: "", does: "createTask", ...NEW_TASK, ...TARGETS, ...TIMING,
  at: `${localOf(Date.now() + DAY_MS, HERE).slice(0, 10)}T09:00`, timeZone: HERE, starts: "", ends: "", overlap: "skip", catchUp: "skip",
});

/** @param {any} schedule */
export function valuesOf(schedule) {
  const { createTask, runTask, runGoal, timeZone } = schedule;
  const values = {
    ...blank(), ...readTiming(schedule.expression), name: schedule.name, timeZone, overlap: schedule.overlap, catchUp: schedule.catchUp,
    starts: localOf(schedule.startsAt, timeZone), ends: schedule.endsAt ? localOf(schedule.endsAt, timeZone) : "",
  };
  if (createTask) return { ...values, does: "createTask", ...taskValues(createTask) };
  if (runTask) return { ...values, does: "runTask", taskId: runTask.id, agent: runTask.agent || "" };
  return { ...values, does: "runGoal", goalId: runGoal.id, maxParallel: String(runGoal.maxParallel), onFailure: runGoal.onFailure };
}

/** @param {any} task */
function taskValues(task) {
  const { title, description, priority, assignee, assigneeType, requiresApproval, goalId, dueInDays, scope } = task;
  return {
    title, description, priority, assignee: assignee || "", assigneeType: assigneeType || "", requiresApproval: requiresApproval || "",
    forGoal: goalId || "", dueInDays: dueInDays === null ? "" : String(dueInDays), scope: scope.type, projects: (scope.ids || []).join(", "),
    // What the form does not show stays as it is.
    kept: { metadata: task.metadata, parentId: task.parentId || "" },
  };
}

/** The request that makes this schedule. @param {any} values @returns {any} */
export function bodyOf(values) {
  const { name, does, timeZone, overlap, catchUp, how, starts, ends } = values;
  return {
    name, expression: writeTiming(values), timeZone,
    ...(how !== "at" && starts && { startsAt: instantOf(starts, timeZone) }),
    endsAt: how !== "at" && ends ? instantOf(ends, timeZone) : "",
    overlap, catchUp, [does]: begun(values),
  };
}

/** @param {any} values */
function begun(values) {
  const { does, agent, taskId, goalId, onFailure } = values;
  if (does === "runTask") return { id: taskId, agent };
  if (does === "runGoal") return { id: goalId, maxParallel: number(values.maxParallel), onFailure };
  const { title, description, assignee, assigneeType, priority, dueInDays, scope, projects, forGoal, requiresApproval, kept } = values;
  const ids = projects.split(",").map((/** @type {string} */ each) => each.trim()).filter(Boolean);
  return {
    ...kept, title, description, assignee, assigneeType, priority, requiresApproval, goalId: forGoal,
    scope: scope === "personal" ? { type: "personal" } : { type: "projects", ids }, ...(dueInDays !== "" && { dueInDays: number(dueInDays) }),
  };
}

/** A number, or the text that is none: the service says what is wrong with it. @param {string} text */
const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));

/** What of a request is another than before. @param {any} before @param {any} after */
export const differences = (before, after) => Object.fromEntries(Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
