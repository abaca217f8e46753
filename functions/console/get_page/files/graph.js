// The dependencies of a goal as a picture: laid out by dagre, drawn as SVG of our own.
import { graphlib, layout } from "@dagrejs/dagre";
import { html, useMemo } from "./html.js";
import { to } from "./router.js";
import { statusWord } from "./ui.js";

const WIDTH = 190;
const HEIGHT = 50;
const TITLE_MAX = 25;
const DONE = new Set(["done", "cancelled"]);

/**
 * The unfinished tasks of the longest chain, by id.
 * @param {any} graph @returns {Set<string>}
 */
export function criticalPath(graph) {
  const open = new Map(graph.nodes.filter((/** @type {any} */ each) => !DONE.has(each.status)).map((/** @type {any} */ each) => [each.id, /** @type {string[]} */ ([])]));
  for (const { from, dependsOn } of graph.edges) if (open.has(from) && open.has(dependsOn)) open.get(from).push(dependsOn);
  /** @type {Map<string, string[]>} */
  const chains = new Map();
  const chain = (/** @type {string} */ id) => {
    const known = chains.get(id);
    if (known) return known;
    let longest = /** @type {string[]} */ ([]);
    for (const before of open.get(id)) {
      const found = chain(before);
      if (found.length > longest.length) longest = found;
    }
    chains.set(id, [...longest, id]);
    return [...longest, id];
  };
  let best = /** @type {string[]} */ ([]);
  for (const id of open.keys()) {
    const found = chain(id);
    if (found.length > best.length) best = found;
  }
  return new Set(best.length > 1 ? best : []);
}

/** Nodes and edges with their places, as dagre notes them. @param {any} graph @returns {any} */
function layOut(graph) {
  const laid = new graphlib.Graph();
  laid.setGraph({ rankdir: innerWidth < 700 ? "TB" : "LR", nodesep: 18, ranksep: 46, marginx: 8, marginy: 8 });
  laid.setDefaultEdgeLabel(() => ({}));
  const ids = new Set(graph.nodes.map((/** @type {any} */ each) => each.id));
  for (const node of graph.nodes) laid.setNode(node.id, { width: WIDTH, height: HEIGHT });
  for (const { from, dependsOn } of graph.edges) if (ids.has(from) && ids.has(dependsOn)) laid.setEdge(dependsOn, from);
  layout(laid);
  return laid;
}

/** @param {{graph: any, states: Map<string, any>}} props */
export function Graph({ graph, states }) {
  const shape = graph.nodes.map((/** @type {any} */ each) => each.id).join() + JSON.stringify(graph.edges);
  const laid = useMemo(() => layOut(graph), [shape]);
  const critical = criticalPath(graph);
  const { width = 0, height = 0 } = laid.graph();
  const [ready, blocked, stuck] = [graph.ready, graph.blocked, graph.stuck].map((each) => new Set(each));
  const stateOf = (/** @type {any} */ node) => (states.get(node.id) || {}).state || (stuck.has(node.id) ? "stuck" : blocked.has(node.id) ? "blocked" : ready.has(node.id) ? "ready" : node.status);
  return html`<div class="graph" tabindex="0" role="region" aria-label="Dependencies">
    <svg viewBox=${`0 0 ${width} ${height}`} width=${width} height=${height} role="group" aria-label=${`${graph.nodes.length} tasks and what they depend on`}>
      <defs>${["plain", "critical"].map((kind) => html`<marker key=${kind} id=${`arrow-${kind}`} class=${kind} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" /></marker>`)}</defs>
      ${laid.edges().map((/** @type {any} */ edge) => {
        const kind = critical.has(edge.v) && critical.has(edge.w) ? "critical" : "plain";
        const points = laid.edge(edge).points.map((/** @type {any} */ each) => `${each.x.toFixed(1)} ${each.y.toFixed(1)}`);
        return html`<path key=${`${edge.v}${edge.w}`} class=${`edge ${kind}`} d=${`M${points.join("L")}`} marker-end=${`url(#arrow-${kind})`} />`;
      })}
      ${graph.nodes.map((/** @type {any} */ node) => {
        const { x, y } = laid.node(node.id);
        const state = stateOf(node);
        const title = node.title.length > TITLE_MAX ? `${node.title.slice(0, TITLE_MAX - 1)}…` : node.title;
        const run = states.get(node.id);
        return html`<a key=${node.id} href=${run && run.runId ? to.run(node.id, run.runId) : to.task(node.id)} class=${`node state-${state}${critical.has(node.id) ? " critical" : ""}`} data-item=${node.id}
          transform=${`translate(${(x - WIDTH / 2).toFixed(1)} ${(y - HEIGHT / 2).toFixed(1)})`}>
          <title>${node.title}</title><rect width=${WIDTH} height=${HEIGHT} rx="7" /><circle cx="14" cy="17" r="4" />
          <text x="25" y="21" class="node-title">${title}</text><text x="25" y="39" class="node-state">${statusWord(state)}${node.assignee ? ` · ${node.assignee.slice(0, 16)}` : ""}</text></a>`;
      })}
    </svg>
  </div>`;
}
