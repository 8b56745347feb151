import { strict as assert } from "node:assert";
import { createSystemClock, type PeerId, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import { waitFor } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import type { RoutableP2pNode } from "@bzzz/p2p";
import { addressOf, LoopbackMesh } from "@bzzz/p2p/testing";
import { createPubSub, type PubSub } from "./mod.ts";

const TOPIC = "test/spared/v1";

interface Site {
  readonly node: RoutableP2pNode;
  readonly pubsub: PubSub;
  readonly received: { readonly text: string; readonly from: PeerId }[];
  /** Gossip messages that came in, copies counted. */
  copies: number;
}

/** A site that knows the author of a message by its first word. */
async function startSite(node: RoutableP2pNode): Promise<Site> {
  const received: Site["received"] = [];
  const pubsub = createPubSub({
    node,
    gate: {
      // asked for every copy, before gossip looks whether it knows the message
      idOf: (frame) => {
        site.copies++;
        return sha256(frame);
      },
      receive: (frame, from) => {
        const text = new TextDecoder().decode(frame);
        received.push({ text, from });
        return { verdict: "accept", author: text.split(" ")[0] as PeerId }; // the test's own messages
      },
    },
    clock: createSystemClock(),
    logger: createNullLogger(),
  }, { topics: [TOPIC], maxFrameBytes: 1024 });
  const site: Site = { node, pubsub, received, copies: 0 };
  await pubsub.start();
  return site;
}

function say(site: Site, text: string): Promise<number> {
  return site.pubsub.publish(TOPIC, utf8Encode(`${site.node.peerId} ${text}`));
}

async function untilReceived(site: Site, text: string): Promise<void> {
  await waitFor(() => site.received.some((one) => one.text.endsWith(text)), { timeoutMs: 30_000, what: `"${text}"` });
}

/** Resolves when every site knows that all the others are connected with each other: each message comes once from then on. */
async function untilSpared(sites: readonly Site[]): Promise<void> {
  let round = 0;
  await waitFor(async () => {
    const text = `probe ${round++}`;
    const before = sites.map(({ copies }) => copies);
    await say(sites[0] as Site, text);
    for (const site of sites.slice(1)) await untilReceived(site, text);
    // a copy on its way would have come before the answer to a later message
    const echo = `echo ${round}`;
    await say(sites[1] as Site, echo);
    for (const site of sites) if (site !== sites[1]) await untilReceived(site, echo);
    return sites.every((site, n) => site.copies - (before[n] ?? 0) === 2);
  }, { timeoutMs: 30_000, what: "the neighbours to be known" });
}

Deno.test("where everybody is connected with everybody, each message comes once to each", async () => {
  await using mesh = new LoopbackMesh();
  const sites = await Promise.all((await mesh.addConnected(4)).map(startSite));
  await waitFor(() => sites.every((site) => site.pubsub.peers(TOPIC).length === 3), {
    timeoutMs: 30_000,
    what: "peers",
  });

  await untilSpared(sites);
  const before = sites.map(({ copies }) => copies);
  for (let n = 0; n < 50; n++) await say(sites[0] as Site, `message ${n}.`);
  for (const site of sites.slice(1)) await untilReceived(site, "message 49.");
  const [, ...copies] = sites.map((site, n) => site.copies - (before[n] ?? 0));

  assert.deepEqual(copies, [50, 50, 50]);
  for (const site of sites) await site.pubsub.stop();
});

Deno.test("who is out of the author's reach hears it from those between", async () => {
  await using mesh = new LoopbackMesh();
  const [a, b, c] = [await mesh.addNode(), await mesh.addNode(), await mesh.addNode()];
  await b.dial(addressOf(a));
  await b.dial(addressOf(c));
  const [first, middle, last] = [await startSite(a), await startSite(b), await startSite(c)];
  await waitFor(() => middle.pubsub.peers(TOPIC).length === 2, { timeoutMs: 30_000, what: "topic peers" });

  let attempt = 0;
  await waitFor(async () => {
    await say(first, `across ${attempt++}.`);
    return last.received.length > 0;
  }, { timeoutMs: 30_000, what: "the mesh of the topic" });
  for (let n = 0; n < 20; n++) await say(first, `message ${n}.`);
  await untilReceived(last, "message 19.");

  assert.equal(last.received.filter(({ text }) => / message /.test(text)).length, 20);
  assert.ok(last.received.every(({ from }) => from === b.peerId));
  for (const site of [first, middle, last]) await site.pubsub.stop();
});
