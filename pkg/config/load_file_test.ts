import assert from "node:assert/strict";
import { CONFIG_PROFILES, ConfigError, loadConfig } from "./mod.ts";

const { agent } = CONFIG_PROFILES;

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => "ok", (error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    assert.equal(error.issues.length, 1);
    return `${error.code}: ${error.issues[0]?.got}`;
  });
}

Deno.test("F-26 loadConfig() finds the file by path, by variable, by data directory", async () => {
  await withFolder(async (home) => {
    for (const name of ["flag", "path", "config"]) {
      await Deno.writeTextFile(`${home}/${name}.yaml`, `agent: {id: by-${name}}`);
    }
    const env = { BZZZ_CONFIG_PATH: `${home}/path.yaml`, BZZZ_CONFIG: `${home}/none.yaml` };

    const byFlag = await loadConfig({ profile: agent, path: `${home}/flag.yaml`, env, flags: {}, home });
    const byVariable = await loadConfig({ profile: agent, env, flags: {}, home });
    const byHome = await loadConfig({ profile: agent, env: {}, flags: {}, home });
    const byText = await loadConfig({ profile: agent, text: "agent: {id: by-text}", env, flags: {}, home });
    const byNothing = await loadConfig({ profile: agent, env: {}, flags: {}, home: `${home}/nowhere` });

    assert.deepEqual(
      [byFlag, byVariable, byHome, byText, byNothing].map(({ config }) => config.agent.id),
      ["by-flag", "by-path", "by-config", "by-text", undefined],
    );
    assert.equal(byHome.file, `${home}/config.yaml`);
    assert.equal(byNothing.file, undefined);
  });
});

Deno.test("loadConfig() says what is wrong with the file itself", async () => {
  await withFolder(async (home) => {
    const load = (path: string) => codeOf(loadConfig({ profile: agent, path, env: {}, flags: {} }));
    await Deno.writeFile(`${home}/latin1`, new Uint8Array([0x61, 0x3a, 0xe9]));
    await Deno.writeFile(`${home}/large`, new Uint8Array(1024 * 1024 + 1).fill(35));
    await Deno.writeTextFile(`${home}/bad`, "x: 1");
    const missingByVariable = codeOf(
      loadConfig({ profile: agent, env: { BZZZ_CONFIG: `${home}/none` }, flags: {}, home }),
    );

    assert.equal(await load(`${home}/none`), "config_missing: no such file");
    assert.equal(await load(`${home}/bad/none`), "config_missing: no such file");
    assert.equal(await missingByVariable, "config_missing: no such file");
    assert.equal(await load(home), "config_unreadable: a directory");
    assert.equal(await load("/dev/zero"), "config_unreadable: no regular file");
    assert.equal(await load(`${home}/latin1`), "config_unreadable: bytes that are not UTF-8");
    assert.equal(await load(`${home}/large`), "config_unreadable: more than 1048576 bytes");
    assert.equal(await load(`${home}/bad`), 'config_invalid: an unknown key "x"');
  });
});

Deno.test("loadConfig() accepts a file of exactly the largest size, quickly enough", async () => {
  await withFolder(async (home) => {
    await Deno.writeTextFile(`${home}/config.yaml`, `#${"x".repeat(1024 * 1024 - 2)}\n`);

    const { config } = await loadConfig({ profile: agent, env: {}, flags: {}, home });

    assert.equal(config.version, 1);
  });
});

Deno.test({
  name: "loadConfig() says when it may not read the file",
  permissions: { read: false },
  fn: async () => {
    const code = await codeOf(loadConfig({ profile: agent, path: "/etc/bzzz.yaml", env: {}, flags: {} }));

    assert.equal(code, "config_unreadable: no permission to read it");
  },
});
