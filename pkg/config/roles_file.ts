import { once } from "@bzzz/base";
import { AUTHORITY_LEVELS, parseRole, type RoleDefinition, type RoleProblem, roleProblems } from "@bzzz/crypto";
import { z } from "zod";
import { readConfigFile } from "./file.ts";
import { capIssues, ConfigError, type ConfigIssue, describeValue } from "./issues.ts";
import { pathText } from "./keys.ts";
import { suggestChoice } from "./suggest.ts";
import { readYaml, type YamlSource } from "./yaml_source.ts";

/** The name of the file in the data directory. */
export const ROLES_FILE_NAME = "roles.yaml";

const NAME_RULE = "1 to 64 characters";
const ROLE_RULE = "a role name: a-z, then a-z, 0-9, _ and -, at most 48";

const roleName = once(() => z.string(ROLE_RULE).refine((name) => parseRole(name) === name, ROLE_RULE));

/** The form of the file: `version: 1`, and a map from the name of each role to what it is. */
const fileSchema = once(() =>
  z.strictObject({
    version: z.literal(1, "1"),
    roles: z.record(
      z.string(),
      z.strictObject({
        level: z.enum(AUTHORITY_LEVELS, `one of ${AUTHORITY_LEVELS.join(", ")}`),
        can_decrypt: z.array(roleName(), "a list of roles").max(64, "at most 64 roles").default([]),
        capabilities: z.array(z.string(NAME_RULE).min(1, NAME_RULE).max(64, NAME_RULE), "a list of capabilities")
          .max(64, "at most 64 capabilities").default([]),
        specialization: z.string("a text").max(256, "at most 256 characters").optional(),
        prompt_template: z.string("a text").max(8192, "at most 8192 characters").optional(),
      }, "a map with level, can_decrypt, capabilities, specialization, prompt_template"),
      "a map from names of roles to what they are",
    ).refine((roles) => Object.keys(roles).length <= 64, "at most 64 roles"),
  }, "a map with version and roles")
);

/** `roles` of the file in the order of the file. */
function definitionsOf(file: z.output<ReturnType<typeof fileSchema>>): RoleDefinition[] {
  return Object.entries(file.roles).map(([name, role]) => ({
    name,
    level: role.level,
    canDecrypt: role.can_decrypt,
    capabilities: role.capabilities,
    ...(role.specialization === undefined ? {} : { specialization: role.specialization }),
    ...(role.prompt_template === undefined ? {} : { promptTemplate: role.prompt_template }),
  }));
}

/**
 * The own roles of a mesh out of the text of a `roles.yaml`.
 *
 * @throws ConfigError "config_invalid" with every problem and its line
 */
export function parseRolesFile(text: string, file: string): RoleDefinition[] {
  const source = readYaml(text, file);
  const parsed = source.issues.length > 0 ? undefined : fileSchema().safeParse(source.root, { jitless: true });
  const issues = [...source.issues];
  if (parsed?.success) {
    const definitions = definitionsOf(parsed.data);
    issues.push(...badNames(source, file));
    issues.push(...roleProblems(definitions).map((problem) => problemIssue(problem, source, file)));
    if (issues.length === 0) return definitions;
  } else if (parsed) {
    issues.push(...parsed.error.issues.flatMap((issue) => schemaIssues(issue, source, file)));
  }
  throw new ConfigError("config_invalid", file, capIssues(issues));
}

/**
 * Reads and parses a `roles.yaml`; undefined when there is none and `isNamed` is false.
 *
 * @throws ConfigError "config_missing", "config_unreadable", "config_invalid"
 */
export async function loadRolesFile(
  path: string,
  options: { readonly isNamed: boolean; readonly program: string },
): Promise<RoleDefinition[] | undefined> {
  const { isNamed, program } = options;
  const file = await readConfigFile({ path, isNamed, namedBy: "the command line" }, program);
  return file && parseRolesFile(file.text, file.path);
}

/** By the names as written: of the values, some names are lost on the way (`__proto__`). */
function badNames(source: YamlSource, file: string): ConfigIssue[] {
  const names = Object.keys(valueAt(source.root, ["roles"]) ?? {});
  return names.filter((name) => parseRole(name) !== name).map((name) => ({
    ...at(source.keyPositionOf(["roles", name]), file),
    keyPath: pathText(["roles", name]),
    got: describeValue(name),
    expected: ROLE_RULE,
  }));
}

function problemIssue({ role, field, found, expected }: RoleProblem, source: YamlSource, file: string): ConfigIssue {
  const path = field === "canDecrypt" ? ["roles", role, "can_decrypt"] : ["roles", role];
  const position = field === "name" ? source.keyPositionOf(path) : source.positionOf(path);
  return { ...at(position, file), keyPath: pathText(path), got: found, expected };
}

function schemaIssues(issue: z.core.$ZodIssue, source: YamlSource, file: string): ConfigIssue[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      ...at(source.keyPositionOf([...issue.path, key]), file),
      keyPath: pathText([...issue.path, key]),
      got: `an unknown key ${describeValue(key)}`,
      expected: issue.path.length === 0
        ? "one of version, roles"
        : "one of level, can_decrypt, capabilities, specialization, prompt_template",
    }));
  }
  const value = valueAt(source.root, issue.path);
  const suggestion = issue.path.at(-1) === "level" ? suggestChoice(value, AUTHORITY_LEVELS) : undefined;
  return [{
    ...at(source.positionOf(issue.path), file),
    keyPath: pathText(issue.path),
    got: describeValue(value),
    expected: issue.message,
    ...(suggestion === undefined ? {} : { suggestion }),
  }];
}

function at({ line, column }: { line: number; column: number }, file: string): Pick<
  ConfigIssue,
  "source" | "file" | "line" | "column"
> {
  return { source: "file", file, line, column };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[part]; // maps of readYaml have no prototype
  }
  return value;
}
