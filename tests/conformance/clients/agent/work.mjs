// An agent's work on a run through npm `@posthog/agent`: `node work.mjs URL TOKEN PROJECT TASK RUN` prints what came
// of it as JSON.
import { PostHogAPIClient } from "@posthog/agent/posthog-api";

const [url, token, project, task, run] = process.argv.slice(2);
const client = new PostHogAPIClient({ apiUrl: url, projectId: Number(project), getApiKey: async () => token });
const said = { task: await client.getTask(task), run: await client.getTaskRun(task, run) };
said.started = await client.updateTaskRun(task, run, { status: "in_progress", stage: "build", branch: "fix/login" });

const entry = (number) => ({
  type: "notification",
  timestamp: `2026-11-22T10:00:0${number}Z`,
  notification: { jsonrpc: "2.0", method: "_posthog/console", params: { level: "info", message: `Step ${number}` } },
});
said.appended = await client.appendTaskRunLog(task, run, [entry(1), entry(2)]);
await client.appendTaskRunLog(task, run, [entry(3)]);
said.logs = await client.fetchTaskRunLogs(said.appended);
await client.relayMessage(task, run, "Half way there", ["Half way", "there"], "message-1");

await client.updateTaskRun(task, run, { state: { sandbox_url: "https://sandbox.example" }, output: { tests: "green" } });
said.output = await client.setTaskRunOutput(task, run, { output: { pr_url: "https://example.com/pr/1" } });
said.completed = await client.updateTaskRun(task, run, { status: "completed" });
said.unknown = await client.getTask("01981f5c-7a00-7000-8000-0000000000ff").catch((error) => error.message);
console.log(JSON.stringify(said));
