import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import assert from "node:assert/strict";
import { type Manifest, parseYaml, readManifests, ROOT, runIfInstalled } from "./files.ts";

const PROBES = ["startupProbe", "livenessProbe", "readinessProbe"];
const manifests = readManifests();
const statefulSets = manifests.filter(({ kind }) => kind === "StatefulSet");

function find(kind: string, name: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found;
}

/** `const x: StatefulSet = …` for every manifest: unknown fields and wrong types do not compile. */
async function check(list: readonly Manifest[]): Promise<{ code: number; stderr: string }> {
  const lines = list.map(({ apiVersion, kind, body }, index) => {
    const module = apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`;
    return `const x${index}: import("kubernetes-types/${module}").${kind} = ${
      JSON.stringify(body)
    };\nvoid x${index};\n`;
  });
  const path = await Deno.makeTempFile({ dir: `${ROOT}test/deployment`, prefix: ".manifests-", suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, lines.join(""));
    const result = await runIfInstalled(Deno.execPath(), "check", "--quiet", path);
    assert.ok(result);
    return result;
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("kubernetes: every manifest has the types of Kubernetes 1.30", async () => {
  const result = await check(manifests);

  assert.equal(result.code, 0, result.stderr);
});

Deno.test("kubernetes: the type check catches an unknown field and a wrong type", async () => {
  const [{ body, ...rest }] = [find("StatefulSet", "bzzz-agent")];

  const unknown = await check([{ ...rest, body: { ...body, spec: { ...body.spec, replica: 3 } } }]);
  const wrong = await check([{ ...rest, body: { ...body, spec: { ...body.spec, replicas: "3" } } }]);

  assert.match(unknown.stderr, /replica"?' does not exist/);
  assert.match(wrong.stderr, /Type 'string' is not assignable to type 'number'/);
});

Deno.test("F-60 F-64 kubernetes: three agents and one portal with a terminal", () => {
  const [agent, hap] = [find("StatefulSet", "bzzz-agent").body, find("StatefulSet", "bzzz-hap").body];

  assert.equal(agent.spec.replicas, 3);
  assert.equal(hap.spec.replicas, 1);
  assert.equal(hap.spec.template.spec.containers[0].stdin, true);
  assert.equal(hap.spec.template.spec.containers[0].tty, true);
  assert.equal(find("PodDisruptionBudget", "bzzz-agent").body.spec.maxUnavailable, 1);
});

for (const { name, body } of statefulSets) {
  const pod = body.spec.template.spec;
  const [container] = pod.containers;

  Deno.test(`F-62 kubernetes: ${name} selects its own pods and is named by a headless Service`, () => {
    const service = find("Service", body.spec.serviceName).body;

    assert.equal(service.spec.clusterIP, "None");
    assert.equal(service.spec.publishNotReadyAddresses, true);
    for (const selector of [body.spec.selector.matchLabels, service.spec.selector]) {
      for (const [key, value] of Object.entries(selector)) {
        assert.equal(body.spec.template.metadata.labels[key], value, key);
      }
    }
    for (const { targetPort } of service.spec.ports) {
      assert.ok(container.ports.some((port: { name: string }) => port.name === targetPort), targetPort);
    }
  });

  Deno.test(`F-61 F-63 F-66 kubernetes: ${name} runs without privileges and keeps its identity on a volume of its own`, () => {
    assert.deepEqual(pod.securityContext, {
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      fsGroup: 10001,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const each of [...pod.initContainers, ...pod.containers]) {
      assert.equal(each.securityContext.allowPrivilegeEscalation, false, each.name);
      assert.equal(each.securityContext.readOnlyRootFilesystem, true, each.name);
      assert.deepEqual(each.securityContext.capabilities.drop, ["ALL"], each.name);
      assert.ok(each.resources.limits.memory && each.resources.requests.cpu, each.name);
      assert.match(each.image, /^bzzz:\d+\.\d+\.\d+$/, "a version, never latest");
    }
    const claims = body.spec.volumeClaimTemplates.map((claim: { metadata: { name: string } }) => claim.metadata.name);
    const home = container.volumeMounts.find((mount: { name: string }) => claims.includes(mount.name));
    const dataFolder = container.env.find((entry: { name: string }) => entry.name === "BZZZ_HOME").value;
    // The kubelet opens the root of a volume to the group; a folder below it stays as private as the program made it.
    assert.ok(dataFolder.startsWith(`${home.mountPath}/`), dataFolder);
    const volumes = new Set([...claims, ...pod.volumes.map((volume: { name: string }) => volume.name)]);
    for (const each of [...pod.initContainers, ...pod.containers]) {
      for (const mount of each.volumeMounts) assert.ok(volumes.has(mount.name), `${each.name}: ${mount.name}`);
    }
  });

  Deno.test(`kubernetes: ${name} is probed where it listens and has time to drain`, () => {
    const profile = name === "bzzz-agent" ? CONFIG_PROFILES.agent : CONFIG_PROFILES.hap;
    const ports = Object.fromEntries(
      container.ports.map((port: { name: string; containerPort: number }) => [port.name, port.containerPort]),
    );

    assert.deepEqual(ports, {
      api: profile.defaults.httpPort,
      health: profile.defaults.healthPort,
      p2p: profile.defaults.p2pPort,
    });
    const paths = PROBES.map((probe) => container[probe].httpGet);
    assert.deepEqual(paths.map(({ path }) => path), ["/livez", "/livez", "/readyz"]);
    assert.ok(paths.every(({ port }) => port === "health"));
    assert.ok(pod.terminationGracePeriodSeconds >= 30, "the drain takes at most 25 s");
    assert.equal(pod.enableServiceLinks, false, "the variables of service links start with BZZZ_");
  });

  Deno.test(`kubernetes: the configuration of ${name} is one the program accepts`, () => {
    const mapName = pod.volumes.find((volume: { name: string }) => volume.name === "config").configMap.name;
    const data = find("ConfigMap", mapName).body.data as Record<string, string>;
    const values = new Map<string, string | undefined>(
      container.env.map((entry: { name: string; value?: string }) => [entry.name, entry.value]),
    );
    const file = values.get("BZZZ_CONFIG_PATH")?.split("/").at(-1) ?? "";
    const env: Record<string, string> = {};
    for (const [key, value] of values) {
      if (key.startsWith("BZZZ_") && value !== undefined) env[key] = value.replaceAll("$(POD_NAME)", `${name}-0`);
    }

    const text = data[file];
    assert.ok(text !== undefined, `${mapName} has ${file}`);
    const source = { text, file, env, flags: {} };
    const loaded = name === "bzzz-agent"
      ? parseConfig({ profile: CONFIG_PROFILES.agent, ...source })
      : parseConfig({ profile: CONFIG_PROFILES.hap, ...source });

    assert.deepEqual(loaded.warnings, [], "no variable is unknown");
    const origins = loaded.origins;
    assert.equal(origins.get("health.host")?.source, "file", "the kubelet probes from outside the pod");
    assert.equal(origins.get("network.announce")?.source, "env");
    assert.equal(origins.get("network.bootstrap")?.source, "file");
  });
}

Deno.test("kubernetes: the bootstrap list names every agent by the headless Service", () => {
  const agent = find("StatefulSet", "bzzz-agent").body;
  const expected = Array.from(
    { length: agent.spec.replicas },
    (_, ordinal) => `/dns4/bzzz-agent-${ordinal}.${agent.spec.serviceName}.bzzz.svc.cluster.local/tcp/9000`,
  );

  for (const { name, body } of manifests.filter(({ kind }) => kind === "ConfigMap")) {
    const text = Object.values(body.data as Record<string, string>).join("\n");
    for (const address of expected) assert.ok(text.includes(address), `${name}: ${address}`);
  }
});

Deno.test("A-29 F-65 kubernetes: no secret is applied by accident, and everything else is", () => {
  const [kustomization] = parseYaml("deployments/kubernetes/kustomization.yaml") as [{ resources: string[] }];
  const files = new Set(manifests.map(({ file }) => file));

  const left = [...files].filter((file) => !kustomization.resources.includes(file));
  assert.deepEqual(left, ["founding.yaml", "join-tokens.example.yaml"]);
  assert.ok(kustomization.resources.every((file) => files.has(file)));
  assert.ok(manifests.every(({ kind, file }) => kind !== "Secret" || file.includes(".example.")));
});
