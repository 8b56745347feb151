import assert from "node:assert/strict";
import type { GlobalFlags } from "@bzzz/cli";
import { writePrivateFile } from "./home.ts";
import { createPlace } from "./testdata/place.ts";

Deno.test("validateConfigs(): one file is this program's; two may be both, and must go together", async () => {
  await using place = await createPlace();
  const agent = await place.write("agent.yaml", "version: 1\nbinary_type: agent\n");
  const hap = await place.write("hap.yaml", "version: 1\nbinary_type: hap\n");
  const clash = await place.write("clash.yaml", "version: 1\nbinary_type: hap\nports: { http_port: 8080 }\n");
  const typo = await place.write("typo.yaml", "version: 1\nbinary_type: hap\nports:\n  http_prot: 1\n");
  const keys = async (...paths: string[]) =>
    (await place.hooks.validateConfigs(paths, { ...place.globals, home: undefined })).map(({ key }) => key);

  assert.deepEqual(await keys(agent), []);
  assert.deepEqual(await keys(hap), ["binary_type"]);
  assert.deepEqual(await keys(agent, hap), []);
  assert.deepEqual(await keys(hap, agent), []);
  assert.equal((await keys(agent, clash)).length, 1);
  assert.ok((await keys(agent, agent)).length > 0, "two of one kind on the same ports");
  const [issue] = await place.hooks.validateConfigs([agent, typo], place.globals);
  assert.deepEqual([issue?.file, issue?.line, issue?.key], [typo, 4, "ports.http_prot"]);
  assert.match(issue?.message ?? "", /http_port/);
  assert.equal((await keys(`${place.folder}/nowhere.yaml`)).length, 1);
});

Deno.test("validateConfigs(): what is wrong in one file does not hide that two do not go together", async () => {
  await using place = await createPlace();
  const agent = await place.write(
    "agent.yaml",
    "version: 1\nbinary_type: agent\nagent: { id: same, max_tasks: -3 }\nports: { http_port: 9999, health_port: x }\n",
  );
  const hap = await place.write(
    "hap.yaml",
    "version: 1\nbinary_type: hap\nagent: { id: same }\nports: { ucxi_port: 9999, health_port: 8081 }\nnetwork: { mdns: 3 }\n",
  );

  const issues = await place.hooks.validateConfigs([agent, hap], { ...place.globals, home: undefined });

  assert.deepEqual(issues.map(({ key }) => key).sort(), [
    "agent.max_tasks",
    "identities",
    "network.mdns",
    "ports",
    "ports.health_port",
  ]);
  const [ports] = issues.filter(({ key }) => key === "ports");
  assert.match(ports?.message ?? "", /9999/, "and nothing of the port that is none, whose default would clash");
});

Deno.test("the roles file is the one the configuration names, unless a path is given", async () => {
  await using place = await createPlace();
  const role = (name: string) => `version: 1\nroles:\n  ${name}: {level: suggestion}\n`;
  await writePrivateFile(`${place.home}/roles.yaml`, role("standard"));
  await writePrivateFile(`${place.home}/own.yaml`, role("own"));
  const given = await place.write("given.yaml", role("given"));
  const own: GlobalFlags = { ...place.globals, settings: [["security.roles_file", "own.yaml"]] };

  assert.deepEqual((await place.hooks.readRoles(undefined, place.globals)).map(({ name }) => name), ["standard"]);
  assert.deepEqual((await place.hooks.readRoles(undefined, own)).map(({ name }) => name), ["own"]);
  assert.deepEqual((await place.hooks.readRoles(given, own)).map(({ name }) => name), ["given"]);
  await assert.rejects(place.hooks.readRoles(`${place.home}/none.yaml`, own), { code: "config_missing" });
  await place.write("given.yaml", role("admin"));
  await assert.rejects(place.hooks.readRoles(given, own), /given\.yaml:3:3: roles\.admin/);
});
