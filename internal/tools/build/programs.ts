/**
 * The programs that are built, and the machines they are built for.
 *
 * @module
 */
import { CONFIG_PROFILES, heapLimitMb } from "@bzzz/config";
import { PERMISSIONS, type ProgramPermissions } from "./permissions.ts";

/** One executable. */
export interface Program {
  /** Its file name, the name `ps` shows, and the last part of its default data folder. */
  readonly name: string;
  /** Its main, from the root of the project. */
  readonly entry: string;
  readonly permissions: ProgramPermissions;
  /** Of the engine, at every start. */
  readonly v8Flags: readonly string[];
  /** MiB of JavaScript heap: what is left of the memory the program is laid out for. */
  readonly heapMb: number;
}

/**
 * Flags of V8 at the start of an agent. The young generation begins with 16 MiB a half, where V8 would let it grow from 1 MiB: a
 * start makes some 12, and a collection on the way, which copies what is still in use, takes 6 to 10 ms (D-115, D-185).
 */
const AGENT_V8_FLAGS: readonly string[] = ["--min-semi-space-size=16"];

/**
 * The same for a portal, which draws what it hears: that is garbage a frame later, and a young generation that may grow to 16 MiB
 * a half does, and keeps as much again of what those objects hold outside the heap (D-147).
 */
const PORTAL_V8_FLAGS: readonly string[] = ["--min-semi-space-size=8", "--max-semi-space-size=8"];

/** In place of these for a view of a node that runs, which is small and stays open for days. */
export const VIEW_V8_FLAGS: readonly string[] = ["--min-semi-space-size=2", "--max-semi-space-size=2"];

/** Both programs of a release. */
export const PROGRAMS: readonly Program[] = [
  {
    name: "bzzz-agent",
    entry: "cmd/agent/main.ts",
    permissions: PERMISSIONS.agent,
    v8Flags: AGENT_V8_FLAGS,
    heapMb: heapLimitMb(CONFIG_PROFILES.agent.defaults.memoryLimitMb),
  },
  {
    name: "bzzz-hap",
    entry: "cmd/hap/main.ts",
    permissions: PERMISSIONS.hap,
    v8Flags: PORTAL_V8_FLAGS,
    heapMb: heapLimitMb(CONFIG_PROFILES.hap.defaults.memoryLimitMb),
  },
];

/** The released platforms and the npm package that carries the runtime of each. */
export const TARGETS = {
  "x86_64-unknown-linux-gnu": "@deno/linux-x64-glibc",
  "aarch64-unknown-linux-gnu": "@deno/linux-arm64-glibc",
  "x86_64-apple-darwin": "@deno/darwin-x64",
  "aarch64-apple-darwin": "@deno/darwin-arm64",
} as const;

/** A released platform. */
export type Target = keyof typeof TARGETS;

/** Whether `text` names a released platform. */
export function isTarget(text: string): text is Target {
  return Object.hasOwn(TARGETS, text);
}
