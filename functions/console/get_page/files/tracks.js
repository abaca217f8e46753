// The tasks that were read so far, and what is done to tracks: the board and all that names a task look here.
import { computed, signal } from "./html.js";
import { get, send } from "./api.js";
import { say } from "./ui.js";

/** By their ids. @type {any} */
export const tasks = signal(new Map());
/** Where the list goes on: a cursor, null at its end, undefined before its first page. @type {any} */
export const cursor = signal(undefined);
/** The newest change that was read, from which a poll asks. */
let newest = "";
let reading = false;

const LIST = "/v1/tracks?type=task&limit=50";
/** Pages whose order is that of creation: a task between two of a page that is not there was deleted. */
const POLLS_BETWEEN_WHOLE_PAGES = 10;
let polls = 0;

/** @param {any[]} found */
function take(found) {
  if (!found.length) return;
  const before = tasks.value;
  const after = new Map(before);
  for (const track of found) {
    const had = before.get(track.id);
    if (!had || had.version < track.version || JSON.stringify(had) !== JSON.stringify(track)) after.set(track.id, track);
    if (track.updatedAt > newest) newest = track.updatedAt;
  }
  tasks.value = after;
}

/** @param {any} track */
export function keep(track) {
  if (track.type === "task") take([track]);
}

/** @param {string} id */
export function drop(id) {
  const after = new Map(tasks.value);
  if (after.delete(id)) tasks.value = after;
}

async function firstPage() {
  const page = await get(LIST);
  const present = new Set(page.items.map((/** @type {any} */ each) => each.id));
  const oldest = page.items.length ? page.items[page.items.length - 1].id : "";
  const kept = [...tasks.value].filter(([id]) => present.has(id) || (page.nextCursor && id < oldest));
  if (kept.length < tasks.value.size) tasks.value = new Map(kept);
  take(page.items);
  if (cursor.value === undefined) cursor.value = page.nextCursor;
}

/** Read the next page, when there is one. */
export async function more() {
  if (!cursor.value || reading) return;
  reading = true;
  try {
    const page = await get(`${LIST}&cursor=${encodeURIComponent(cursor.value)}`);
    take(page.items);
    cursor.value = page.nextCursor;
  } finally {
    reading = false;
  }
}

/** Read what changed since the last time; now and then the first page, which tells what was deleted. */
export async function poll() {
  polls++;
  if (cursor.value === undefined || !newest || polls % POLLS_BETWEEN_WHOLE_PAGES === 0) return firstPage();
  const page = await get(`${LIST}&updatedAtFrom=${newest}`, { again: false });
  take(page.items);
}

/** Start anew: another person signed in. */
export function reset() {
  tasks.value = new Map();
  cursor.value = undefined;
  newest = "";
  members.value = [];
}

/** Whether a task waits for others. @param {any} track */
export const isBlocked = (track) => track.openDependencies > 0 && !["in_progress", "done", "cancelled"].includes(track.task.status);

/** Ids of the workspace's members, once they were asked for. @type {any} */
const members = signal(/** @type {string[]} */ ([]));

/** Read the members, once, for inputs that suggest them. */
export async function askMembers() {
  if (!members.value.length) members.value = (await get("/v1/members?limit=100")).items.map((/** @type {any} */ each) => each.id);
}

/** Everybody to whom a task is assigned, for filters. */
export const assignees = computed(() => [...new Set([...tasks.value.values()].map((each) => each.task.assignee).filter(Boolean))].sort());
/** The same, and members. */
export const people = computed(() => [...new Set([...members.value, ...assignees.value])].sort());
export const projects = computed(() => [...new Set([...tasks.value.values()].flatMap((each) => each.scope.ids || []))].sort());

/** By track: what this page made of it, one change upon the other, from which version to which. @type {Map<string, {from: number, to: number}>} */
const ours = new Map();
/** By track: its changes are made one after the other. @type {Map<string, Promise<any>>} */
const queues = new Map();

/**
 * Change a track, under the version that was shown or what this page itself made of that since. 412 when another did.
 * @param {any} track @param {any} body
 */
export function change(track, body) {
  const work = (queues.get(track.id) || Promise.resolve()).catch(() => {}).then(() => changeNow(track, body));
  queues.set(track.id, work);
  return work;
}

/** @param {any} track @param {any} body */
async function changeNow(track, body) {
  const own = ours.get(track.id);
  const version = own && own.from <= track.version && track.version <= own.to ? own.to : track.version;
  const told = (/** @type {Headers} */ headers) => {
    const overruled = headers.get("dependencies-overruled");
    if (overruled) say(`Begun although it waits for ${overruled.split(",").length} task(s).`);
  };
  const after = await send("PATCH", `/v1/tracks/${track.id}`, body, { ifMatch: version, told });
  ours.set(track.id, { from: own && own.to === version ? own.from : version, to: after.version });
  keep(after);
  return after;
}

/** @param {any} body */
export async function create(body) {
  const made = await send("POST", "/v1/tracks", body);
  keep(made);
  return made;
}

/** @param {any} track */
export async function remove(track) {
  await send("DELETE", `/v1/tracks/${track.id}`, undefined, { ifMatch: track.version });
  drop(track.id);
}

/** Summaries that one answer has at most. */
const SUMMARIES = 100;

/** Titles of tracks by id: those known, and those that have to be asked for. @param {string[]} ids */
export async function titles(ids) {
  const found = new Map();
  for (const id of ids) {
    const known = tasks.value.get(id);
    if (known) found.set(id, known.title);
  }
  const missing = [...new Set(ids)].filter((id) => !found.has(id));
  const pages = [];
  for (let at = 0; at < missing.length; at += SUMMARIES) pages.push(send("POST", `/api/projects/-/tasks/summaries?limit=${SUMMARIES}`, { ids: missing.slice(at, at + SUMMARIES) }));
  for (const answer of await Promise.all(pages)) for (const each of answer.results) found.set(each.id, each.title || "Untitled");
  return found;
}
