// One conversation through npm `@modelcontextprotocol/sdk`: `node sdk.mjs URL TOKEN` prints what came of it as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, token] = process.argv.slice(2);
const client = new Client({ name: "ring", version: "1" });
await client.connect(
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }),
);
const call = (name, args) => client.callTool({ name, arguments: args });

await client.ping();
const { tools } = await client.listTools();
const first = await call("create_task", { title: "Through the SDK", idempotency_key: "sdk" });
const again = await call("create_task", { title: "Through the SDK", idempotency_key: "sdk" });
const done = await call("update_task", {
  task_id: first.structuredContent.task.id,
  status: "completed",
  completed_note: "Done",
});
const listed = await call("list_tasks", { status: "completed", limit: 100 });
const refused = await call("get_task", { task_id: "task_123" });
console.log(
  JSON.stringify({
    tools: tools.map((tool) => tool.name),
    created: first.structuredContent,
    again: again.structuredContent,
    completed: done.structuredContent,
    listed: listed.structuredContent.tasks.map((task) => task.id),
    refused: { isError: refused.isError, text: refused.content[0].text },
  }),
);
await client.close();
