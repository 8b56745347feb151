import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import { createTestContext } from "@bzzz/context/testing";
import { formatAddress, parseConcrete, revisionOf } from "@bzzz/ucxl";
import { eventOf } from "./events.ts";

const bytes = utf8Encode("words");
const OPTIONS = { bucketMs: 60_000 };

Deno.test("issue 013 an event has each field of the address, a reference that parses and leads to the content, its hash", async () => {
  await using node = await createTestContext();
  const address = parseConcrete("ucxl://basil:developer@shop:pay/decisions/2026-11-22-queue.json");
  const version = await node.context.put(address, { bytes, mediaType: "application/json", audience: ["developer"] });

  const event = eventOf(version, OPTIONS);

  assert.ok(event);
  const { ucxlAgent, ucxlRole, ucxlProject, ucxlTask, ucxlPath, ucxlReference, contentHash, type } = event;
  assert.deepEqual([type, ucxlAgent, ucxlRole, ucxlProject, ucxlTask, ucxlPath], [
    "decision_published",
    "basil",
    "developer",
    "shop",
    "pay",
    "decisions/2026-11-22-queue.json",
  ]);
  const reference = parseConcrete(ucxlReference);
  assert.equal(formatAddress(reference), ucxlReference);
  assert.equal(revisionOf(reference), version.content?.revision);
  assert.deepEqual((await node.context.read(reference)).bytes, bytes);
  assert.equal(contentHash, version.content?.sealed);
});

Deno.test("issue 012 the key of an event is that of its discussion, kind and bucket of time; slices are no events", async () => {
  await using node = await createTestContext();
  const put = async (text: string) =>
    await node.context.put(parseConcrete(text), { bytes, mediaType: "text/plain", audience: ["developer"] });
  const keyOf = (version: Awaited<ReturnType<typeof put>>, bucketMs = OPTIONS.bucketMs) =>
    eventOf(version, { bucketMs })?.idempotencyKey;
  const first = await put("ucxl://a:b@shop:pay/x");

  assert.match(keyOf(first) ?? "", /^[0-9a-f]{64}$/);
  assert.equal(keyOf(first), keyOf(await put("ucxl://c:d@shop:pay/y")), "one discussion, one kind, one minute");
  assert.notEqual(keyOf(first), keyOf(await put("ucxl://a:b@shop:other/x")), "another discussion");
  assert.notEqual(keyOf(first), keyOf(await put("ucxl://a:b@shop:pay/decisions/x.json")), "another kind");
  assert.notEqual(
    keyOf(first),
    keyOf({ ...first, writtenAt: { ...first.writtenAt, ms: first.writtenAt.ms + 60_000 } }),
  );
  assert.equal(
    eventOf(await node.context.remove(parseConcrete("ucxl://a:b@shop:pay/x")), OPTIONS)?.type,
    "context_deleted",
  );
  assert.equal(eventOf(await put("ucxl://slurp:developer@shop:pay/slurp/slice.json"), OPTIONS), undefined);
});
