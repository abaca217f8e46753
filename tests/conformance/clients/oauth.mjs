// The same through npm `@modelcontextprotocol/sdk`: `node oauth.mjs URL [METADATA]`.
import { createServer } from "node:http";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, metadata] = process.argv.slice(2);
let land;
const landed = new Promise((resolve) => (land = resolve));
const server = createServer((request, response) => {
  const asked = new URL(request.url, "http://127.0.0.1");
  if (asked.pathname === "/back") land(Object.fromEntries(asked.searchParams));
  response.setHeader("content-type", "text/html");
  response.end("<!doctype html><title>Back</title>Back at the program.");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const back = `http://127.0.0.1:${server.address().port}/back`;

let tokens, client, verifier;
const issued = [];
const provider = {
  redirectUrl: back,
  clientMetadataUrl: metadata,
  clientMetadata: { client_name: "Ring 3", redirect_uris: [back], token_endpoint_auth_method: "none" },
  state: () => "state of the ring",
  clientInformation: () => client,
  saveClientInformation: (given) => (client = given),
  tokens: () => tokens,
  saveTokens: (given) => issued.push((tokens = given)),
  redirectToAuthorization: (address) => console.log(`OPEN ${address}`),
  saveCodeVerifier: (given) => (verifier = given),
  codeVerifier: () => verifier,
};
const open = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
const begin = () => new Client({ name: "ring", version: "1" });
const first = open();
try {
  await begin().connect(first);
  throw new Error("let in without a token");
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error;
}
const { code, state } = await landed;
if (state !== "state of the ring") throw new Error(`state ${state}`);
await first.finishAuth(code);
const connected = begin();
await connected.connect(open());
const made = await connected.callTool({ name: "create_task", arguments: { title: "Connected by the SDK" } });
// What it kept opens nothing any more: it refreshes.
tokens = { ...tokens, access_token: `${tokens.access_token.slice(0, -1)}!` };
const { tools } = await connected.listTools();
console.log(
  JSON.stringify({
    client: client.client_id,
    scope: issued[0].scope,
    title: made.structuredContent.task.title,
    tools: tools.map((tool) => tool.name),
    refreshed: issued.length > 1 && issued[0].access_token !== issued[1].access_token,
  }),
);
await connected.close();
server.closeAllConnections();
server.close();
