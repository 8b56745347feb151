/**
 * Where hostile peers meet a running node: two built programs of one mesh, and the means to make identities in it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ApiClient } from "@bzzz/api";
import { createSystemClock, type PeerId } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { Authority } from "./hostile.ts";
import { TestMesh } from "./mesh.ts";
import { type Metrics, metricsOf } from "./metrics.ts";
import { PATIENCE_MS } from "./patience.ts";
import type { RunningNode } from "./programs.ts";

const clock = createSystemClock();

/** A running node, an honest neighbour, and somebody who can make identities. */
export interface Arena extends AsyncDisposable {
  readonly victim: RunningNode;
  readonly neighbour: RunningNode;
  readonly victimPeer: PeerId;
  readonly address: string;
  readonly api: ApiClient;
  readonly honest: ApiClient;
  readonly authority: Authority;
  metrics(): Promise<Metrics>;
  /** A message of the honest neighbour arrives: the node stands and serves. */
  assertServing(): Promise<void>;
  /** Waits until a counter has grown by at least `by` since `before`. */
  counted(before: Metrics, read: (metrics: Metrics) => number, by: number, what: string): Promise<void>;
}

/** Founds the mesh, joins the neighbour, starts both. */
export async function createArena(env: Readonly<Record<string, string>> = {}): Promise<Arena> {
  const mesh = await TestMesh.create("victim", { env });
  await mesh.add("honest", { through: "victim" });
  const victim = mesh.node("victim");
  const [api, honest] = [await victim.api(), await mesh.node("honest").api()];
  const address = victim.endpoints.p2p_addresses[0];
  assert.ok(address);
  await waitFor(async () => (await honest.status()).peers.connected === 1, {
    timeoutMs: PATIENCE_MS,
    what: "the neighbour",
  });
  const arena: Arena = {
    victim,
    neighbour: mesh.node("honest"),
    victimPeer: (await api.status()).node.peer_id as PeerId, // the node's own word
    address,
    api,
    honest,
    authority: await Authority.load(victim.home),
    metrics: () => metricsOf(victim),
    assertServing: async () => {
      const { id } = await honest.postMessage({ text: `still there? ${clock.nowMs()}` });
      await waitFor(() => api.entry(id).catch(() => undefined), { timeoutMs: PATIENCE_MS, what: "an honest message" });
    },
    counted: async (before, read, by, what) => {
      let now = before;
      await waitFor(async () => read(now = await metricsOf(victim)) - read(before) >= by, {
        timeoutMs: PATIENCE_MS,
        what: `${what} to be counted ${by} times`,
        state: () => `${now}\n${victim.log.slice(-1500)}`,
      });
    },
    [Symbol.asyncDispose]: () => mesh[Symbol.asyncDispose](),
  };
  return arena;
}
