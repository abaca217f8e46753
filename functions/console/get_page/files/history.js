// What happened to a track, from the audit trail.
import { html } from "./html.js";
import { Time, Wait, capital, statusWord } from "./ui.js";
import { More, usePages } from "./pages.js";

/** @param {any} value */
const brief = (value) => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === undefined || text === "null" || text === "" ? "nothing" : text.length > 80 ? `${text.slice(0, 80)}…` : text;
};

/** @param {any} entry */
function words(entry) {
  if (entry.outcome === "refused") return `tried to set ${statusWord(entry.newStatus)}: refused (${entry.error.code})`;
  if (entry.action === "run_status_changed") return `run: ${statusWord(entry.newStatus)}`;
  if (entry.action === "created" || entry.action === "deleted") return entry.action;
  return entry.changes.map((/** @type {any} */ each) => `${each.field}: ${brief(each.before)} → ${brief(each.after)}`).join(", ") || capital(entry.action);
}

/** @param {{track: string, version: number}} props */
export function History({ track, version }) {
  const { items, error, more } = usePages(`/v1/audit?track=${track}&limit=30`, 10_000, [version]);
  return html`<section class="panel"><h2>History</h2>
    ${!items ? html`<${Wait} error=${error} />` : html`<ol class="history">${items.map((entry) => html`<li key=${entry.id}>
      <span class="history-what">${words(entry)}</span>
      <span class="quiet">${entry.actor.id}${entry.actor.source === "api" ? "" : ` through ${entry.actor.source}`} · <${Time} at=${entry.at} /></span></li>`)}</ol><${More} more=${more} what="history" />`}
    ${items && !items.length && html`<p class="quiet">The trail is a moment behind.</p>`}
  </section>`;
}
