// A run's log: entries to lines of text, with the colours that terminals know and nothing else of what they know.
import { html, useMemo, useState } from "./html.js";
import { ApiError, online, whenSignedOut } from "./api.js";
import { Rows } from "./ui.js";

const LINE = 20;
const LINE_MAX = 2_000;
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** What an entry says, as text. @param {any} entry */
export function textOf(entry) {
  const { params } = entry.notification || {};
  const update = params && params.update;
  const found = [params && params.text, params && params.message, update && update.content && update.content.text, update && update.title].find((each) => typeof each === "string");
  return found === undefined ? JSON.stringify(entry.notification || entry) : found;
}

/**
 * Text with escape sequences to pieces with classes: colours, bold and faint are kept, all else is dropped.
 * @param {string} line @returns {{text: string, kind: string}[]}
 */
export function pieces(line) {
  /** @type {{text: string, kind: string}[]} */
  const found = [];
  let colour = "";
  let weight = "";
  // Control sequences, operating system commands (titles, links), and what else begins with an escape.
  for (const part of line.split(/(\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?)/)) {
    const set = /^\x1b\[([0-9;]*)m$/.exec(part);
    if (set) {
      for (const code of set[1].split(";").map(Number)) {
        if (code === 0) colour = weight = "";
        else if (code === 1) weight = "bold";
        else if (code === 2) weight = "faint";
        else if (code === 22) weight = "";
        else if (code === 39) colour = "";
        else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) colour = `ansi-${COLOURS[code % 10]}`;
      }
    } else if (part && !part.startsWith("\x1b")) {
      const text = part.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
      if (text) found.push({ text, kind: [colour, weight].filter(Boolean).join(" ") });
    }
  }
  return found;
}

/**
 * Follow a run's event stream: a chain of answers, each from where the last one broke off.
 * @param {string} address @param {(entries: any[], state: any) => void} tell @param {AbortSignal} stop
 */
export async function follow(address, tell, stop) {
  let last = "";
  while (!stop.aborted) {
    try {
      const answer = await fetch(address, { headers: last ? { "last-event-id": last } : {}, signal: stop, credentials: "same-origin", cache: "no-store" });
      online.value = true;
      if (answer.status === 204) return;
      if (answer.status === 401) return whenSignedOut.call();
      if (answer.status >= 500) throw new TypeError("try again");
      if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => null), "");
      const entries = [];
      let state = null;
      for (const block of (await answer.text()).split("\n\n")) {
        let id = "", name = "", data = "";
        for (const line of block.split("\n")) {
          if (line.startsWith("id:")) id = line.slice(3).trim();
          else if (line.startsWith("event:")) name = line.slice(6).trim();
          else if (line.startsWith("data:")) data += line.slice(5);
        }
        if (id) last = id;
        if (!data || name === "keepalive") continue;
        const told = JSON.parse(data);
        if (name === "end") state = { ...(state || {}), ended: true };
        else if (told.type === "task_run_state") state = { ...(state || {}), ...told };
        else entries.push(told);
      }
      if (entries.length || state) tell(entries, state);
    } catch (error) {
      if (stop.aborted || error instanceof ApiError) throw error;
      online.value = false;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
    while (document.hidden && !stop.aborted) await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** @param {{entries: any[]}} props */
export function Log({ entries }) {
  const [words, setWords] = useState("");
  const [isFollowing, setFollowing] = useState(true);
  const lines = useMemo(() => entries.flatMap((entry) => {
    const text = textOf(entry);
    return text.replace(/\n$/, "").split("\n").map((/** @type {string} */ line) => ({ line: line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}…` : line, at: entry.timestamp }));
  }), [entries.length]);
  const wanted = words.toLowerCase();
  const shown = wanted ? lines.filter(({ line }) => line.toLowerCase().includes(wanted)) : lines;
  return html`<div class="log">
    <div class="log-tools"><input type="search" aria-label="Search the log" placeholder="Search the log" value=${words} onInput=${(/** @type {any} */ event) => setWords(event.target.value)} />
      <label><input type="checkbox" checked=${isFollowing} onChange=${() => setFollowing(!isFollowing)} /> Follow</label><span class="quiet">${shown.length === lines.length ? `${lines.length} lines` : `${shown.length} of ${lines.length} lines`}</span></div>
    ${shown.length ? html`<${Rows} items=${shown} height=${LINE} label="Log" follow=${isFollowing && !wanted} kind="log-lines"
      row=${(/** @type {any} */ { line, at }, /** @type {number} */ index) => html`<li key=${index}><span class="log-at">${typeof at === "string" ? at.slice(11, 19) : ""}</span>${pieces(line).map((each) => html`<span class=${each.kind}>${each.text}</span>`)}</li>`} />`
      : html`<p class="wait">${lines.length ? "No line has these words." : "Nothing was logged yet."}</p>`}
  </div>`;
}
