// Files: up by a form that is signed for them, straight to the storage; down by an address that is.
import { html, signal, useState } from "./html.js";
import { ApiError, send } from "./api.js";
import { Button, Time, attempt, say, size } from "./ui.js";

/** Files that wait for a task's next run, by the task: the API lists none. @type {any} */
export const staged = signal(/** @type {Record<string, any[]>} */ ({}));

/**
 * Upload files below a path of artifacts; returns their entries.
 * @param {string} prepare @param {string} finalize @param {File[]} files @param {string} type
 */
async function upload(prepare, finalize, files, type) {
  const described = files.map((file) => ({ name: file.name, type, content_type: /^[ -~]*$/.test(file.type) ? file.type : "", size: file.size }));
  const { artifacts } = await send("POST", prepare, { artifacts: described });
  await Promise.all(artifacts.map(async (/** @type {any} */ each, /** @type {number} */ index) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(each.presigned_post.fields)) form.append(name, /** @type {string} */ (value));
    form.append("file", files[index]);
    const answer = await fetch(each.presigned_post.url, { method: "POST", body: form, credentials: "omit" }).catch(() => null);
    if (!answer || !answer.ok) throw new ApiError(answer ? answer.status : 0, { detail: `${each.name} could not be uploaded.` }, "");
  }));
  const uploaded = artifacts.map((/** @type {any} */ { id, name, type: kind, source, content_type, storage_path }) => ({ id, name, type: kind, source, content_type, storage_path }));
  return (await send("POST", finalize, { artifacts: uploaded })).artifacts;
}

/** @param {string} base @param {File[]} files */
export const uploadToRun = (base, files) => upload(`${base}/artifacts/prepare_upload`, `${base}/artifacts/finalize_upload`, files, "user_attachment");

/** @param {string} task @param {File[]} files */
export async function stage(task, files) {
  const base = `/api/projects/-/tasks/${task}/staged_artifacts`;
  const added = await upload(`${base}/prepare_upload`, `${base}/finalize_upload`, files, "user_attachment");
  staged.value = { ...staged.value, [task]: [...(staged.value[task] || []), ...added] };
}

/** @param {string} base @param {any} artifact */
export async function download(base, artifact) {
  const { url } = await send("POST", `${base}/artifacts/presign`, { storage_path: artifact.storage_path });
  // The storage answers with the file as an attachment: the page stays, and nothing of the file is shown in place.
  location.assign(url);
}

/** Where files are dropped or chosen. @param {{onFiles: (files: File[]) => Promise<any>, label: string}} props */
export function Drop({ onFiles, label }) {
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState(false);
  const take = async (/** @type {FileList | null | undefined} */ list) => {
    const files = [...(list || [])];
    if (!files.length) return;
    setBusy(true);
    const done = await attempt(async () => (await onFiles(files), true));
    setBusy(false);
    if (done) say(files.length === 1 ? `${files[0].name} is there` : `${files.length} files are there`);
  };
  return html`<label class=${`drop${over ? " over" : ""}`}
    onDragOver=${(/** @type {DragEvent} */ event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}
    onDrop=${(/** @type {DragEvent} */ event) => { event.preventDefault(); setOver(false); take(event.dataTransfer && event.dataTransfer.files); }}>
    <input type="file" multiple disabled=${busy} aria-label=${label} onChange=${(/** @type {any} */ event) => take(event.target.files)} />
    <span>${busy ? "Uploading…" : `${label}: drop files here, or choose them`}</span>
  </label>`;
}

/** @param {{base: string, artifacts: any[]}} props */
export const Files = ({ base, artifacts }) => html`<ul class="files">
  ${artifacts.map((each) => html`<li key=${each.id}><span class="file-name">${each.name}</span><span class="quiet">${each.type} · ${size(each.size)} · <${Time} at=${each.uploaded_at} /></span>
    <${Button} label=${`Download ${each.name}`} onClick=${() => attempt(() => download(base, each))}>Download<//></li>`)}
</ul>`;
