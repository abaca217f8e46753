// The palette: every screen and act by its name, and every task and goal by words of its title. And the list of keys.
import { html, useEffect, useState } from "./html.js";
import { get } from "./api.js";
import { go, to } from "./router.js";
import { Dialog, Status, attempt } from "./ui.js";
import { nextTheme, open, signOut } from "./app.js";

/** @type {[string, () => void][]} */
const ACTS = [
  ["New task", () => open("task")], ["New goal", () => open("goal")], ["New schedule", () => open("schedule")],
  ["Go to Inbox", () => go(to.screen("inbox"))], ["Go to Board", () => go(to.board())], ["Go to Goals", () => go(to.screen("goals"))],
  ["Go to Runs", () => go(to.screen("runs"))], ["Go to Schedules", () => go(to.screen("schedules"))], ["Go to Webhooks", () => go(to.screen("webhooks"))], ["Go to Settings", () => go(to.screen("settings"))],
  ["Change theme", nextTheme], ["Show keys", () => open("keys")], ["Sign out", () => void signOut()],
];
const PAUSE_MS = 200;

/** @param {{onClose: () => void}} props */
export function Palette({ onClose }) {
  const [words, setWords] = useState("");
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  const [at, setAt] = useState(0);
  useEffect(() => {
    setAt(0);
    if (words.trim().length < 2) return setFound([]);
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      const asked = encodeURIComponent(words.trim().slice(0, 200));
      const pages = await attempt(() => Promise.all(["task", "goal"].map((type) => get(`/v1/tracks?type=${type}&limit=6&query=${asked}`, { signal: stop.signal }).catch((error) => { if (error.name === "AbortError") return { items: [] }; throw error; }))));
      if (pages && !stop.signal.aborted) setFound(pages.flatMap((each) => each.items));
    }, PAUSE_MS);
    return () => (clearTimeout(timer), stop.abort());
  }, [words]);
  const acts = ACTS.filter(([name]) => name.toLowerCase().includes(words.trim().toLowerCase()));
  /** @type {{key: string, name: string, note: any, act: () => void}[]} */
  const rows = [
    ...acts.map(([name, act]) => ({ key: name, name, note: "", act })),
    ...found.map((each) => ({ key: each.id, name: each.title, note: html`<${Status} status=${(each.task || each.goal).status} />`, act: () => go(to.track(each)) })),
  ];
  const choose = (/** @type {number} */ index) => {
    const row = rows[index];
    if (!row) return;
    onClose();
    row.act();
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      setAt((at + by + rows.length) % Math.max(rows.length, 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(at);
    }
  };
  return html`<${Dialog} kind="palette" title="" onClose=${onClose}>
    <input type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant=${`palette-${at}`} aria-label="Search or jump to" autofocus autocomplete="off"
      placeholder="Search tasks and goals, or name an action" value=${words} onInput=${(/** @type {any} */ event) => setWords(event.target.value)} onKeyDown=${key} />
    <ul id="palette-list" role="listbox" aria-label="Results">${rows.map((row, index) => html`<li key=${row.key} id=${`palette-${index}`} role="option" aria-selected=${index === at ? "true" : "false"} onClick=${() => choose(index)} onMouseMove=${() => index !== at && setAt(index)}>
      <span>${row.name}</span>${row.note}</li>`)}</ul>
    ${!rows.length && html`<p class="quiet">Nothing is called so.</p>`}
  <//>`;
}

const KEYS = [
  ["⌘K or Ctrl K", "search, or jump to anything"], ["C", "new task"], ["/", "filter the screen"], ["J, K", "next, previous item"],
  ["Enter", "open the item"], ["← →", "next column of the board"], ["Shift ← →", "move the task there"], ["G, then I B O R D W S", "Inbox, Board, Goals, Runs, Schedules, Webhooks, Settings"],
  ["Esc", "close, or undo what was typed into a field"], ["?", "these keys"],
];

/** @param {{onClose: () => void}} props */
export const Keys = ({ onClose }) => html`<${Dialog} title="Keys" onClose=${onClose}>
  <dl class="keys">${KEYS.map(([key, does]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${does}</dd></div>`)}</dl>
<//>`;
