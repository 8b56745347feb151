/**
 * The main module of a self-extracting program: runs the program, which lies beside it as a script, with what the engine
 * compiled of it. Deno's own cache holds what was compiled before anything ran, which is nothing or everything; this one
 * holds what a rehearsed start needed, and the engine compiles the rest when it is called (D-138).
 *
 * Whoever may write the cache rehearses: it is left when the process exits. Everybody else only reads it.
 *
 * @module
 */
import type { Script } from "node:vm";

/** The build puts the digest of the script in its place. */
const SCRIPT_PLACEHOLDER = "@BZZZ_SCRIPT@";

const { pathname } = new URL(`./code-${SCRIPT_PLACEHOLDER}`, import.meta.url);
const path = decodeURIComponent(pathname);

/** With room of its size from the beginning, which takes half the time of letting it grow. */
function readCompiled(): Uint8Array | undefined {
  try {
    using file = Deno.openSync(`${path}.bin`);
    const bytes = new Uint8Array(file.statSync().size);
    for (let at = 0; at < bytes.length;) {
      const count = file.readSync(bytes.subarray(at));
      if (count === null) return undefined; // shorter than a moment ago: no cache of ours
      at += count;
    }
    return bytes;
  } catch {
    return undefined; // never rehearsed, or it may not be read: the program is compiled as it goes
  }
}

/** In one rename: a start that reads it meanwhile finds all of it, or none. */
function keepCompiled(script: Script): void {
  const aside = `${path}.bin.tmp.${Deno.pid}`;
  {
    using file = Deno.openSync(aside, { write: true, createNew: true, mode: 0o400 });
    const bytes = script.createCachedData();
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    file.syncSync(); // the engine trusts what it finds
  }
  Deno.renameSync(aside, `${path}.bin`);
}

/** A hundred files of the program ask for the same fifteen modules, and looking one up takes 20 µs. */
function requireOnce(require: (name: string) => unknown): (name: string) => unknown {
  const known = new Map<string, unknown>();
  return (name) => {
    if (!known.has(name)) known.set(name, require(name));
    return known.get(name);
  };
}

// A thread reads the text while the platform's modules are made, which keeps this one busy for longer than that (D-185).
const reading = Deno.readTextFile(`${path}.js`);
const { createRequire } = await import("node:module");
const vm = await import("node:vm");
const cachedData = readCompiled();
const script = new vm.Script(await reading, { filename: `${path}.js`, ...(cachedData ? { cachedData } : {}) });
const isFresh = cachedData !== undefined && script.cachedDataRejected === false;
if (!isFresh && Deno.permissions.querySync({ name: "write", path: `${path}.bin` }).state === "granted") {
  globalThis.addEventListener("unload", () => keepCompiled(script));
}
const program: { exports: unknown } = { exports: {} };
script.runInThisContext()(requireOnce(createRequire(import.meta.url)), program, program.exports);
