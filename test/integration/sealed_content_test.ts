/** Of content that a node's role does not read, neither wire, files, database nor memory hold a word (issue: who may read). */
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { startRelay } from "@bzzz/p2p/testing";
import { contentsIn } from "../helpers/contents.ts";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { canReadMemory, countInMemory, filesWith, occurrences } from "../helpers/needles.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { type Finished, run, runOk } from "../helpers/programs.ts";

const ADDRESS = "ucxl://atlas:admin@vault:keys/*^/launch";
/** Longer than everything else that is said, so that the relay is seen to have carried it. */
const CONTENT_BYTES = 2_000_000;
const MAX_CAPTURED_BYTES = 64 * 1024 * 1024;

/** What passed a relay, in the order it came; of one connection each piece follows the one before in its direction. */
class Capture {
  readonly #pieces: Uint8Array[] = [];
  bytes = 0;

  readonly take = (piece: Uint8Array): void => {
    this.bytes += piece.byteLength;
    assert.ok(this.bytes <= MAX_CAPTURED_BYTES, "more passed than is kept");
    this.#pieces.push(piece.slice());
  };

  occurrences(text: string): number {
    return this.#pieces.reduce((count, piece) => count + occurrences(piece, text), 0);
  }
}

/** A mesh whose second node knows the first by the relay alone, and is itself known by an address where nobody listens. */
async function meshOver(capture: Capture): Promise<{ mesh: TestMesh } & AsyncDisposable> {
  const mesh = await TestMesh.create("atlas");
  const port = /\/tcp\/(\d+)/.exec(mesh.node("atlas").endpoints.p2p_addresses[0] ?? "")?.[1];
  const relay = startRelay(Number(port), { onBytes: capture.take });
  const dispose = async () => {
    await mesh[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
  };
  try {
    await mesh.node("atlas").stop();
    await mesh.start("atlas", { env: { BZZZ_NETWORK_ANNOUNCE: `/ip4/127.0.0.1/tcp/${relay.port}` } });
    const env = { BZZZ_NETWORK_ANNOUNCE: "/ip4/127.0.0.1/tcp/1" };
    await mesh.add("basil", { through: "atlas", role: "observer", env });
    await mesh.connected("atlas", "basil");
    return { mesh, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function put(home: string, text: string, address = ADDRESS): Promise<void> {
  let last: Finished | undefined;
  const args = ["ucxl", "put", address, "-", "--audience", "architect", "--home", home];
  await waitFor(async () => (last = await run("bzzz-agent", args, { stdin: text })).code === 0, {
    timeoutMs: PATIENCE_MS,
    what: "the keys to be there",
    state: () => last?.stderr ?? "",
  });
}

Deno.test("a node without the role holds sealed content, and no word of it is on the wire, in files or in memory", async (t) => {
  const capture = new Capture();
  await using world = await meshOver(capture);
  const { mesh } = world;
  const [atlas, basil] = [mesh.node("atlas"), mesh.node("basil")];
  const secret = `secret-${crypto.randomUUID()}`;
  const open = `open-${crypto.randomUUID()}`;
  await put(atlas.home, `${secret} ${"and more of it ".repeat(CONTENT_BYTES / 15)}${secret}`);
  await put(atlas.home, secret, `${ADDRESS}-short`); // small ones are rows of the database
  await runOk("bzzz-agent", ["send", open, "--home", atlas.home]);
  const basilApi = await basil.api();
  await waitFor(async () => (await contentsIn(basil.home)).length >= 2, {
    timeoutMs: PATIENCE_MS,
    what: "the sealed contents on the other disk",
  });
  await waitFor(async () => JSON.stringify(await basilApi.messages({})).includes(open), {
    timeoutMs: PATIENCE_MS,
    what: "the message in the clear at the other",
  });

  await t.step("who has the role reads it, the other is refused", async () => {
    const refused = await run("bzzz-agent", ["ucxl", "get", ADDRESS, "--home", basil.home]);
    const read = await runOk("bzzz-agent", ["ucxl", "get", ADDRESS, "--home", atlas.home]);

    assert.equal(occurrences(new TextEncoder().encode(read), secret), 2);
    assert.equal(refused.code, 4, refused.stderr);
    assert.ok(!refused.stdout.includes(secret) && !refused.stderr.includes(secret));
  });

  await t.step("files and databases of either, while both run", async () => {
    assert.deepEqual(await filesWith(basil.home, secret), []);
    assert.deepEqual(await filesWith(atlas.home, secret), [], "not in the clear on its own disk either");
    const control = await filesWith(basil.home, open);
    assert.ok(control.some((path) => path.includes(".db")), `the search finds what is in the clear: ${control}`);
  });

  await t.step({
    name: "memory of the other (as root, on Linux)",
    ignore: !canReadMemory,
    fn: async () => {
      const [ofSecret, ofOpen = 0] = await countInMemory(basil.pid, [secret, open]);

      assert.equal(ofSecret, 0);
      assert.ok(ofOpen > 0, "the search finds what is in the clear");
    },
  });

  await t.step("the wire: all of it passed the relay, and neither word is in it", async () => {
    note(`${capture.bytes} bytes between the two`);
    assert.ok(capture.bytes > CONTENT_BYTES);
    assert.deepEqual([capture.occurrences(secret), capture.occurrences(open)], [0, 0]);

    // the same relay before a port that speaks in the clear: the search finds it
    const control = new Capture();
    const { port } = new URL(atlas.endpoints.ucxi_url);
    await using relay = startRelay(Number(port), { onBytes: control.take });
    const url = `http://127.0.0.1:${relay.port}/ucxi/v1/content?address=${encodeURIComponent(ADDRESS)}`;
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${await atlas.token("read")}`, connection: "close" },
    });
    assert.ok((await answer.text()).startsWith(secret));
    assert.ok(control.occurrences(secret) > 0);
  });
});
