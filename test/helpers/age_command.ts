/**
 * The `age` command, where it is installed: what the mesh seals must be openable without the mesh, and the other way round.
 *
 * @module
 */
import assert from "node:assert/strict";
import { utf8Decode } from "@bzzz/base";

/** Whether there is an `age`; `.ci/run` installs it, and tests that need it are reported as ignored without. */
export async function hasAge(): Promise<boolean> {
  try {
    return (await new Deno.Command("age", { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What `age` makes of `content`; fails when it does not end well. */
export async function age(args: readonly string[], content: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const child = new Deno.Command("age", { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const writing = writer.write(content).then(() => writer.close());
  const { stdout, success } = await child.output();
  await writing;
  assert.ok(success, `age ${args.join(" ")}`);
  return stdout;
}

/** Whether `age` opens a sealed file with a file of keys; fails for any other reason than that none of them fits. */
export async function ageOpens(file: string, keyFile: string): Promise<boolean> {
  const { success, stderr } = await new Deno.Command("age", { args: ["--decrypt", "--identity", keyFile, file] })
    .output();
  if (!success) assert.match(utf8Decode(stderr), /no identity matched/);
  return success;
}
