// Who is signed in and where, devices, members, tokens, projects, what the workspace does by itself and what it used.
import { html, useEffect, useState } from "./html.js";
import { ApiError, get, may, send, session } from "./api.js";
import { Button, Dialog, Field, Secret, Status, Time, Wait, attempt, say, usePoll } from "./ui.js";
import { nextTheme, signOut } from "./app.js";
import { More, usePages } from "./pages.js";
import { Devices, Members } from "./people.js";

const SCOPES = { "tasks:read": "read tasks, goals and runs", "tasks:write": "change them, claim and run", "audit:read": "read the audit trail", "settings:admin": "manage tokens, projects, webhooks", "user:write": "register devices" };

export function Settings() {
  const who = session.value;
  const isAdmin = may("settings:admin");
  return html`<main id="main" tabindex="-1"><header class="bar"><h1>Settings</h1><div class="actions"><${Button} onClick=${() => say(`Theme: ${nextTheme()}`)}>Change theme<//><${Button} onClick=${signOut}>Sign out<//></div></header>
    ${who && html`<section class="panel"><h2>You</h2><dl class="wide-list"><dt>Name</dt><dd>${who.actor.name} <span class="quiet">${who.actor.id}</span></dd><dt>Workspace</dt><dd>${who.tenant.name} <span class="quiet mono">${who.tenant.id}</span></dd><dt>You may</dt><dd>${who.scopes.join(", ")}</dd></dl></section>`}
    <${Mail} /><${Sessions} />
    ${may("user:write") && html`<${Devices} />`}
    ${who && html`<${Members} />`}
    ${isAdmin && html`<${Tokens} /><${Projects} /><${Workspace} /><${Usage} />`}
  </main>`;
}

/** What is set at a path, and what changes a part of it. @param {string} path @returns {[any, (part: any) => Promise<void>]} */
function useSettings(path) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => void attempt(() => get(path)).then(setFound), []);
  return [found, async (part) => setFound((await attempt(() => send("PATCH", path, part))) || found)];
}

function Mail() {
  const [found, change] = useSettings("/v1/inbox/mail");
  const where = found && (!found.sender ? "This installation sends no mails" : found.address ? `To ${found.address}` : "No address of yours is known: the operator can give one");
  return html`<section class="panel"><h2>Mail</h2>${!found ? html`<${Wait} />` : html`<${Field} id="mail-mode" label="What is new in your inbox is mailed" hint=${where}>
    <select id="mail-mode" value=${found.mode} onChange=${(/** @type {any} */ event) => change({ mode: event.target.value })}><option value="at_once">at once</option><option value="digest">gathered, once an hour</option><option value="off">never</option></select><//>`}</section>`;
}

function Sessions() {
  const { items, error, refresh, more } = usePages("/v1/sessions?limit=50", 30_000);
  const end = async (/** @type {any} */ each) => {
    if (each.current) return signOut();
    if (await attempt(async () => (await send("DELETE", `/v1/sessions/${each.id}`), true))) say("That session is ended, within 30 seconds everywhere");
    await refresh();
  };
  return html`<section class="panel"><h2>Sessions and connected programs</h2>${!items ? html`<${Wait} error=${error} />` : html`<ul class="table">${items.map((each) => html`<li key=${each.id} class="row">
    <span class="grow"><b>${each.actor.name}</b>${each.current && html` <span class="tag active">this one</span>`}<br /><span class="quiet">${each.client ? html`${each.browser}, a program you connected` : each.browser}</span></span><${Status} status=${each.status} />
    <span class="quiet">since <${Time} at=${each.createdAt} /></span>${each.status === "active" && html`<span class="quiet">ends <${Time} at=${each.expiresAt} /></span><${Button} onClick=${() => end(each)}>${each.current ? "Sign out" : "End"}<//>`}</li>`)}</ul><${More} more=${more} what="sessions" />`}</section>`;
}

function Tokens() {
  const { items, error, refresh, more } = usePages("/v1/tokens?limit=50", 0);
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState("");
  const revoke = async (/** @type {any} */ each) => {
    if (confirm(`Revoke the token of ${each.actor.name}?`) && (await attempt(async () => (await send("DELETE", `/v1/tokens/${each.id}`), true)))) await refresh();
  };
  return html`<section class="panel"><h2>Tokens <${Button} onClick=${() => setAdding(true)}>New token<//></h2>
    ${!items ? html`<${Wait} error=${error} />` : items.length ? html`<ul class="table">${items.map((each) => html`<li key=${each.id} class="row"><span class="grow"><b>${each.actor.name}</b> <span class="quiet">${each.actor.kind === "agent" ? "agent" : "person"} ${each.actor.id}</span><br /><span class="quiet">${each.scopes.join(", ")}</span></span>
      <${Status} status=${each.status} /><span class="quiet">${each.expiresAt ? html`ends <${Time} at=${each.expiresAt} />` : "no end"}</span>${each.status === "active" && html`<${Button} label=${`Revoke the token of ${each.actor.name}`} onClick=${() => revoke(each)}>Revoke<//>`}</li>`)}</ul><${More} more=${more} what="tokens" />` : html`<p class="quiet">No agent or program has a token yet.</p>`}
    ${adding && html`<${AddToken} onClose=${() => setAdding(false)} onMade=${(/** @type {any} */ made) => { setAdding(false); setSecret(made.token); refresh(); }} />`}
    ${secret && html`<${Secret} title="The new token" secret=${secret} onClose=${() => setSecret("")} />`}</section>`;
}

/** @param {any} props */
function AddToken({ onClose, onMade }) {
  const [values, setValues] = useState({ id: "", kind: "agent", name: "", expires: "90d" });
  const [scopes, setScopes] = useState(new Set(["tasks:read", "tasks:write"]));
  const [error, setError] = useState(/** @type {any} */ (null));
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) => setValues({ ...values, [name]: event.target.value });
  const flip = (/** @type {string} */ name) => setScopes((had) => { const after = new Set(had); after.has(name) ? after.delete(name) : after.add(name); return after; });
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const actor = { id: values.id, kind: values.kind, ...(values.name && { name: values.name }) };
    try {
      onMade(await send("POST", "/v1/tokens", { actor, scopes: [...scopes], ...(values.expires && { expiresAt: values.expires }) }));
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
    }
  };
  const about = (/** @type {string} */ name) => (error ? error.about(name) : "");
  return html`<${Dialog} title="New token" onClose=${onClose}><form onSubmit=${save}><div class="grid">
      <${Field} id="token-actor" label="Whose" error=${about("actor.id")} hint="Such as agent_builder"><input id="token-actor" required autofocus autocomplete="off" value=${values.id} onInput=${set("id")} /><//>
      <${Field} id="token-kind" label="Kind"><select id="token-kind" value=${values.kind} onChange=${set("kind")}><option value="agent">an agent</option><option value="user">a person</option></select><//>
      <${Field} id="token-name" label="Name" error=${about("actor.name")}><input id="token-name" autocomplete="off" value=${values.name} onInput=${set("name")} /><//>
      <${Field} id="token-expires" label="Ends" error=${about("expiresAt")} hint="12h, 90d, a date; empty: never"><input id="token-expires" autocomplete="off" value=${values.expires} onInput=${set("expires")} /><//></div>
    <fieldset><legend>May</legend><div class="choices">${Object.entries(SCOPES).map(([name, opens]) => html`<label key=${name}><input type="checkbox" checked=${scopes.has(name)} onChange=${() => flip(name)} /> ${name} <span class="quiet">${opens}</span></label>`)}</div>${about("scopes") && html`<p class="error">${about("scopes")}</p>`}</fieldset>
    ${error && !error.fields.length && html`<p class="error" role="alert">${error.message}</p>`}
    <div class="actions"><${Button} kind="primary" type="submit">Make token<//></div></form><//>`;
}

function Projects() {
  const { items, error, refresh, more } = usePages("/v1/projects?limit=50", 0);
  const [name, setName] = useState("");
  const [refused, setRefused] = useState("");
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await send("POST", "/v1/projects", { name });
      setName("");
      setRefused("");
      await refresh();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setRefused(problem.about("name") || problem.message);
    }
  };
  const archive = async (/** @type {any} */ each) => {
    await attempt(() => send("PATCH", `/v1/projects/${each.id}`, { archived: !each.archivedAt }));
    await refresh();
  };
  return html`<section class="panel"><h2>Projects</h2>
    ${!items ? html`<${Wait} error=${error} />` : html`<ul class="table">${items.map((each) => html`<li key=${each.id} class="row"><span class="quiet">${each.number}</span><b class="grow">${each.name}${each.archivedAt && html` <span class="tag">archived</span>`}</b><span class="quiet mono">${each.id}</span>
      <${Button} label=${`${each.archivedAt ? "Take up" : "Archive"} the project ${each.name}`} onClick=${() => archive(each)}>${each.archivedAt ? "Take up again" : "Archive"}<//></li>`)}</ul><${More} more=${more} what="projects" />`}
    <form class="inline" onSubmit=${save}><${Field} id="project-name" label="New project" error=${refused}><input id="project-name" required autocomplete="off" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} /><//><${Button} type="submit">Add<//></form></section>`;
}

function Workspace() {
  const [found, change] = useSettings("/v1/tenant");
  return html`<section class="panel"><h2>Workspace</h2>${!found ? html`<${Wait} />` : html`<${Field} id="auto-run" label="Tasks of agents that become ready" hint="Of the pool, and assigned to an agent">
    <select id="auto-run" value=${found.autoRun} onChange=${(/** @type {any} */ event) => change({ autoRun: event.target.value })}><option value="off">wait until somebody runs them</option><option value="agents">get a run by themselves</option></select><//>`}</section>`;
}

function Usage() {
  const { value, error } = usePoll(() => get("/v1/usage?days=7"), 60_000, []);
  const number = (/** @type {number} */ count) => count.toLocaleString("en");
  const limits = value && [value.limits.perMinute && `${number(value.limits.perMinute)} a minute`, value.limits.perDay && `${number(value.limits.perDay)} a day`].filter(Boolean).join(", ");
  return html`<section class="panel"><h2>Usage</h2>${!value ? html`<${Wait} error=${error} />` : html`<p class="quiet">Requests of the last seven days, in UTC. ${limits ? `At most ${limits}.` : "There is no limit."}</p>
    ${value.days.length ? html`<ul class="table">${[...value.days].reverse().map((/** @type {any} */ each) => html`<li key=${each.day} class="row"><b class="grow">${each.day}</b><span>${number(each.requests)} requests</span><span class="quiet">${number(each.changes)} changes, ${number(each.runs)} runs, ${number(each.refused)} refused, ${number(each.failed)} failed</span></li>`)}</ul>` : html`<p class="quiet">None were counted yet.</p>`}`}</section>`;
}
