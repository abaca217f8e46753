// Parts that several screens share: status, time, fields, dialogs, lists that hold many rows, polls.
import { html, signal, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { ApiError, online } from "./api.js";

// ---------------------------------------------------------------- words

/** What is shown for a stored status: its words, and the tone that colours it. @type {Record<string, [string, string]>} */
const STATUS = {
  backlog: ["Backlog", "quiet"], todo: ["To do", "plain"], in_progress: ["In progress", "active"], done: ["Done", "good"],
  cancelled: ["Cancelled", "quiet"], none: ["No status", "quiet"], not_started: ["Not started", "plain"],
  on_track: ["On track", "active"], at_risk: ["At risk", "warn"], postponed: ["Postponed", "quiet"], completed: ["Completed", "good"],
  queued: ["Queued", "plain"], pending: ["Queued", "plain"], failed: ["Failed", "bad"], running: ["Running", "active"],
  waiting: ["Waiting", "plain"], asking: ["Waits for an answer", "warn"], ready: ["Ready", "ready"], blocked: ["Blocked", "warn"], stuck: ["Stuck", "bad"],
  skipped: ["Skipped", "quiet"], open: ["Open", "plain"], delivered: ["Delivered", "good"], active: ["Active", "good"],
  revoked: ["Revoked", "quiet"], expired: ["Expired", "quiet"], disabled: ["Disabled", "quiet"], enabled: ["Enabled", "good"],
  begun: ["Begun", "good"], paused: ["Paused", "quiet"], over: ["Over", "quiet"],
};
export const TASK_STATUSES = ["backlog", "todo", "in_progress", "done", "cancelled"];
export const GOAL_STATUSES = ["not_started", "on_track", "at_risk", "postponed", "completed", "cancelled"];
export const PRIORITIES = ["urgent", "high", "medium", "low"];

/** @param {string | null} status */
export const statusWord = (status) => (STATUS[status || "none"] || [status])[0];
/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {{status: string | null, note?: string}} props */
export function Status({ status, note }) {
  const [words, tone] = STATUS[status || "none"] || [status, "plain"];
  return html`<span class=${`status tone-${tone}`}><i aria-hidden="true"></i>${words}${note ? ` · ${note}` : ""}</span>`;
}

/** The same clock for every time on the screen. */
export const now = signal(Date.now());
setInterval(() => document.hidden || (now.value = Date.now()), 15_000);

/** @param {string} at */
function ago(at) {
  const seconds = Math.round((now.value - Date.parse(at)) / 1000);
  const [size, unit] = /** @type {[number, string][]} */ ([[86_400, "d"], [3_600, "h"], [60, "min"]]).find(([each]) => Math.abs(seconds) >= each) || [1, "s"];
  if (Math.abs(seconds) < 45) return "just now";
  const count = Math.round(Math.abs(seconds) / size);
  return seconds < 0 ? `in ${count} ${unit}` : `${count} ${unit} ago`;
}

/** @param {{at: string | null}} props */
export const Time = ({ at }) => (at ? html`<time datetime=${at} title=${new Date(at).toLocaleString()}>${ago(at)}</time>` : "–");

/** @param {string} day */
export const isOverdue = (day) => day < new Date().toISOString().slice(0, 10);
/** @param {number} bytes */
export const size = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1_048_576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`);
/** @param {string} id */
export const short = (id) => id.slice(-6);

// ---------------------------------------------------------------- messages

export const toasts = signal(/** @type {{id: number, text: string, tone: string}[]} */ ([]));
let count = 0;

/** Say something at the foot of the screen. @param {string} text @param {"info" | "bad"} [tone] */
export function say(text, tone = "info") {
  const id = ++count;
  toasts.value = [...toasts.value, { id, text, tone }].slice(-4);
  setTimeout(() => (toasts.value = toasts.value.filter((/** @type {any} */ each) => each.id !== id)), tone === "bad" ? 9000 : 4500);
}

/** Run a change; a refusal is said. Returns what it came to, undefined when it was refused. @template T @param {() => Promise<T>} work @returns {Promise<T | undefined>} */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(error.message, "bad");
    return undefined;
  }
}

export const Toasts = () => html`<div class="toasts" role="status" aria-live="polite">
  ${toasts.value.map((/** @type {any} */ each) => html`<div key=${each.id} class=${`toast ${each.tone}`}>${each.text}</div>`)}
</div>`;

/** @param {{title: string, children?: any}} props */
export const Empty = ({ title, children }) => html`<div class="empty"><strong>${title}</strong><p>${children}</p></div>`;

/** What a screen shows while it reads, and when it can not. @param {{error?: any, what?: string}} props */
export const Wait = ({ error, what = "Loading" }) =>
  error ? html`<${Empty} title=${error.status === 404 ? "Not found" : "This can not be shown"}>${error.message}<//>` : html`<p class="wait" role="status">${what}…</p>`;

// ---------------------------------------------------------------- fields

/** One labelled input; what the API says of it stands below it. @param {any} props */
export function Field({ label, error, hint, children, id, wide }) {
  return html`<div class=${`field${wide ? " wide" : ""}${error ? " wrong" : ""}`}>
    <label for=${id}>${label}</label>${children}
    ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}
    ${!error && hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}

/** A button that shows that its work is going on. @param {any} props */
export function Button({ onClick, children, kind = "", label, disabled, type = "button", ...more }) {
  const [busy, setBusy] = useState(false);
  const click = async (/** @type {Event} */ event) => {
    if (!onClick) return;
    setBusy(true);
    try {
      await onClick(event);
    } finally {
      setBusy(false);
    }
  };
  return html`<button type=${type} class=${kind} aria-label=${label} title=${label} aria-busy=${busy} disabled=${busy || disabled} onClick=${click} ...${more}>${children}</button>`;
}

/** A dialog of the browser's own: it keeps the focus, and Esc closes it. @param {any} props */
export function Dialog({ title, onClose, children, kind = "" }) {
  const element = useRef(/** @type {any} */ (null));
  useEffect(() => element.current.showModal(), []);
  return html`<dialog ref=${element} class=${kind} aria-label=${title} onClose=${onClose} onClick=${(/** @type {Event} */ event) => event.target === element.current && element.current.close()}>
    <div class="dialog-body">
      ${title && html`<header><h2>${title}</h2><button type="button" class="icon" aria-label="Close" onClick=${() => element.current.close()}>✕</button></header>`}
      ${children}
    </div>
  </dialog>`;
}

/** Shows a secret once. @param {{title: string, secret: string, onClose: () => void}} props */
export const Secret = ({ title, secret, onClose }) => html`<${Dialog} title=${title} onClose=${onClose}>
  <p>Keep it now: it is not shown again.</p>
  <pre class="secret" tabindex="0" aria-label="Secret">${secret}</pre>
  <div class="actions"><${Button} kind="primary" onClick=${() => navigator.clipboard.writeText(secret).then(() => say("Copied"))}>Copy<//></div>
<//>`;

// ---------------------------------------------------------------- long lists

/**
 * Rows of one height, of which only those in sight are in the document. `onEnd` is called near the last one.
 * @param {{items: any[], height: number, row: (item: any, index: number) => any, label: string, onEnd?: () => void, follow?: boolean, kind?: string, foot?: any}} props
 */
export function Rows({ items, height, row, label, onEnd, follow, kind = "", foot }) {
  const box = useRef(/** @type {any} */ (null));
  const [view, setView] = useState({ top: 0, height: 800 });
  const measure = () => box.current && setView({ top: box.current.scrollTop, height: box.current.clientHeight || 800 });
  useLayoutEffect(() => {
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (follow) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, items.length]);
  const first = Math.max(0, Math.floor(view.top / height) - 6);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / height) + 6);
  useEffect(() => {
    if (onEnd && last >= items.length) onEnd();
  }, [last, items.length]);
  const shown = [];
  for (let index = first; index < last; index++) shown.push(row(items[index], index));
  return html`<div ref=${box} class=${`rows ${kind}`} onScroll=${measure} tabindex="0" role="region" aria-label=${label}>
    <ul style=${{ paddingTop: `${first * height}px`, paddingBottom: `${(items.length - last) * height}px` }}>${shown}</ul>
    ${foot}
  </div>`;
}

// ---------------------------------------------------------------- what is read again and again

/**
 * Read now and then every `every` milliseconds, but not while the page is hidden. Returns what was read last, and why not.
 * @template T @param {() => Promise<T>} read @param {number} every @param {any[]} inputs
 * @returns {{value: T | undefined, error: any, refresh: () => Promise<void>}}
 */
export function usePoll(read, every, inputs) {
  const [state, setState] = useState(/** @type {{value: any, error: any}} */ ({ value: undefined, error: null }));
  const refresh = useRef(() => Promise.resolve());
  useEffect(() => {
    let stopped = false;
    let timer = 0;
    setState({ value: undefined, error: null });
    const turn = async () => {
      clearTimeout(timer);
      try {
        const value = await read();
        if (!stopped) setState((before) => (before.value === value && !before.error ? before : { value, error: null }));
      } catch (error) {
        // What is on the screen stays while the service can not be reached.
        if (!stopped && /** @type {any} */ (error).name !== "AbortError") setState((before) => (/** @type {any} */ (error).status === 0 ? before : { ...before, error }));
      }
      if (!stopped && every && !document.hidden) timer = setTimeout(turn, online.value ? every : Math.min(every, 2500));
    };
    const seen = () => (document.hidden ? clearTimeout(timer) : turn());
    refresh.current = turn;
    document.addEventListener("visibilitychange", seen);
    turn();
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, inputs);
  return { ...state, refresh: () => refresh.current() };
}
