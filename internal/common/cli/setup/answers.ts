import { type ConfigIssue, formatIssues, readYaml } from "@bzzz/config";
import { once, parseAgentId } from "@bzzz/base";
import { z } from "zod";
import { CliError } from "../errors.ts";

/** The steps of the setup, in their order. */
export const SETUP_STEPS = ["who", "mesh", "keys", "ports", "interface", "notifications", "work"] as const;
/** One of `SETUP_STEPS`. */
export type SetupStep = (typeof SETUP_STEPS)[number];

const port = once(() => z.int("a whole number").min(0, "0 or more").max(65_532, "at most 65532"));
const yesOrNo = once(() => z.boolean("true or false"));

/** What a setup asks for, as a file has it. No secret is among it: a join token, shares and a passphrase are asked for when they are used. */
export const setupAnswersSchema = once(() =>
  z.strictObject({
    agent_id: z.string().refine(
      (text) => parseAgentId(text) !== undefined,
      '2 to 63 of a-z, 0-9 and "-", not "-" first',
    ),
    mesh: z.enum(["create", "join"], "create or join"),
    mesh_name: z.string().trim().min(1, "a name").max(64, "at most 64 characters"),
    lock_keys: yesOrNo(),
    own_key: z.enum(["new", "restore"], "new or restore"),
    recovery_sheet: yesOrNo(),
    first_port: port(),
    p2p_port: port(),
    interface: z.enum(["terminal", "plain", "web", "headless"], "terminal, plain, web or headless"),
    bell: yesOrNo(),
    desktop_notifications: yesOrNo(),
    capabilities: z.array(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "names of a-z, 0-9, . _ and -")).max(32),
  }).partial()
);
/** Answers, as far as they are known. */
export type SetupAnswers = z.output<ReturnType<typeof setupAnswersSchema>>;
/** The name of an answer. */
export type SetupKey = keyof SetupAnswers;

/** Reads a file of answers. @throws CliError "validation_failed" with line, found and expected of each mistake */
export function parseAnswers(text: string, file: string): SetupAnswers {
  const source = readYaml(text, file);
  const result = setupAnswersSchema().safeParse(source.root ?? {});
  const issues: ConfigIssue[] = [...source.issues];
  if (issues.length === 0 && !result.success) {
    for (const issue of result.error.issues.slice(0, 20)) {
      const isUnknown = issue.code === "unrecognized_keys";
      const path = isUnknown ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
      const { line, column } = isUnknown ? source.keyPositionOf(path) : source.positionOf(path);
      const known = Object.keys(setupAnswersSchema().shape).join(", ");
      issues.push({
        source: "file",
        file,
        line,
        column,
        keyPath: path.map(String).join("."),
        got: isUnknown ? "an unknown key" : describe(source.root, issue.path),
        expected: isUnknown ? `one of ${known}` : issue.message,
      });
    }
  }
  if (issues.length === 0 && result.success) return result.data;
  throw new CliError("config_invalid", `Cannot use the answers of the setup:\n${formatIssues(issues)}`);
}

function describe(root: unknown, path: readonly PropertyKey[]): string {
  let value = root;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]; // as far as it is a map
  return JSON.stringify(value)?.slice(0, 80) ?? "nothing";
}
