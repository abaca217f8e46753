// What people and agents say about a task. Markdown is shown as it was written: no text becomes markup.
import { html, useState } from "./html.js";
import { may, send, session } from "./api.js";
import { Button, Time, Wait, attempt } from "./ui.js";
import { More, usePages } from "./pages.js";
import { useDraft } from "./drafts.js";

const POLL_MS = 10_000;

/** @param {{track: string}} props */
export function Comments({ track }) {
  const base = `/v1/tracks/${track}/comments`;
  const { items, error, refresh, more } = usePages(`${base}?limit=50`, POLL_MS);
  const [text, setText] = useDraft(`comment ${track}`);
  const [editing, setEditing] = useState("");
  const [older, setOlder] = useState("");
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { text: editing ? older : text };
    if (!body.text.trim()) return;
    const done = await attempt(() => (editing ? send("PATCH", `${base}/${editing}`, body) : send("POST", base, body)));
    if (done && !editing) setText("");
    if (done) setEditing("");
    await refresh();
  };
  const erase = async (/** @type {string} */ id) => {
    await attempt(async () => (await send("DELETE", `${base}/${id}`), true));
    await refresh();
  };
  const me = session.value ? session.value.actor.id : "";
  return html`<section class="panel"><h2>Comments ${items && html`<span class="count">${items.length}${more ? "+" : ""}</span>`}</h2>
    ${!items ? html`<${Wait} error=${error} />` : html`<ol class="history">${items.map((each) => html`<li key=${each.id} data-comment=${each.id}>
      <span class="quiet grow">${each.author}${each.authorKind === "agent" && html` <span class="tag active">agent</span>`} · <${Time} at=${each.createdAt} />${each.editedAt && !each.deletedAt ? " · edited" : ""}</span>
      ${each.author === me && !each.deletedAt && editing !== each.id && html`<span><${Button} onClick=${() => { setEditing(each.id); setOlder(each.text); }}>Edit<//> <${Button} onClick=${() => erase(each.id)}>Delete<//></span>`}
      ${editing === each.id
        ? html`<form class="said" onSubmit=${save}><label class="label" for="edit-comment">Edit the comment</label><textarea id="edit-comment" rows="3" value=${older} onInput=${(/** @type {any} */ event) => setOlder(event.target.value)}></textarea>
            <div class="actions"><${Button} onClick=${() => setEditing("")}>Keep as it was<//><${Button} kind="primary" type="submit">Save<//></div></form>`
        : html`<p class="said">${each.deletedAt ? html`<span class="quiet">Deleted</span>` : each.text}</p>`}
    </li>`)}</ol><${More} more=${more} what="comments" />`}
    ${may("tasks:write") && html`<form onSubmit=${save}><div class="field wide"><label for="comment">Comment</label>
      <textarea id="comment" rows="2" placeholder="Markdown; @id mentions a person or an agent" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea></div>
      <div class="actions"><${Button} kind="primary" type="submit">Comment<//></div></form>`}
  </section>`;
}
