import { BzzzError, once } from "@bzzz/base";
import { readYaml } from "@bzzz/config";
import { z } from "zod";

/** Goals of one file. */
const MAX_GOALS = 64;

/** The file with the goals of a project, in any of its tasks. */
export const GOALS_PATH = ".ucxl/goals.yaml";

const word = once(() => z.string().trim().min(1).max(64));
const goalsSchema = once(() =>
  z.strictObject({
    version: z.literal(1),
    goals: z.array(z.strictObject({
      name: z.string().trim().min(1).max(120),
      keywords: z.array(word()).max(64).default([]),
      tags: z.array(word()).max(64).default([]),
      weight: z.number().gt(0).max(100).default(1),
    })).min(1).max(MAX_GOALS),
  })
);

/** A goal: what a thing that serves it talks about. */
export type Goal = z.output<ReturnType<typeof goalsSchema>>["goals"][number];

/** The file is no list of goals. */
export class GoalsError extends BzzzError<"invalid_goals"> {}

/** The goals in a file, YAML or JSON. @throws GoalsError with line, place, what was found and what is expected */
export function parseGoals(text: string, file: string): readonly Goal[] {
  const source = readYaml(text, file);
  const first = source.issues[0];
  if (first) {
    throw refusal(file, { line: first.line, field: first.keyPath, expected: `${first.expected}, found ${first.got}` });
  }
  const parsed = goalsSchema().safeParse(source.root, { jitless: true });
  if (parsed.success) return parsed.data.goals;
  const issue = parsed.error.issues[0];
  const path = issue?.path ?? [];
  throw refusal(file, {
    line: source.positionOf(path).line,
    field: path.map(String).join("."),
    expected: issue?.message ?? "",
  });
}

function refusal(
  file: string,
  { line, field, expected }: {
    readonly line: number | undefined;
    readonly field: string | undefined;
    readonly expected: string;
  },
): GoalsError {
  const place = line === undefined ? "" : ` in line ${line}`;
  return new GoalsError(
    "invalid_goals",
    `Cannot use the goals of "${file}"${place}: ${
      field === undefined || field === "" ? "" : `"${field}": `
    }${expected}`,
    { details: { file, line, field, expected } },
  );
}
