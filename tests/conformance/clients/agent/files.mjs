// Files of a run through npm `@posthog/agent`: `node files.mjs URL TOKEN PROJECT TASK RUN` prints what came of it as JSON.
import { PostHogAPIClient } from "@posthog/agent/posthog-api";

const [url, token, project, task, run] = process.argv.slice(2);
const client = new PostHogAPIClient({ apiUrl: url, projectId: Number(project), getApiKey: async () => token });
const text = (bytes) => (bytes ? new TextDecoder().decode(bytes) : null);

const said = {};
said.uploaded = await client.uploadTaskArtifacts(task, run, [
  { name: "plan.md", type: "plan", content: "# Plan", content_type: "text/markdown" },
  { name: "pixel.bin", type: "output", content: btoa("\x00\x01\x02"), content_encoding: "base64" },
]);
const notes = "Notes with ünicode";
const [prepared] = await client.prepareTaskArtifactUploads(task, run, [
  { name: "notes.txt", type: "output", size: new TextEncoder().encode(notes).length, content_type: "text/plain" },
]);
const form = new FormData();
for (const [name, value] of Object.entries(prepared.presigned_post.fields)) form.append(name, value);
form.append("file", new Blob([notes], { type: "text/plain" }), prepared.name);
said.posted = (await fetch(prepared.presigned_post.url, { method: "POST", body: form })).status;
const { size, expires_in, presigned_post, ...finalized } = prepared;
said.finalized = await client.finalizeTaskArtifactUploads(task, run, [finalized]);
const paths = [...said.uploaded, ...said.finalized].map((artifact) => artifact.storage_path);
said.downloaded = [];
for (const path of paths) said.downloaded.push(text(await client.downloadArtifact(task, run, path)));
said.nowhere = await client.downloadArtifact(task, run, `${paths[0]}x`);
console.log(JSON.stringify(said));
