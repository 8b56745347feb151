/**
 * A launcher whose packed "runtime" is a script that prints how it was started, so that every case of it runs in milliseconds.
 *
 * @module
 */
import { PERMISSIONS } from "./permissions.ts";
import { PROGRAMS } from "./programs.ts";
import { packPart, renderHeader, writeExecutable } from "./self_extracting.ts";
import { type CommandResult, run } from "./tool.ts";

const ECHO =
  `#!/bin/sh\nprintf '%s\\n' "$@" "DENO_DIR=$DENO_DIR" "SHIM=$DENO_DISABLE_NODE_SHIM" "OPTS=\${NODE_OPTIONS:-}" "ARENAS=\${MALLOC_ARENA_MAX:-}"\n`;

/** Its folder is removed when it is disposed. */
export interface TestLauncher extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  start(args: readonly string[], env?: Record<string, string>, cwd?: string): Promise<CommandResult>;
}

/** Packs one that runs `runtimeText` in place of the runtime. */
export async function createTestLauncher(
  { runtimeText = ECHO, name = "bzzz-agent" }: {
    readonly runtimeText?: string;
    readonly name?: "bzzz-agent" | "bzzz-hap";
  } = {},
): Promise<TestLauncher> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "bzzz-stub-" }));
  const bytes = (text: string) => new TextEncoder().encode(text);
  const template = await Deno.readTextFile(new URL("./stub.sh", import.meta.url));
  const [runtime, app, code] = [
    await packPart(bytes(runtimeText)),
    await packPart(bytes("load();")),
    await packPart(bytes("app();")),
  ];
  const permissions = name === "bzzz-agent" ? PERMISSIONS.agent : PERMISSIONS.hap;
  const { v8Flags = [] } = PROGRAMS.find((program) => program.name === name) ?? {};
  const program = { name, entry: "unused", permissions, v8Flags, heapMb: 384 };
  const target = "x86_64-unknown-linux-gnu";
  const header = renderHeader(template, { program, version: "1.2.3", target, runtime, app, code });
  const path = `${folder}/${name}`;
  await writeExecutable(path, [header, runtime.gzip, app.gzip, code.gzip]);
  return {
    folder,
    path,
    start: (args, env = {}, cwd = folder) =>
      run([path, ...args], { cwd, env: { HOME: folder, XDG_CACHE_HOME: "", ...env } }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
