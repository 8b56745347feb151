import assert from "node:assert/strict";
import { createSystemRandom, hexDecode } from "@bzzz/base";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { contentHashOf, EncryptedStorage, OnDemandDht } from "@bzzz/dht";
import { MemoryDht, MemoryDhtHub, sealedFile } from "@bzzz/dht/testing";
import { createTestJournal } from "@bzzz/journal/testing";
import { createNullLogger } from "@bzzz/logging";
import { MemoryNetwork } from "@bzzz/p2p/testing";
import { TOPICS } from "@bzzz/wire";
import { homePaths } from "../home.ts";
import type { NodeEnvironment, RuntimeServices } from "../services.ts";
import { ContentCatalog } from "./content_catalog.ts";
import { contentServices } from "./content_services.ts";

const MIB = 1024 * 1024;

Deno.test("sealed content has the room that the configuration says, in the data directory", async () => {
  await using test = createTestJournal();
  const { config } = parseConfig({
    profile: CONFIG_PROFILES.agent,
    env: {},
    flags: { "storage.content_quota_mb": 16 },
  });
  // the services look at no more of their environment than this
  const environment = {
    clock: test.clock,
    random: createSystemRandom(),
    logger: createNullLogger(),
    config,
    paths: homePaths(test.folder),
  } as unknown as NodeEnvironment;
  const definition = contentServices(environment).find(({ name }) => name === "encryptedStorage");
  const available = {
    store: test.store,
    node: new MemoryNetwork({ clock: test.clock }).createNode(test.peer),
    dht: new OnDemandDht({
      inner: new MemoryDht(new MemoryDhtHub(), { self: test.peer }),
      isNeeded: () => false,
      logger: createNullLogger(),
    }),
    contentCatalog: new ContentCatalog(test.journal),
  } as unknown as RuntimeServices;
  const signal = new AbortController().signal;
  const instance = await definition?.create(available, { signal });
  const storage = instance?.value;
  assert.ok(instance && storage instanceof EncryptedStorage);
  await instance.start?.({ signal });

  const hash = await storage.put(await sealedFile(1, 10 * MIB));
  await assert.rejects(storage.put(await sealedFile(2, 10 * MIB)), { code: "content_quota" });

  assert.ok((await Deno.stat(`${test.folder}/content/${hash.slice(0, 2)}/${hash}`)).isFile);
  assert.deepEqual(instance.health(), { ok: true, detail: "degraded: 1 of 3 copies, there are no more nodes" });
  await instance.stop({ signal });
});

Deno.test("the catalog is what versions refer to, each once, also after a restart", async () => {
  await using test = createTestJournal();
  const catalog = new ContentCatalog(test.journal);
  const grown: string[] = [];
  catalog.events.on("catalog:grown", ({ hash }) => void grown.push(hash));
  catalog.start();
  const hash = contentHashOf(new Uint8Array(1));
  const put = (revision: number, sealedBytes: number) =>
    test.journal.append({
      kind: "context_put",
      topic: TOPICS.context,
      body: {
        address: "ucxl://any:any@any:any/*^/a",
        revision: new Uint8Array(32).fill(revision),
        sealed: hexDecode(hash) ?? new Uint8Array(),
        sealedBytes,
        size: 1,
        mediaType: "text/plain",
        audience: ["developer"],
      },
    });

  await put(1, 9);
  await put(2, 7);
  catalog.stop();
  const again = new ContentCatalog(test.journal);
  again.start();

  assert.deepEqual(grown, [hash]);
  assert.ok(again.has(hash));
  assert.deepEqual([...again.hashes()], [hash]);
  assert.deepEqual(
    [again, catalog].map((one) => one.maxBytesOf(hash)),
    [9, 9],
    "who names fewer bytes takes nothing away",
  );
  again.stop();
});
