// That the benchmarks run, and the two budgets a busy machine keeps too. The numbers are `deno task bench`'s.
import assert from "node:assert/strict";
import { ROOT, run } from "../../internal/tools/build/tool.ts";
import type { Row } from "./row.ts";

/** Specification 14.2: a program has started within this. */
const MAX_START_MS = 5_000;

Deno.test("F-76 F-78 deno task bench --quick measures every scenario", async () => {
  const json = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const result = await run([
      Deno.execPath(),
      "run",
      "-A",
      `${ROOT}test/benchmarks/main.ts`,
      "--quick",
      `--json=${json}`,
    ]);
    assert.equal(result.code, 0, result.stderr);
    const { rows } = JSON.parse(await Deno.readTextFile(json)) as { rows: Row[] };

    const starts = rows.filter(({ scenario }) => scenario === "start to ready");
    assert.equal(starts.length, 4, "the runtime and the built program, each in time and in processor time");
    for (const { what, bzzz } of starts) assert.ok(bzzz < MAX_START_MS, `${what}: ${bzzz} ms`);
    const delivered = rows.find(({ what }) => what === "delivered");
    assert.equal(delivered?.bzzz, 100);
    assert.ok(rows.every(({ bzzz }) => Number.isFinite(bzzz)), "every row has a number");
    assert.match(result.stdout, /late joiner/);
  } finally {
    await Deno.remove(json);
  }
});
