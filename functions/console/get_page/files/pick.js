// Tracks that a task refers to, by their titles: found by words, taken away by a button.
import { html, useEffect, useState } from "./html.js";
import { ApiError, get, may } from "./api.js";
import { to } from "./router.js";
import { Button, Status, attempt } from "./ui.js";
import { change, tasks, titles } from "./tracks.js";

const PAUSE_MS = 200;

/** What a track is called: known ones at once, a goal's by asking. @param {string[]} ids @param {string} type */
async function named(ids, type) {
  if (type === "task") return titles(ids);
  const found = await Promise.all(ids.map((id) => get(`/v1/tracks/${id}`).catch(() => ({ id, title: id }))));
  return new Map(found.map((each) => [each.id, each.title]));
}

/**
 * @param {{track: any, name: string, label: string, type: "task" | "goal", many?: boolean, none: string, onSaved: (track: any) => void}} props
 *   `name` is the field of the task that holds the ids
 */
export function Pick({ track, name, label, type, many = false, none, onSaved }) {
  const value = track.task[name];
  const ids = /** @type {string[]} */ (many ? value : value ? [value] : []);
  const [known, setKnown] = useState(/** @type {Map<string, string>} */ (new Map()));
  const [words, setWords] = useState("");
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  const [error, setError] = useState("");
  const id = `pick-${name}`;
  useEffect(() => void (ids.length && attempt(() => named(ids, type)).then((map) => map && setKnown(map))), [ids.join()]);
  useEffect(() => {
    if (words.trim().length < 2) return setFound([]);
    const timer = setTimeout(async () => {
      const page = await attempt(() => get(`/v1/tracks?type=${type}&limit=6&query=${encodeURIComponent(words.trim().slice(0, 200))}`));
      if (page) setFound(page.items.filter((/** @type {any} */ each) => each.id !== track.id && !ids.includes(each.id)));
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [words]);
  const save = async (/** @type {string[]} */ after) => {
    try {
      onSaved(await change(track, { task: { [name]: many ? after : after[0] || "" } }));
      setWords("");
      setError("");
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem.status === 412 ? "Someone changed the task meanwhile: look at it and try again." : problem.about(name) || problem.message);
      if (problem.status === 412) onSaved(await get(`/v1/tracks/${track.id}`));
    }
  };
  return html`<div class="pick" role="group" aria-label=${label}>
    <ul class="links">${ids.map((each) => html`<li key=${each}><a class="grow" href=${to.track({ id: each, type })}>${known.get(each) || each}</a>
      ${tasks.value.get(each) && html`<${Status} status=${tasks.value.get(each).task.status} />`}
      ${may("tasks:write") && html`<${Button} kind="icon" label=${`Take ${known.get(each) || each} away`} onClick=${() => save(ids.filter((other) => other !== each))}>✕<//>`}</li>`)}</ul>
    ${!ids.length && html`<p class="quiet">${none}</p>`}
    ${may("tasks:write") && html`<input id=${id} type="text" autocomplete="off" aria-label=${`${label}: find by words`} placeholder=${many ? "Find a task to add" : `Find a ${type}`} value=${words} onInput=${(/** @type {any} */ event) => setWords(event.target.value)} />`}
    ${found.length > 0 && html`<ul class="found">${found.map((each) => html`<li key=${each.id}><button type="button" onClick=${() => save(many ? [...ids, each.id] : [each.id])}>${each.title}</button></li>`)}</ul>`}
    ${error && html`<p class="error" role="alert">${error}</p>`}
  </div>`;
}
