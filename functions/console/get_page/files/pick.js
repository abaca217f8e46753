// Tracks that a task refers to, by their titles: found by words, taken away by a button.
import { html, useEffect, useState } from "./html.js";
import { ApiError, get, may } from "./api.js";
import { to } from "./router.js";
import { Button, Status, attempt } from "./ui.js";
import { Conflict } from "./edit.js";
import { change, tasks, titles } from "./tracks.js";

const PAUSE_MS = 200;

/** What a track is called: known ones at once, a goal's by asking. @param {string[]} ids @param {string} type */
async function named(ids, type) {
  if (type === "task") return titles(ids);
  const found = await Promise.all(ids.map((id) => get(`/v1/tracks/${id}`).catch(() => ({ id, title: id }))));
  return new Map(found.map((each) => [each.id, each.title]));
}

/** The same while a screen is shown: none before the answer is there. @param {string[]} ids @param {string} type @returns {Map<string, string>} */
export function useNames(ids, type) {
  const [known, setKnown] = useState(/** @type {Map<string, string>} */ (new Map()));
  useEffect(() => void (ids.length && attempt(() => named(ids, type)).then((map) => map && setKnown(map))), [ids.join()]);
  return known;
}

/** Tracks whose titles have these words, but some. @param {"task" | "goal"} type @param {string} words @param {string[]} skip @returns {any[]} */
function useFound(type, words, skip) {
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    if (words.trim().length < 2) return setFound([]);
    const timer = setTimeout(async () => {
      const page = await attempt(() => get(`/v1/tracks?type=${type}&limit=6&query=${encodeURIComponent(words.trim().slice(0, 200))}`));
      if (page) setFound(page.items.filter((/** @type {any} */ each) => !skip.includes(each.id)));
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return found;
}

/** @param {{found: any[], onPick: (id: string) => any}} props */
const Found = ({ found, onPick }) => found.length > 0 && html`<ul class="found">${found.map((each) => html`<li key=${each.id}><button type="button" onClick=${() => onPick(each.id)}>${each.title}</button></li>`)}</ul>`;

/** One track of a form, by words of its title. @param {{id: string, type: "task" | "goal", value: string, error: string, onChoose: (id: string) => void}} props */
export function Choose({ id, type, value, error, onChoose }) {
  const [words, setWords] = useState("");
  const known = useNames(value ? [value] : [], type);
  const found = useFound(type, words, [value]);
  const choose = (/** @type {string} */ chosen) => {
    setWords("");
    onChoose(chosen);
  };
  const title = known.get(value) || value;
  return html`<div class="pick">${value && html`<p class="chosen"><span class="grow">${title}</span><${Button} kind="icon" label=${`Take ${title} away`} onClick=${() => choose("")}>✕<//></p>`}
    <input id=${id} type="text" autocomplete="off" placeholder=${`Find a ${type}`} aria-invalid=${error ? "true" : undefined} aria-describedby=${error ? `${id}-error` : undefined} value=${words} onInput=${(/** @type {any} */ event) => setWords(event.target.value)} />
    <${Found} found=${found} onPick=${choose} /></div>`;
}

/**
 * @param {{track: any, name: string, label: string, type: "task" | "goal", many?: boolean, none: string, onSaved: (track: any) => void}} props
 *   `name` is the field of the task that holds the ids
 */
export function Pick({ track, name, label, type, many = false, none, onSaved }) {
  const value = track.task[name];
  const ids = /** @type {string[]} */ (many ? value : value ? [value] : []);
  const known = useNames(ids, type);
  const [words, setWords] = useState("");
  const found = useFound(type, words, [track.id, ...ids]);
  const [error, setError] = useState("");
  const [conflict, setConflict] = useState(/** @type {any} */ (null));
  const id = `pick-${name}`;
  /** @param {string[]} after @param {any} [base] the task as it was read */
  const save = async (after, base = track) => {
    try {
      onSaved(await change(base, { task: { [name]: many ? after : after[0] || "" } }));
      setWords("");
      setError("");
      setConflict(null);
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      if (problem.status === 412) await meet(after, base);
      else setError(problem.about(name) || problem.message);
    }
  };

  /** Someone else changed the task: another field is no conflict, this one is. @param {string[]} after @param {any} base */
  const meet = async (after, base) => {
    const theirs = await get(`/v1/tracks/${track.id}`);
    onSaved(theirs);
    if (String(theirs.task[name]) === String(base.task[name])) return save(after, theirs);
    const all = /** @type {string[]} */ ([...after, ...[theirs.task[name] || []].flat()]);
    const map = await attempt(() => named(all, type));
    const words = (/** @type {string[]} */ some) => some.map((each) => (map && map.get(each)) || each).join("\n");
    setConflict({ theirs, after, mine: words(after), other: words([theirs.task[name] || []].flat()) });
  };
  return html`<div class="pick" role="group" aria-label=${label}>
    <ul class="links">${ids.map((each) => html`<li key=${each}><a class="grow" href=${to.track({ id: each, type })}>${known.get(each) || each}</a>
      ${tasks.value.get(each) && html`<${Status} status=${tasks.value.get(each).task.status} />`}
      ${may("tasks:write") && html`<${Button} kind="icon" label=${`Take ${known.get(each) || each} away`} onClick=${() => save(ids.filter((other) => other !== each))}>✕<//>`}</li>`)}</ul>
    ${!ids.length && html`<p class="quiet">${none}</p>`}
    ${may("tasks:write") && html`<input id=${id} type="text" autocomplete="off" aria-label=${`${label}: find by words`} placeholder=${many ? "Find a task to add" : `Find a ${type}`} value=${words} onInput=${(/** @type {any} */ event) => setWords(event.target.value)} />`}
    <${Found} found=${found} onPick=${(/** @type {string} */ each) => save(many ? [...ids, each] : [each])} />
    ${error && html`<p class="error" role="alert">${error}</p>`}
    ${conflict && html`<${Conflict} label=${label} mine=${conflict.mine} theirs=${conflict.other} track=${conflict.theirs}
      onMine=${() => save(conflict.after, conflict.theirs)} onTheirs=${() => setConflict(null)} onClose=${() => setConflict(null)} />`}
  </div>`;
}
