import { type ConfigIssue, describeValue, printable } from "./issues.ts";
import { badValue, type LayerContext, notAMap, type Place, unknownKey, withHint } from "./judge.ts";
import { type ConfigKey, type ConfigKeys, valueOfText } from "./keys.ts";
import { type ConfigSectionLike, isSection } from "./members.ts";
import { nearest } from "./suggest.ts";
import { isMap, valueAt } from "./tree.ts";
import type { YamlSource } from "./yaml_source.ts";

/** What one source says: legal values by dotted key, and what is wrong with the rest. */
export interface Layer {
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly place: Place }>;
  readonly issues: readonly ConfigIssue[];
  readonly warnings: readonly ConfigIssue[];
}

/** Of one file, before they are made into a list for people. */
const MAX_ISSUES = 10_000;

const FILE_WANTED = "a map of settings, such as the one `init` writes";

/** The file. Unknown keys and misplaced values are found wherever they stand; the schema of a key is asked about values alone. */
export function readFileLayer(source: YamlSource, file: string, context: LayerContext): Layer {
  const place = (at: { line: number; column: number }): Place => ({ source: "file", file, ...at });
  const stop = (...issues: readonly ConfigIssue[]): Layer => ({ values: new Map(), issues, warnings: [] });
  if (source.root === undefined && source.issues.length > 0) return stop(...source.issues);
  const root = withoutEmptySections(source.root ?? {}, "", context.known);
  if (!isMap(root)) {
    const at = place(source.positionOf([]));
    // Not shown: a file that is one word may be a key or a token, given by mistake.
    const got = Array.isArray(root) ? "a list" : "one value";
    return stop(...source.issues, { ...at, keyPath: "", got, expected: FILE_WANTED });
  }
  const binaryType = root["binary_type"];
  const intendedFor = typeof binaryType === "string" ? context.others.programs.get(binaryType) : undefined;
  if (intendedFor !== undefined) {
    return stop({
      ...place(source.positionOf(["binary_type"])),
      keyPath: "binary_type",
      got: `${describeValue(binaryType)}: a file for ${intendedFor}`,
      expected: `"${context.binaryType}"`,
      suggestion: `give this file to ${intendedFor}, and ${context.program} a file of its own`,
    });
  }
  const issues = [...source.issues];
  const values = new Map<string, { value: unknown; place: Place }>();
  const byName = new Map(context.known.keys.map((key) => [key.key, key]));
  const walk = (
    map: Readonly<Record<string, unknown>>,
    { members }: ConfigSectionLike,
    at: readonly string[],
  ): void => {
    for (const [name, value] of Object.entries(map)) {
      const path = [...at, name];
      const member = Object.hasOwn(members, name) ? members[name] : undefined;
      const key = byName.get(path.join("."));
      if (issues.length > MAX_ISSUES) return;
      if (member !== undefined && isSection(member) && isMap(value)) walk(value, member, path);
      else if (member !== undefined && isSection(member)) {
        issues.push(notAMap(path, value, place(source.positionOf(path))));
      } else if (key === undefined) issues.push(unknownKey(path, place(source.keyPositionOf(path)), context));
      else {
        const judged = judge(key, value, {
          ofValue: (within) => place(source.positionOf(within)),
          ofName: (within) => place(source.keyPositionOf(within)),
        }, context);
        if (judged.ok) values.set(key.key, { value: judged.value, place: place(source.positionOf(path)) });
        else issues.push(...judged.issues);
      }
    }
  };
  walk(root, context.file, []);
  issues.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return { values, issues: withoutRepeats(issues), warnings: [] };
}

/** Variables that are read elsewhere, or by people. */
export const KNOWN_VARIABLES: readonly string[] = ["BZZZ_CONFIG_PATH", "BZZZ_CONFIG", "BZZZ_HOME", "BZZZ_CACHE_DIR"];

/** Kubernetes sets these for every Service: BZZZ_AGENT_SERVICE_HOST, BZZZ_AGENT_PORT_9000_TCP_ADDR and the like. */
const SET_BY_KUBERNETES = /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;

function isSetByKubernetes(name: string, value: string | undefined): boolean {
  return SET_BY_KUBERNETES.test(name) || (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(value ?? ""));
}

/** The environment. A variable that means nothing is a warning: it may belong to a wrapper or to another version. */
export function readEnvironmentLayer(
  env: Readonly<Record<string, string>>,
  extraVariables: readonly string[],
  context: LayerContext,
): Layer {
  const values = new Map<string, { value: unknown; place: Place }>();
  const issues: ConfigIssue[] = [];
  const meaningful = new Set([...KNOWN_VARIABLES, ...extraVariables]);
  const variablePlace = (name: string): Place => ({
    source: "env",
    file: `environment variable ${name}`,
    line: undefined,
    column: undefined,
  });
  for (const key of context.known.keys) {
    const set = key.variables.filter((name) => env[name] !== undefined);
    for (const name of key.variables) meaningful.add(name);
    const [first, second] = set;
    if (first === undefined) continue;
    if (second !== undefined && env[first] !== env[second]) {
      issues.push({
        ...variablePlace(second),
        keyPath: key.key,
        got: `a value other than that of ${first}`,
        expected: "one of the two variables, or the same value in both",
      });
      continue;
    }
    const text = env[first] ?? "";
    const judged = judge(key, valueOfText(key, text), everywhere(variablePlace(first)), context);
    if (judged.ok) values.set(key.key, { value: judged.value, place: variablePlace(first) });
    else issues.push(...judged.issues.map((issue) => text === "" ? withHint(issue, "unset the variable") : issue));
  }
  const warnings = Object.keys(env)
    .filter((name) => name.startsWith("BZZZ_") && !meaningful.has(name) && !isSetByKubernetes(name, env[name]))
    .filter((name) => !context.others.names().has(name)).sort().slice(0, 20)
    .map((name) => {
      const near = nearest(name, meaningful);
      const issue: ConfigIssue = {
        ...variablePlace(printable(name)),
        keyPath: "",
        got: "a variable without a meaning",
        expected: "the name of a setting, as `config show --origin` lists them",
      };
      return near === undefined ? issue : withHint(issue, `did you mean ${near}?`);
    });
  return { values, issues: withoutRepeats(issues), warnings };
}

/** Flags by dotted key. Text is read as in a variable, other values are taken as they are; undefined is a flag not given. */
export function readFlagLayer(flags: Readonly<Record<string, unknown>>, context: LayerContext): Layer {
  const values = new Map<string, { value: unknown; place: Place }>();
  const issues: ConfigIssue[] = [];
  const byName = new Map(context.known.keys.map((key) => [key.key, key]));
  for (const [name, given] of Object.entries(flags)) {
    if (given === undefined) continue;
    const place: Place = { source: "flag", file: `flag ${name}`, line: undefined, column: undefined };
    const key = byName.get(name);
    if (key === undefined || key.meta.fileOnly === true) {
      issues.push(unknownKey(name.split("."), place, context));
      continue;
    }
    const value = typeof given === "string" ? valueOfText(key, given) : given;
    const judged = judge(key, value, everywhere(place), context);
    if (judged.ok) values.set(name, { value: judged.value, place });
    else issues.push(...judged.issues);
  }
  return { values, issues: withoutRepeats(issues), warnings: [] };
}

/** Where the value at a path, or the name at its end, stands. */
interface Places {
  readonly ofValue: (path: readonly PropertyKey[]) => Place;
  readonly ofName: (path: readonly PropertyKey[]) => Place;
}

/** A variable and a flag are one place, whatever is in them. */
function everywhere(place: Place): Places {
  return { ofValue: () => place, ofName: () => place };
}

function judge(
  key: ConfigKey,
  value: unknown,
  places: Places,
  context: LayerContext,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly issues: readonly ConfigIssue[] } {
  // most of a file is as `init` wrote it; no schema has to be made to know that this is legal
  if (isSame(value, key.fallback) || key.accepts?.(value)) return { ok: true, value };
  const parsed = key.schema().safeParse(value, { jitless: true }); // parsed once: compiling a fast parser would cost more
  if (parsed.success) return { ok: true, value: parsed.data };
  const issues = parsed.error.issues.flatMap((issue) => {
    const path = [...key.path, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((name) => unknownKey([...path, name], places.ofName([...path, name]), context));
    }
    return badValue({ ...issue, path }, valueAt(value, issue.path), places.ofValue(path), context.known);
  });
  return { ok: false, issues };
}

/** Of plain values and of lists of them. */
function isSame(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

/** One message per place and key: several rules of zod can fail for one reason. */
function withoutRepeats(issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  const seen = new Set<string>();
  return issues.filter(({ file, keyPath, line, got }) => {
    const id = JSON.stringify([file, keyPath, keyPath === "" ? got : line]);
    return !seen.has(id) && seen.add(id);
  });
}

/** `ports:` with everything below it commented out says nothing, and is no mistake. */
function withoutEmptySections(value: unknown, section: string, known: ConfigKeys): unknown {
  if (!isMap(value)) return value;
  const out: Record<string, unknown> = Object.create(null);
  for (const [name, item] of Object.entries(value)) {
    const child = section === "" ? name : `${section}.${name}`;
    if (!known.sections.has(child)) out[name] = item;
    else if (item !== null) out[name] = withoutEmptySections(item, child, known);
  }
  return out;
}
