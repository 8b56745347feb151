import assert from "node:assert/strict";
import fc from "fast-check";
import { extract } from "./extract.ts";

const README = `---
tags: [payment, checkout]
---
# Checkout

[![badge](https://x/y.svg)](https://x)

Takes the *money* of the [shop](https://shop.example) with PostgreSQL and Deno.
Second line.

## Purpose

Nobody pays twice.

\`\`\`
Redis is only in code
\`\`\`
`;

Deno.test("extract() reads a README for itself and for its folder", () => {
  const [itself, folder] = extract({ path: "docs/README.md", mediaType: "text/markdown; charset=utf-8", text: README });

  assert.deepEqual(itself, {
    path: "docs/README.md",
    directness: "itself",
    fields: {
      media_type: "text/markdown",
      language: "Markdown",
      summary: "Checkout: Takes the money of the shop with PostgreSQL and Deno. Second line.",
      purpose: "Nobody pays twice.",
      technologies: ["Deno", "PostgreSQL", "Redis"],
      tags: ["checkout", "docs", "payment"],
    },
  });
  assert.equal(folder?.path, "docs");
  assert.equal(folder?.directness, "readme");
  assert.equal(folder?.fields.language, undefined, "a folder is not written in Markdown");
  assert.equal(folder?.fields.purpose, "Nobody pays twice.");
});

Deno.test("extract() reads programs, manifests, declared facts and what is no text", () => {
  const one = (path: string, mediaType: string, text: string | undefined) =>
    extract({ path, mediaType, text }).map(({ path, fields }) => [path, fields]);

  assert.deepEqual(
    one("src/pay.ts", "text/plain", "#!/usr/bin/env deno\n/**\n * Pays once.\n *\n * More.\n */\nx();"),
    [[
      "src/pay.ts",
      {
        media_type: "text/plain",
        language: "TypeScript",
        summary: "Pays once.",
        technologies: ["TypeScript"],
        tags: ["src"],
      },
    ]],
  );
  assert.deepEqual(one("a.py", "text/plain", '"""Adds.\n"""\n'), [[
    "a.py",
    { media_type: "text/plain", language: "Python", summary: "Adds.", technologies: ["Python"] },
  ]]);
  assert.deepEqual(one("package.json", "application/json", '{"dependencies": {"zod": "4", "hono": "4"}}'), [[
    "package.json",
    { media_type: "application/json", language: "JSON", technologies: ["hono", "zod"] },
  ]]);
  assert.deepEqual(one("docs/.ucxl/context.yaml", "application/yaml", "purpose: To know\ntags: [b, a]\n"), [[
    "docs",
    { purpose: "To know", tags: ["a", "b"] },
  ]]);
  assert.deepEqual(
    one(".ucxl/context.yaml", "application/yaml", "purpos: misspelt\n"),
    [],
    "what has not the form says nothing",
  );
  assert.deepEqual(one("logo.png", "image/png", undefined), [["logo.png", { media_type: "image/png" }]]);
});

Deno.test("extract() never fails, and stays within its bounds, whatever the text", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.array(
      fc.constantFrom(
        "# ",
        "---\n",
        "```",
        "[",
        "](",
        "*",
        "_",
        "/**",
        "*/",
        '"""',
        "a",
        "\n",
        " ",
        "tags: [",
        "&a",
        "\u{1f41d}",
      ),
    ).map((it) => it.join("")),
  );
  fc.assert(fc.property(
    hostile,
    fc.constantFrom("README.md", "a/.ucxl/context.yaml", "x.ts", "package.json", "x"),
    (text, path) => {
      for (const { fields } of extract({ path, mediaType: "text/plain", text })) {
        for (const value of Object.values(fields)) {
          if (typeof value === "string") assert.ok([...value].length <= 1_000);
          else assert.ok(value.length <= 32 && value.every((item) => item.length <= 64));
        }
      }
    },
  ));
});

Deno.test("extract() takes linear time on long texts without an end", () => {
  for (
    const text of [
      "[".repeat(200_000),
      "*".repeat(200_000),
      `/**${"a".repeat(200_000)}`,
      "#".repeat(200_000),
      "a_".repeat(100_000),
    ]
  ) {
    const startedAtMs = performance.now();
    extract({ path: "README.md", mediaType: "text/markdown", text });
    extract({ path: "x.ts", mediaType: "text/plain", text });
    assert.ok(performance.now() - startedAtMs < 2_000, text.slice(0, 5));
  }
});
