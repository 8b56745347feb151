// The built programs where nothing is installed: a root with the C library, a shell, /proc and /dev/null, as in a small container.
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url).pathname;
const PROGRAMS = ["bzzz-agent", "bzzz-hap"];
const DEADLINE_MS = 30_000;

async function run(command: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const output = await new Deno.Command(command, { args, stdin: "null", signal }).output();
  const text = new TextDecoder();
  return { code: output.code, stdout: text.decode(output.stdout), stderr: text.decode(output.stderr) };
}

async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  return (await run(command, ...args).catch(() => undefined))?.code === 0;
}

/** Copies a file to the same place under `root`, links resolved. */
async function plant(root: string, path: string): Promise<void> {
  await Deno.mkdir(`${root}${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
  await Deno.copyFile(path, `${root}${path}`);
}

const canIsolate = await succeeds("busybox", "true") &&
  await succeeds("unshare", "--mount", "--pid", "--fork", "mount", "-t", "proc", "proc", "/proc");
if (!canIsolate) {
  Deno.stdout.writeSync(new TextEncoder().encode("bare root: skipped, needs busybox and the right to mount (root)\n"));
}

Deno.test({
  name: "S-01 A-03 bare root: --version and --help answer with only libc, sh, /proc and /dev/null",
  ignore: !canIsolate,
  async fn(t) {
    const root = await Deno.makeTempDir({ prefix: "bzzz-root-" });
    try {
      for (const folder of ["bin", "dev", "proc", "tmp"]) await Deno.mkdir(`${root}/${folder}`);
      await Deno.writeTextFile(`${root}/dev/null`, "");
      const busybox = (await run("sh", "-c", "command -v busybox")).stdout.trim();
      await Deno.copyFile(busybox, `${root}/bin/busybox`);
      assert.equal((await run("chroot", root, "/bin/busybox", "--install", "-s", "/bin")).code, 0);
      const libraries = (await run("ldd", Deno.execPath())).stdout.match(/\/\S+/g) ?? [];
      assert.ok(libraries.length > 0, "the runtime is linked to the C library");
      for (const library of libraries) await plant(root, library);
      for (const program of PROGRAMS) {
        await Deno.copyFile(`${ROOT}dist/${program}`, `${root}/bin/${program}`);
        for (const flag of ["--version", "--help"]) {
          await t.step(`${program} ${flag}`, async () => {
            const start = [
              `mount -t proc proc ${root}/proc`,
              `mount --bind /dev/null ${root}/dev/null`,
              `exec chroot ${root} /bin/env -i PATH=/bin /bin/${program} ${flag}`,
            ].join(" && ");
            `mount -t proc proc ${root}/proc && exec chroot ${root} /bin/env -i PATH=/bin /bin/${program} ${flag}`;

            const result = await run("unshare", "--mount", "--pid", "--fork", "sh", "-c", start);

            assert.equal(result.code, 0, result.stderr);
            assert.match(result.stdout, new RegExp(program), "it names itself");
          });
        }
      }
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});
