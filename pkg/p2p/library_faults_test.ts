import { strict as assert } from "node:assert";
import { MuxerClosedError, StreamResetError, StreamStateError } from "@libp2p/interface";
import { waitFor } from "@bzzz/base/testing";
import { P2pError } from "./errors.ts";
import { isLibraryFault, tolerateLibraryFaults } from "./library_faults.ts";

Deno.test("a write of the library after a reset is noted and does not end the process", async () => {
  const faults: string[] = [];
  using _guard = tolerateLibraryFaults((error) => faults.push(String(error)));

  queueMicrotask(() => {
    throw new StreamStateError("Cannot write to a stream that is closed");
  });
  await waitFor(() => faults.length > 0, { timeoutMs: 30_000, what: "the fault to be noted" });

  assert.deepEqual(faults, ["StreamStateError: Cannot write to a stream that is closed"]);
});

Deno.test("faults of libp2p about connections are known by name, and nothing of ours is", () => {
  const known = [
    new StreamStateError("closed"),
    new StreamResetError("reset"),
    new MuxerClosedError("gone"),
    Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" }),
  ];
  const ours = [
    new TypeError("undefined is not a function"),
    new P2pError("p2p_stream_failed", "Cannot send: closed"),
    new DOMException("The node is shutting down", "AbortError"),
    Object.assign(new Error("queue"), { code: "ECONNRESET" }),
    "text",
    undefined,
  ];

  assert.ok(known.every(isLibraryFault));
  assert.ok(!ours.some(isLibraryFault));
});
