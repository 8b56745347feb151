import { createSeededRandom, ManualClock, settle, waitFor } from "@bzzz/base/testing";
import type { InitResult } from "@bzzz/cli";
import { FakeSetupDesk, NO_FLAGS } from "@bzzz/cli/testing";
import assert from "node:assert/strict";
import { LINK_TTL_MS, type MeshShares, serveSetup } from "../mod.ts";
import { TestBrowser } from "../testing.ts";

/** A setup that is served; its `interrupt` ends it. */
function serve(init: () => Promise<InitResult>) {
  const clock = new ManualClock();
  const links: string[] = [];
  const left: MeshShares[] = [];
  const interrupt = new AbortController();
  const serving = serveSetup({
    desk: new FakeSetupDesk({
      binaryType: "agent",
      home: "/data",
      defaultAgentId: "agent-1234",
      defaultPorts: { first: 0, p2p: 0 },
      areKeysLocked: false,
    }),
    hooks: {
      init,
      join: () => Promise.reject(new TypeError("nothing is joined here")),
      wordsOfShares: () => Promise.reject(new TypeError("no sheet is shown here")),
    },
    globals: NO_FLAGS,
    clock,
    random: createSeededRandom(7),
    showLink: (link) => {
      links.push(link);
      return Promise.resolve();
    },
    onSharesLeft: (shares) => {
      left.push(shares);
      return Promise.resolve();
    },
    report: () => {},
  }, { port: 0, isBegunAnew: false, signal: interrupt.signal });
  return { clock, links, left, serving, interrupt };
}

Deno.test("setup server: a new link for each that nobody used, none once somebody came, and an interrupt ends it", async () => {
  const { clock, links, left, serving, interrupt } = serve(() => Promise.reject(new TypeError("nothing is made here")));
  const refused = assert.rejects(serving, /stopped by hand/);

  await waitFor(() => links.length === 1, { timeoutMs: 30_000, what: "a link" });
  await settle();
  clock.advance(LINK_TTL_MS);
  await waitFor(() => links.length === 2, { timeoutMs: 30_000, what: "the next link" });
  const [first = "", second = ""] = links;
  const statusOf = async (link: string) => {
    const response = await fetch(link, { redirect: "manual" });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await statusOf(first), 403);
  assert.equal(await statusOf(second), 303);
  await settle();
  clock.advance(LINK_TTL_MS);
  await settle();
  assert.equal(links.length, 2);

  interrupt.abort(new DOMException("stopped by hand", "AbortError"));
  await refused;
  await assert.rejects(fetch(second));
  assert.deepEqual(left, []);
});

Deno.test("setup server: shares that nobody has kept when the page is left are not lost", async () => {
  const made = { mesh_id: "m", mesh_name: "shop", agent_id: "ana", peer_id: "p", home: "/data", config_path: "c" };
  const { links, left, serving, interrupt } = serve(() =>
    Promise.resolve({ ...made, recovery_shares: ["one", "two"], recovery_threshold: 2 })
  );
  const refused = assert.rejects(serving, /stopped by hand/);
  await waitFor(() => links.length === 1, { timeoutMs: 30_000, what: "a link" });
  const { origin, pathname, search } = new URL(links[0] ?? "");
  const browser = new TestBrowser((request) => fetch(new Request(request, { redirect: "manual" })), origin);
  await browser.get(pathname + search);
  await browser.post("/", (await browser.form("/", "/")).fields);
  await browser.post("/confirm", (await browser.form("/confirm", "/confirm")).fields);
  assert.match((await browser.get("/")).text, /Keep these shares/);

  interrupt.abort(new DOMException("stopped by hand", "AbortError"));

  await refused;
  assert.deepEqual(left, [{ meshName: "shop", threshold: 2, shares: ["one", "two"] }]);
});
