// Fields of a track that are edited in place: saved under the version they were read at, and a conflict shows both.
import { html, useEffect, useRef, useState } from "./html.js";
import { ApiError, get, may } from "./api.js";
import { change } from "./tracks.js";
import { Button, Dialog, Field, Time } from "./ui.js";

/** What was typed and is not saved, by track and field: it outlives the screen, and signing in anew. @type {Map<string, {value: any, base: any}>} */
const drafts = new Map();

/** @param {any} track @param {string} name */
export const valueOf = (track, name) => name.split(".").reduce((found, part) => (found == null ? found : found[part]), track);

/** @param {string} name @param {any} value */
const bodyOf = (name, value) => name.split(".").reduceRight((body, part) => ({ [part]: body }), value);

const KINDS = {
  text: { show: (/** @type {any} */ value) => value ?? "", take: (/** @type {string} */ text) => text },
  list: {
    show: (/** @type {any} */ value) => (value || []).join(", "),
    take: (/** @type {string} */ text) => text.split(",").map((each) => each.trim()).filter(Boolean),
  },
  related: {
    show: (/** @type {any} */ value) => (value ? `${value.type}: ${value.id}` : ""),
    take: (/** @type {string} */ text) => ({ type: text.split(":")[0].trim(), id: text.split(":").slice(1).join(":").trim() }),
  },
  number: { show: (/** @type {any} */ value) => String(value ?? 0), take: (/** @type {string} */ text) => Number(text) },
  json: { show: (/** @type {any} */ value) => JSON.stringify(value ?? {}, null, 2), take: (/** @type {string} */ text) => JSON.parse(text || "{}") },
};

/**
 * @param {{track: any, name: string, label: string, kind?: keyof typeof KINDS, input?: string, options?: [string, string][],
 *   suggestions?: string[], hint?: string, wide?: boolean, onSaved: (track: any) => void, placeholder?: string, body?: (value: any) => any}} props
 */
export function Edit({ track, name, label, kind = "text", input = "text", options, suggestions, hint, wide, onSaved, placeholder, body = (value) => bodyOf(name, value) }) {
  const { show, take } = KINDS[kind];
  const key = `${track.id} ${name}`;
  const [draft, setDraft] = useState(/** @type {{value: any, base: any} | undefined} */ (drafts.get(key)));
  const [error, setError] = useState("");
  const [conflict, setConflict] = useState(/** @type {any} */ (null));
  const [saving, setSaving] = useState(false);
  const id = `edit-${name.replaceAll(".", "-")}`;
  const element = useRef(/** @type {any} */ (null));

  const keep = (/** @type {any} */ value) => {
    const kept = value === undefined ? undefined : { value, base: draft ? draft.base : track };
    kept ? drafts.set(key, kept) : drafts.delete(key);
    setDraft(kept);
    setError("");
  };

  /** @param {any} text @param {any} base */
  const save = async (text, base) => {
    if (text === show(valueOf(base, name))) return keep(undefined);
    let value;
    try {
      value = take(text);
    } catch (problem) {
      return setError(`is no JSON: ${/** @type {Error} */ (problem).message}`);
    }
    setSaving(true);
    try {
      onSaved(await change(base, body(value)));
      keep(undefined);
      setConflict(null);
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      if (problem.status === 412) await meet(text, base);
      else setError(problem.about(name.split(".").pop() || name) || problem.message);
    } finally {
      setSaving(false);
    }
  };

  /** Someone else changed the track: another field is no conflict, this one is. @param {any} text @param {any} base */
  const meet = async (text, base) => {
    const theirs = await get(`/v1/tracks/${track.id}`);
    onSaved(theirs);
    if (show(valueOf(theirs, name)) === show(valueOf(base, name))) return save(text, theirs);
    if (show(valueOf(theirs, name)) === text) return keep(undefined);
    setConflict({ theirs, text });
  };

  useEffect(() => () => setConflict(null), [track.id]);
  const shown = draft ? draft.value : show(valueOf(track, name));
  const common = {
    id, ref: element, disabled: !may("tasks:write"), value: shown, placeholder,
    "aria-invalid": error ? "true" : undefined, "aria-describedby": error ? `${id}-error` : undefined, "aria-busy": saving,
  };
  const commit = () => draft && save(draft.value, draft.base);
  const typed = (/** @type {any} */ event) => keep(event.target.value);
  const cancel = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") keep(undefined);
    if (event.key === "Enter" && (input !== "textarea" || event.metaKey || event.ctrlKey)) element.current.blur();
  };
  let control;
  if (options) control = html`<select ...${common} onChange=${(/** @type {any} */ event) => { keep(event.target.value); save(event.target.value, track); }}>
    ${options.map(([value, words]) => html`<option key=${value} value=${value}>${words}</option>`)}</select>`;
  else if (input === "textarea") control = html`<textarea ...${common} rows=${Math.min(24, Math.max(3, String(shown).split("\n").length + 1))} onInput=${typed} onBlur=${commit} onKeyDown=${cancel}></textarea>`;
  else control = html`<input ...${common} type=${input} list=${suggestions && `${id}-list`} autocomplete="off" onInput=${typed} onBlur=${commit} onKeyDown=${cancel} />
    ${suggestions && html`<datalist id=${`${id}-list`}>${suggestions.map((each) => html`<option key=${each} value=${each}></option>`)}</datalist>`}`;
  return html`<${Field} id=${id} label=${label} error=${error} hint=${saving ? "Saving…" : draft ? hint || "Not saved yet: leave the field to save, Esc to undo." : hint} wide=${wide}>${control}<//>
    ${conflict && html`<${Conflict} label=${label} mine=${conflict.text} theirs=${show(valueOf(conflict.theirs, name))} track=${conflict.theirs}
      onMine=${() => save(conflict.text, conflict.theirs)} onTheirs=${() => { keep(undefined); setConflict(null); }} onClose=${() => setConflict(null)} />`}`;
}

/** Both versions of a field, to choose from. @param {any} props */
export const Conflict = ({ label, mine, theirs, track, onMine, onTheirs, onClose }) => html`<${Dialog} title=${`${label} was changed meanwhile`} onClose=${onClose}>
  <p>${track.changedBy.id} saved version ${track.version} <${Time} at=${track.updatedAt} />. Which one is to stay?</p>
  <div class="versions">
    <section><h3>Yours</h3><pre tabindex="0" aria-label="Yours">${mine || "(empty)"}</pre><${Button} kind="primary" onClick=${onMine}>Keep mine<//></section>
    <section><h3>Theirs</h3><pre tabindex="0" aria-label="Theirs">${theirs || "(empty)"}</pre><${Button} onClick=${onTheirs}>Take theirs<//></section>
  </div>
<//>`;
