import assert from "node:assert/strict";
import { readTokenFile, tokenFileIn } from "./token_file.ts";

async function withFile(content: Uint8Array | string, work: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-token-" });
  try {
    const path = `${folder}/github.token`;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(path, bytes, { mode: 0o600 });
    await work(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the token is the first line of a file that only its owner reads", async () => {
  for (const content of ["ghp_abc", "ghp_abc\n", "ghp_abc\r\nwords\n"]) {
    await withFile(content, async (path) => assert.equal(await readTokenFile(path), "ghp_abc"));
  }
});

Deno.test("a file that is missing, readable for others or no token is refused, and its content is never said", async () => {
  const bad = [" ghp_abc", "", "ghp abc", "ghp_\u00e4", new Uint8Array([0xff, 0xfe]), "x".repeat(1_025)];
  for (const content of bad) {
    await withFile(content, async (path) => {
      const message = `Cannot use the token of GitHub: the first line of "${path}" is no token`;
      await assert.rejects(readTokenFile(path), { code: "unauthorized", message });
    });
  }
  await withFile("ghp_abc", async (path) => {
    await Deno.chmod(path, 0o640);
    await assert.rejects(readTokenFile(path), {
      code: "unauthorized",
      message: /mode is 0640, expected 0600; run: chmod/,
    });
    await assert.rejects(readTokenFile(`${path}.not`), { code: "unauthorized", message: /there is no file/ });
  });
});

Deno.test("its path is relative to the data directory", () => {
  assert.equal(tokenFileIn("/home/a", "github.token"), "/home/a/github.token");
  assert.equal(tokenFileIn("/home/a", "/run/credentials/token"), "/run/credentials/token");
});
