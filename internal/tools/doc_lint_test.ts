import assert from "node:assert/strict";
import { type DocOutput, undocumented } from "./doc_lint.ts";

function output(moduleDoc: string, jsDoc: string, secondJsDoc = ""): DocOutput {
  const declaration = (doc: string) => ({
    kind: "function",
    jsDoc: { doc },
    location: { filename: "pkg/a/x.ts", line: 3 },
  });
  return {
    nodes: {
      "pkg/a/mod.ts": {
        module_doc: { doc: moduleDoc },
        symbols: [{ name: "f", declarations: [declaration(jsDoc), declaration(secondJsDoc)] }],
      },
    },
  };
}

Deno.test("doc lint: accepts a face whose module and exports are documented", () => {
  assert.deepEqual(undocumented(output("What it is for.", "Promises.")), []);
  assert.deepEqual(undocumented(output("What it is for.", "", "The other overload promises.")), []);
});

Deno.test("doc lint: names the module and the export that say nothing", () => {
  assert.deepEqual(undocumented(output("", "")), [
    "pkg/a/mod.ts: says nowhere what the package is for",
    "pkg/a/x.ts:3: function f has no doc comment",
  ]);
});
