/**
 * Every face (`mod.ts`, and `main.ts` beside it) says what the package is for, and every export of it what it promises: `deno task doc-lint`.
 *
 * `deno doc --lint` also asks for a sentence on each constructor, getter and field. Many of those could only repeat
 * their name, so this checks the exports alone.
 *
 * @module
 */
import { print, ROOT, run, ToolError } from "./build/tool.ts";

/** The part of `deno doc --json` that is read. */
export interface DocOutput {
  readonly nodes: Readonly<
    Record<string, {
      readonly module_doc?: { readonly doc?: string };
      readonly symbols: readonly {
        readonly name: string;
        readonly declarations: readonly {
          readonly kind: string;
          readonly jsDoc?: { readonly doc?: string };
          readonly location: { readonly filename: string; readonly line: number };
        }[];
      }[];
    }>
  >;
}

/** One line per module without a purpose and per export without a promise. */
export function undocumented(output: DocOutput): string[] {
  return Object.entries(output.nodes).flatMap(([module, { module_doc, symbols }]) => [
    ...(module_doc?.doc ? [] : [`${module}: says nowhere what the package is for`]),
    ...symbols.flatMap(({ name, declarations }) => {
      const [first] = declarations;
      // Overloads share the sentence of one of them.
      if (!first || declarations.some((declaration) => declaration.jsDoc?.doc)) return [];
      // What another face exports too is documented there.
      if (declarations.every((declaration) => declaration.kind === "reference")) return [];
      return [`${first.location.filename}:${first.location.line}: ${first.kind} ${name} has no doc comment`];
    }),
  ]);
}

async function faces(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) found.push(...await faces(`${folder}/${entry.name}`));
    else if (entry.name === "mod.ts" || entry.name === "main.ts") found.push(`${folder}/${entry.name}`);
  }
  // a script of the tools is no face
  return found.includes(`${folder}/mod.ts`) ? found : found.filter((path) => path !== `${folder}/main.ts`);
}

async function main(): Promise<void> {
  const files = [...await faces(`${ROOT}pkg`), ...await faces(`${ROOT}internal`)].sort();
  const documented = await run([Deno.execPath(), "doc", "--json", ...files]);
  if (documented.code !== 0) throw new ToolError(documented.stderr);
  const problems = undocumented(JSON.parse(documented.stdout) as DocOutput);
  for (const problem of problems) print(problem.replace(`file://${ROOT}`, ""));
  if (problems.length > 0) Deno.exitCode = 1;
  else print(`Documented: every export of ${files.length} packages`);
}

if (import.meta.main) await main();
