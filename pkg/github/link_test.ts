import assert from "node:assert/strict";
import fc from "fast-check";
import { nextLink } from "./link.ts";

Deno.test("the next page is found wherever it stands, and nothing else is taken for it", () => {
  const next = "https://api.github.com/repositories/1/issues?page=2";
  for (
    const header of [
      `<${next}>; rel="next", <https://a/9>; rel="last"`,
      `<https://a/1>; rel="prev", <${next}>; rel="next"`,
      `<${next}>;rel=next`,
      `<${next}>; title="x"; rel="next"; type="y"`,
    ]
  ) assert.equal(nextLink(header), next, header);
  for (const header of [null, "", "next", `<${next}>; rel="prev"`, `<${next}>; rel="next-archive"`, `<${next}>`]) {
    assert.equal(nextLink(header), undefined, `${header}`);
  }
});

Deno.test("any header at all is read in time that grows with its length", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("<", ">", ";", " ", '"', "rel=", "next", ",", "a") }), (text) => {
      const target = nextLink(text);
      assert.ok(target === undefined || text.includes(`<${target}>`));
    }),
  );
  const startedAtMs = performance.now();
  for (const part of ["<", "<>;", "<>; rel", "; rel = ", ";", " ", '<a>; rel="next']) {
    nextLink(`<a>${part.repeat(100_000)}`);
  }
  assert.ok(performance.now() - startedAtMs < 5_000);
});
