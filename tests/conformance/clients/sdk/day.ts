// A day's work through openapi-fetch with the types that are made from docs/openapi.json: `day.ts URL TOKEN AGENT_TOKEN`.
// Prints what came of it as JSON.
import createClient from "openapi-fetch";
import type { paths, webhooks } from "./schema.d.ts";

const [baseUrl, token, agentToken] = process.argv.slice(2) as [string, string, string];
const signedIn = (secret: string) =>
  createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${secret}` }, querySerializer: { array: { style: "form", explode: true } } });
const space = `typescript-${crypto.randomUUID()}`;
const person = signedIn(token);
const agent = signedIn(agentToken);

/** The answer, or its error thrown. */
function got<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.error !== undefined || answer.data === undefined) {
    throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

// Plan two tasks, one waiting for the other, and plan them again under the same key.
const plan = () =>
  person.POST("/v1/tracks/apply", {
    params: { header: { "Idempotency-Key": space } },
    body: {
      scope: { type: "projects", ids: [space] },
      updateDrafts: [
        { id: "a", title: "Draft", task: {} },
        { id: "b", title: "Publish", task: { dependsOn: ["a"] } },
      ],
    },
  });
const ids = got(await plan()).results.map((each) => each.id);
const again = got(await plan()).results.map((each) => each.id);
const [one, two] = ids as [string, string];

// What is ready; claim it, keep it, complete it.
const ready = got(await person.GET("/api/v1/tasks/ready", { params: { query: { spaceId: space, limit: 1 } } }));
const held = got(await person.POST("/api/v1/tasks/{id}/claim", { params: { path: { id: one } }, body: { leaseSeconds: 60 } }));
const under = { "Claim-Fence": held.claim.fence };
got(await person.POST("/api/v1/tasks/{id}/heartbeat", { params: { path: { id: one }, header: under }, body: {} }));
got(await person.PATCH("/api/v1/tasks/{id}", { params: { path: { id: one }, header: under }, body: { status: "completed" } }));

// Run the other; an agent claims the run, logs, hands a file in and finishes.
const place = { project: "-", task_id: two };
got(await person.POST("/api/projects/{project}/tasks/{task_id}/run", { params: { path: place }, body: { pending_user_message: "Mind the links." } }));
const claimed = got(await agent.POST("/v1/runs/claim", { body: { wait_seconds: 20, task: two } }));
const path = { ...place, run_id: claimed.run.id };
const header = { "Claim-Fence": claimed.fence };
const runs = "/api/projects/{project}/tasks/{task_id}/runs/{run_id}";
got(await agent.POST(`${runs}/append_log`, { params: { path, header }, body: { entries: [{ type: "notification", text: "step 1" }] } }));
const kept = got(
  await agent.POST(`${runs}/artifacts`, {
    params: { path, header },
    body: { artifacts: [{ name: "notes.md", type: "output", content: "# Notes" }] },
  }),
);
const file = await person.POST(`${runs}/artifacts/download`, {
  params: { path },
  body: { storage_path: kept.artifacts[0]!.storage_path },
  parseAs: "text",
});
got(await agent.PATCH(`${runs}/set_output`, { params: { path, header }, body: { output: { answer: 42 } } }));
const ended = got(await agent.PATCH(runs, { params: { path, header }, body: { status: "completed" } }));
const log = got(await person.GET(`${runs}/session_logs`, { params: { path } }));

// Lists of every surface, and what is refused.
const hook = got(
  await person.POST("/api/v1/webhooks", { body: { url: "https://hooks.example.com/typescript", events: ["task.*"] } }),
);
const hooks = got(await person.GET("/api/v1/webhooks", {})).items.map((each) => each.id);
const deleted = await person.DELETE("/api/v1/webhooks/{id}", { params: { path: { id: hook.id } } });
const page = got(await person.GET("/v1/tracks", { params: { query: { projectId: [space], limit: 1 } } }));
const rest = got(await person.GET("/v1/tracks", { params: { query: { projectId: [space], limit: 1, cursor: page.nextCursor ?? "" } } }));
const followups = await person.GET("/v1/tasks", { params: { query: { limit: 1 } } });
const audit = got(await person.GET("/v1/audit", { params: { query: { track: one } } }));
const missing = await person.GET("/v1/tracks/{id}", { params: { path: { id: "01981f5c-7a00-7000-8000-0000000000ff" } } });
// What a webhook's receiver gets has a type too.
const stuck = (event: webhooks["task"]["post"]["requestBody"]["content"]["application/json"]) => event.data.prerequisite?.fate;

console.log(
  JSON.stringify({
    again: JSON.stringify(again) === JSON.stringify(ids),
    ready: ready.map((each) => each.title),
    message: claimed.run.message,
    file: file.data,
    run: ended.status,
    log: log.length,
    webhooks: hooks.includes(hook.id),
    deleted: deleted.response.status,
    pages: [...page.items, ...rest.items].map((each) => each.title),
    followups: followups.response.status,
    read: audit.items.length > 0 && typeof stuck,
    refused: missing.error?.code,
  }),
);
