import { strict as assert } from "node:assert";
import { StreamStateError } from "@libp2p/interface";
import { waitFor } from "@bzzz/base/testing";
import { tolerateLibraryFaults } from "./library_faults.ts";

Deno.test("a write of the library after a reset is noted and does not end the process", async () => {
  const faults: string[] = [];
  using _guard = tolerateLibraryFaults((error) => faults.push(error.message));

  queueMicrotask(() => {
    throw new StreamStateError("Cannot write to a stream that is closed");
  });
  await waitFor(() => faults.length > 0, { timeoutMs: 1000, what: "the fault to be noted" });

  assert.deepEqual(faults, ["Cannot write to a stream that is closed"]);
});
