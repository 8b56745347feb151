import assert from "node:assert/strict";
import fc from "fast-check";
import { DecisionGraph, type GraphDecision } from "./decision_graph.ts";

const decision = (address: string, cites: string[], supersedes?: string): GraphDecision => ({
  address,
  title: address.toUpperCase(),
  atMs: 1,
  cites,
  supersedes,
});
const around = (graph: DecisionGraph, start: string, hops: number, direction: "causes" | "effects" | "both" = "both") =>
  graph.within([start], { hops, direction, maxNodes: 100 }).nodes.map(({ id, hops }) => `${id}${hops}`).sort();

Deno.test("within() counts decisions between two things, in both ways or one", () => {
  // d replaces c, which stands on b, which stands on a version; e stands on d
  const graph = new DecisionGraph([
    decision("b", ["v"]),
    decision("c", ["b"]),
    decision("d", [], "c"),
    decision("e", ["d"]),
  ]);

  assert.deepEqual(around(graph, "c", 1), ["b1", "c0", "d1"]);
  assert.deepEqual(around(graph, "c", 9, "causes"), ["b1", "c0", "v2"], "what led here");
  assert.deepEqual(around(graph, "c", 9, "effects"), ["c0", "d1", "e2"], "what is affected");
  assert.deepEqual(around(graph, "nothing", 3), []);
  const { edges, nodes } = graph.within(["v"], { hops: 1, direction: "both", maxNodes: 100 });
  assert.deepEqual(edges, [{ from: "b", to: "v", kind: "cites" }]);
  assert.deepEqual(nodes.map(({ kind, title }) => [kind, title]), [["version", undefined], ["decision", "B"]]);
});

Deno.test("within() stays within its bound, and says so", () => {
  const graph = new DecisionGraph(Array.from({ length: 50 }, (_, i) => decision(`d${i}`, ["root"])));

  const { nodes, isComplete } = graph.within(["root"], { hops: 2, direction: "both", maxNodes: 10 });

  assert.equal(nodes.length, 10);
  assert.equal(isComplete, false);
});

Deno.test("within() gives each node once, at its least distance, in graphs with cycles too", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const decisions = fc.tuple(...ids.map((id) => fc.subarray(ids).map((cites) => decision(id, cites))));
  fc.assert(fc.property(decisions, fc.nat(5), (all, hops) => {
    const distances = new Map([["a", 0]]);
    for (let round = 0; round < ids.length; round++) {
      for (const { address, cites } of all) {
        for (const to of cites) {
          const known = distances.get(address);
          if (known !== undefined && known + 1 < (distances.get(to) ?? 99)) distances.set(to, known + 1);
        }
      }
    }

    const { nodes } = new DecisionGraph(all).within(["a"], { hops, direction: "causes", maxNodes: 100 });

    const expected = [...distances].filter(([, distance]) => distance <= hops);
    assert.deepEqual(nodes.map(({ id, hops }) => [id, hops]).sort(), expected.sort());
  }));
});
