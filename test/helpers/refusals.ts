/**
 * What a program refuses, as its user sees it: one message, the documented exit status, no stack trace.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PATIENCE_MS } from "./patience.ts";
import { ISOLATED, type Program, run, type RunOptions } from "./programs.ts";

/** As users run it: what is logged at the usual level counts as noise. */
export const QUIET: Readonly<Record<string, string>> = { ...ISOLATED, BZZZ_LOGGING_LEVEL: "info" };

/** A case, and what is to be said of it. */
export interface Refusal {
  readonly name: string;
  readonly program?: Program;
  readonly args: (home: string) => readonly string[];
  /** Makes of the good data directory what the case needs. */
  readonly prepare?: (home: string) => Promise<void> | void;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly status: number;
  /** What the message must say: where, what was found, what to do. */
  readonly says: readonly RegExp[];
}

/** The arguments that run a node there. */
export const runHome = (home: string): readonly string[] => ["run", "--home", home];

/** One message of the program itself, nothing of the runtime's. */
export function assertOneMessage(program: Program, stderr: string, name: string): void {
  const messages = stderr.split("\n").filter((line) => line.startsWith(`${program}: `));
  assert.equal(messages.length, 1, `${name}: one message, not\n${stderr}`);
  assert.ok(stderr.startsWith(`${program}: `), `${name}: nothing before it\n${stderr}`);
  assert.doesNotMatch(stderr, /^\s+at /m, `${name}: no stack trace`);
  assert.doesNotMatch(stderr, /undefined|\[object|NaN/, `${name}: words, not values`);
  assert.ok(stderr.length < 1_500, `${name}: short`);
}

/** Runs the case on the data directory `home`. */
export async function refuses(refusal: Refusal, home: string): Promise<void> {
  const program = refusal.program ?? "bzzz-agent";
  const options: RunOptions = { env: { ...QUIET, ...refusal.env }, timeoutMs: PATIENCE_MS };

  const { code, stdout, stderr } = await run(program, refusal.args(home), options);

  assert.equal(code, refusal.status, `${refusal.name}: ${stderr}`);
  assert.equal(stdout, "", `${refusal.name}: nothing on stdout`);
  assertOneMessage(program, stderr, refusal.name);
  for (const pattern of refusal.says) assert.match(stderr, pattern, `${refusal.name}: ${stderr}`);
}
