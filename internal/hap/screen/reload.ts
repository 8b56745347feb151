/**
 * Reading anew what a person keeps in files, and telling what is wrong with it, with lines. Templates and prompts are read at each use
 * and the policy every two seconds in any case: of these it only tells.
 *
 * @module
 */
import { errorMessage } from "@bzzz/base";
import { formatIssues } from "@bzzz/config";
import type { YamlLibrary } from "../forms/library.ts";
import type { PersonLibraries } from "../libraries.ts";
import { readPolicy } from "../prompts/policy_file.ts";
import { parsePolicy } from "../prompts/policy.ts";
import type { Keymap } from "./keymap/keymap.ts";

/** What came of it. Without a key map the one before stays. */
export interface Reloaded {
  readonly keymap: Keymap | undefined;
  readonly lines: readonly string[];
}

/** Reads all of it. Never rejects. */
export async function reload(libraries: PersonLibraries, loadKeymap: () => Keymap): Promise<Reloaded> {
  const { keymap, line } = readKeymap(loadKeymap);
  const templates = await tellLibrary("Templates", libraries.templates);
  const prompts = await tellLibrary("Prompts", libraries.prompts);
  return { keymap, lines: [line, ...templates, ...prompts, await tellPolicy(libraries.policyPath)] };
}

function readKeymap(loadKeymap: () => Keymap): { readonly keymap: Keymap | undefined; readonly line: string } {
  try {
    return { keymap: loadKeymap(), line: "Key map: in force" };
  } catch (error) {
    return { keymap: undefined, line: `Key map: the one before stays. ${errorMessage(error)}` };
  }
}

async function tellLibrary<T extends { readonly id: string }>(
  name: string,
  library: YamlLibrary<T>,
): Promise<readonly string[]> {
  const { entries, broken, notes } = await library.read();
  const own = [...entries.values()].filter(({ origin }) => origin !== "built in").length;
  const issues = [...broken.values()].flat();
  return [
    `${name}: ${own} of yours, ${broken.size} that cannot be used`,
    ...(issues.length === 0 ? [] : formatIssues(issues).split("\n")),
    ...notes,
  ];
}

async function tellPolicy(path: string | undefined): Promise<string> {
  if (path === undefined) return "Policy: none, interface.policy_path names no file";
  try {
    const text = await readPolicy(path);
    if (text === undefined) return `Policy: people are asked, there is no "${path}"`;
    const parsed = parsePolicy(text, path);
    return parsed.ok
      ? `Policy: valid, ${parsed.policy.rules.length} rules; the node takes it within 2 s`
      : `Policy: people are asked, it cannot be used:\n${formatIssues(parsed.issues)}`;
  } catch (error) {
    const isClosed = error instanceof Deno.errors.NotCapable;
    const why = isClosed ? "this view may not read there; in a shell: bzzz-hap policy lint" : errorMessage(error);
    return `Policy: cannot read "${path}": ${why}`;
  }
}
