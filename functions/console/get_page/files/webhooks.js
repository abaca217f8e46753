// Endpoints that are told what happens, and what was delivered to them.
import { html, useState } from "./html.js";
import { ApiError, may, send, session } from "./api.js";
import { route, to } from "./router.js";
import { Button, Dialog, Empty, Field, Secret, Status, Time, Wait, attempt, say } from "./ui.js";
import { More, usePages } from "./pages.js";

const BASE = "/api/v1/webhooks";
const POLL_MS = 10_000;
const EVENTS = ["task.*", "task.created", "task.updated", "task.status_changed", "task.completed", "task.assigned", "task.deleted", "task.stuck", "goal.*", "run.*", "run.completed", "run.failed", "run.cancelled"];

export function Webhooks() {
  if (!session.value) return html`<main id="main" tabindex="-1"><${Wait} /></main>`;
  if (!may("settings:admin")) return html`<main id="main" tabindex="-1"><header class="bar"><h1>Webhooks</h1></header><${Empty} title="For administrators">Webhooks need the scope settings:admin. Ask an owner of the workspace.<//></main>`;
  return html`<${Hooks} />`;
}

function Hooks() {
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState("");
  const chosen = route.value.parts[0];
  const { items, error, refresh, more } = usePages(`${BASE}?limit=50`, POLL_MS);
  return html`<main id="main" tabindex="-1"><header class="bar"><h1>Webhooks</h1><div class="actions"><${Button} kind="primary" onClick=${() => setAdding(true)}>New webhook<//></div></header>
    ${!items ? html`<${Wait} error=${error} />` : items.length ? items.map((hook) => html`<${Hook} key=${hook.id} hook=${hook} isOpen=${hook.id === chosen} refresh=${refresh} onSecret=${setSecret} />`)
      : html`<${Empty} title="Nobody is told yet">A webhook is sent what happens to tasks, goals and runs, signed, and again until it answers.<//>`}
    <${More} more=${more} what="webhooks" />
    ${adding && html`<${Add} onClose=${() => setAdding(false)} onMade=${(/** @type {any} */ made) => { setAdding(false); setSecret(made.secret); refresh(); }} />`}
    ${secret && html`<${Secret} title="The webhook's secret" secret=${secret} onClose=${() => setSecret("")} />`}
  </main>`;
}

/** @param {any} props */
function Hook({ hook, isOpen, refresh, onSecret }) {
  const path = `${BASE}/${hook.id}`;
  const flip = async () => void ((await attempt(() => send("PATCH", path, { enabled: !hook.enabled }))) && (await refresh()));
  const rotate = async () => {
    const made = await attempt(() => send("POST", `${path}/rotate`));
    if (made) onSecret(made.secret);
    await refresh();
  };
  const erase = async () => {
    if (confirm(`Delete the webhook to ${hook.url}?`) && (await attempt(async () => (await send("DELETE", path), true)))) await refresh();
  };
  return html`<section class="panel"><div class="row"><a class="grow strong" href=${isOpen ? to.screen("webhooks") : `${to.screen("webhooks")}/${hook.id}`} data-item=${hook.id} aria-expanded=${isOpen ? "true" : "false"}>${hook.url}</a>
      <${Status} status=${hook.enabled ? "enabled" : "disabled"} note=${hook.disabledReason} /><${Button} onClick=${flip}>${hook.enabled ? "Disable" : "Enable"}<//><${Button} onClick=${rotate}>Rotate secret<//><${Button} kind="danger" onClick=${erase}>Delete<//></div>
    <p class="quiet">${hook.events.join(", ")}${hook.description && ` · ${hook.description}`}${hook.formerSecretUntil && html` · the former secret signs too until <${Time} at=${hook.formerSecretUntil} />`}</p>
    ${isOpen && html`<${Deliveries} path=${path} />`}</section>`;
}

/** @param {{path: string}} props */
function Deliveries({ path }) {
  const { items, error, refresh, more } = usePages(`${path}/deliveries?limit=50`, 5_000);
  const again = async (/** @type {any} */ each) => {
    if (await attempt(() => send("POST", `${path}/deliveries/${each.id}/redeliver`))) say("It is sent again");
    await refresh();
  };
  if (!items) return html`<${Wait} error=${error} />`;
  return items.length ? html`<ul class="table">${items.map((each) => html`<li key=${each.id} class="row"><span class="grow">${each.event}</span><${Status} status=${each.status} />
      <span class="quiet">${each.attempts} attempt${each.attempts === 1 ? "" : "s"}${each.responseStatus ? `, answered ${each.responseStatus}` : ""}${each.error ? `, ${each.error}` : ""}</span>
      <span class="quiet"><${Time} at=${each.createdAt} /></span>${each.status !== "pending" && html`<${Button} onClick=${() => again(each)}>Send again<//>`}</li>`)}</ul><${More} more=${more} what="deliveries" />`
    : html`<p class="quiet">Nothing was delivered yet.</p>`;
}

/** @param {any} props */
function Add({ onClose, onMade }) {
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [events, setEvents] = useState(new Set(["task.*", "run.*"]));
  const [error, setError] = useState("");
  const flip = (/** @type {string} */ name) => setEvents((had) => { const after = new Set(had); after.has(name) ? after.delete(name) : after.add(name); return after; });
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      onMade(await send("POST", BASE, { url, events: [...events], description }));
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem.message);
    }
  };
  // The surface words its refusals in one sentence, which begins with the field.
  const about = (/** @type {string} */ name) => (new RegExp(`(invalid|field:) ${name}`, "i").test(error) ? error : "");
  const general = error && !["url", "events", "description"].some(about) ? error : "";
  return html`<${Dialog} title="New webhook" onClose=${onClose}><form onSubmit=${save}>
    <${Field} id="hook-url" label="Address" error=${about("url")} hint="https, and a public host" wide=${true}><input id="hook-url" required autofocus value=${url} onInput=${(/** @type {any} */ event) => setUrl(event.target.value)} /><//>
    <${Field} id="hook-description" label="Description" error=${about("description")} wide=${true}><input id="hook-description" value=${description} onInput=${(/** @type {any} */ event) => setDescription(event.target.value)} /><//>
    <fieldset><legend>Events</legend><div class="choices columns-2">${EVENTS.map((each) => html`<label key=${each}><input type="checkbox" checked=${events.has(each)} onChange=${() => flip(each)} /> ${each}</label>`)}</div>${about("events") && html`<p class="error">${about("events")}</p>`}</fieldset>
    ${general && html`<p class="error" role="alert">${general}</p>`}
    <div class="actions"><${Button} kind="primary" type="submit">Add webhook<//></div></form><//>`;
}
