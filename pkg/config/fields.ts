import { isIP } from "node:net";
import { z } from "zod";
import { type ConfigField, field, type KeyMeta } from "./members.ts";

function hintFrom(hints: Readonly<Record<string, string>>): (value: string) => string | undefined {
  return (value) => Object.hasOwn(hints, value) ? hints[value] : undefined;
}

/** A key with one legal value, which says what the file is. */
export function constant<const V extends string | number>(
  value: V,
  description: string,
): ConfigField<z.ZodDefault<z.ZodLiteral<V>>> {
  const literal = (): z.ZodLiteral<V> => z.literal(value);
  // Proof of the cast: the output of a literal of V is V.
  return field(() => literal().default(value as z.output<z.ZodLiteral<V>> & z.core.util.NoUndefined<V>), value, {
    description,
    kind: typeof value === "number" ? "integer" : "text",
    expected: typeof value === "number" ? String(value) : `"${value}"`,
    choices: [String(value)],
    fileOnly: true,
  });
}

export function wholeNumber(
  fallback: number,
  range: { readonly min: number; readonly max: number; readonly unit?: string },
  description: string,
): ConfigField<z.ZodDefault<z.ZodInt>> {
  const meta: KeyMeta = {
    description,
    kind: "integer",
    expected: `a whole number from ${range.min} to ${range.max}`,
    ...(range.unit === undefined ? {} : { unit: range.unit }),
  };
  return field(
    () => z.int().check(z.gte(range.min), z.lte(range.max)).default(fallback),
    fallback,
    meta,
    (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= range.min && value <= range.max,
  );
}

/** One of a few numbers. */
export function numberChoice(
  values: readonly number[],
  fallback: number,
  description: string,
): ConfigField<z.ZodDefault<z.ZodInt>> {
  const expected = `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
  const schema = () => z.int({ error: expected }).refine((value) => values.includes(value), { error: expected });
  return field(() => schema().default(fallback), fallback, {
    description,
    kind: "integer",
    expected,
    choices: values.map(String),
  });
}

/** A whole number that may be absent; what its absence means is in its description. */
export function optionalWholeNumber(
  range: { readonly min: number; readonly max: number; readonly unit?: string },
  description: string,
): ConfigField<z.ZodOptional<z.ZodInt>> {
  return field(() => z.int().min(range.min).max(range.max).optional(), undefined, {
    description,
    kind: "integer",
    expected: `a whole number from ${range.min} to ${range.max}`,
    ...(range.unit === undefined ? {} : { unit: range.unit }),
  });
}

/** A TCP port; 0 lets the system choose. */
export function port(fallback: number, description: string): ConfigField<z.ZodDefault<z.ZodInt>> {
  return wholeNumber(fallback, { min: 0, max: 65_535 }, description);
}

export function choice<const V extends readonly [string, ...string[]]>(
  values: V,
  fallback: V[number],
  description: string,
  hints: Readonly<Record<string, string>> = {},
): ConfigField<z.ZodDefault<z.ZodLiteral<V[number]>>> {
  const literal = (): z.ZodLiteral<V[number]> => z.literal([...values]);
  const meta: KeyMeta = {
    description,
    kind: "text",
    expected: values.length === 1 ? `"${values[0]}"` : `one of ${values.join(", ")}`,
    choices: values,
    hint: hintFrom(hints),
  };
  return field(
    () => literal().default(fallback as z.core.util.NoUndefined<V[number]>),
    fallback,
    meta,
    (value) => values.some((known) => known === value),
  );
}

/** A boolean of which `allowed` can take effect in this program. */
export function toggle(
  fallback: boolean,
  allowed: readonly boolean[],
  description: string,
  hints: Readonly<Record<string, string>> = {},
): ConfigField<z.ZodDefault<z.ZodBoolean>> {
  const expected = allowed.join(" or ");
  const schema = () => z.boolean().refine((value) => allowed.includes(value), { error: expected });
  const meta: KeyMeta = {
    description,
    kind: "boolean",
    expected,
    choices: allowed.map(String),
    hint: hintFrom(hints),
  };
  return field(() => schema().default(fallback), fallback, meta, (value) => allowed.some((known) => known === value));
}

/** True, false, or "auto": the program decides where it runs. */
export function autoToggle(
  description: string,
): ConfigField<z.ZodDefault<z.ZodUnion<readonly [z.ZodBoolean, z.ZodLiteral<"auto">]>>> {
  return field(
    () => z.union([z.boolean(), z.literal("auto")] as const).default("auto"),
    "auto",
    { description, kind: "boolean", expected: "true, false or auto", choices: ["true", "false", "auto"] },
    (value) => typeof value === "boolean" || value === "auto",
  );
}

/** A text that `isValid` accepts. */
export interface TextRule {
  readonly isValid: (text: string) => boolean;
  /** Completes "expected …". */
  readonly expected: string;
  readonly hint?: (text: string) => string | undefined;
}

function hintOf(rule: TextRule): Pick<KeyMeta, "hint"> {
  return rule.hint === undefined ? {} : { hint: rule.hint };
}

function textOf(rule: TextRule): z.ZodString {
  return z.string({ error: rule.expected }).refine(rule.isValid, { error: rule.expected });
}

export function text(fallback: string, rule: TextRule, description: string): ConfigField<z.ZodDefault<z.ZodString>> {
  return field(() => textOf(rule).default(fallback), fallback, {
    description,
    kind: "text",
    expected: rule.expected,
    ...hintOf(rule),
  });
}

/** A text that may be absent; what its absence means is in its description. */
export function optionalText(rule: TextRule, description: string): ConfigField<z.ZodOptional<z.ZodString>> {
  return field(() => textOf(rule).optional(), undefined, {
    description,
    kind: "text",
    expected: rule.expected,
    ...hintOf(rule),
  });
}

/** A list of different texts. */
export function textList(
  fallback: readonly string[],
  rule: TextRule,
  options: { readonly max: number; readonly what: string },
  description: string,
): ConfigField<z.ZodDefault<z.ZodArray<z.ZodString>>> {
  const expected = `a list of at most ${options.max} ${options.what}, each once`;
  const schema = () =>
    z.array(textOf(rule)).max(options.max)
      .refine((items) => new Set(items).size === items.length, { error: expected });
  return field(() => schema().default([...fallback]), fallback, {
    description,
    kind: "list",
    expected,
    item: rule.expected,
    ...hintOf(rule),
  });
}

/** A list of maps; variables and flags give it as JSON. */
export function mapList<S extends z.ZodRawShape>(
  shape: () => S,
  options: {
    readonly max: number;
    readonly expected: string;
    /** Names of all members of a map, in the order of the text for people. */
    readonly members: readonly (keyof S & string)[];
    readonly identifiedBy: keyof S & string;
  },
  description: string,
): ConfigField<z.ZodDefault<z.ZodArray<z.ZodObject<S, z.core.$strict>>>> {
  const { members } = options;
  const schema = () =>
    z.array(z.strictObject(shape())).max(options.max).refine((items) => {
      const names = items.map((item) => (item as Record<string, unknown>)[options.identifiedBy]);
      return new Set(names).size === names.length;
    }, { error: `${options.expected}, each ${options.identifiedBy} once` });
  return field(() => schema().default([]), [], {
    description,
    kind: "json",
    expected: options.expected,
    item: `a map with ${members.join(" and ")}`,
    members,
  });
}

/** A program and its arguments, each as it is: no shell reads it. */
export function argvOf(min: 0 | 1): z.ZodArray<z.ZodString> {
  return z.array(
    z.string({ error: "a program or an argument, as text" })
      .refine((part) => !part.includes("\0"), { error: "a text without NUL characters" }),
    { error: "a list: the program, then its arguments" },
  ).min(min, { error: "at least the program" }).max(64, { error: "at most 64 elements" })
    .refine((argv) => argv[0] !== "", { error: "a program in the first place" });
}

/** A program and its arguments that may be left out; variables and flags give it as JSON. */
export function commandLine(description: string): ConfigField<z.ZodDefault<z.ZodArray<z.ZodString>>> {
  return field(() => argvOf(0).default([]), [], {
    description,
    kind: "json",
    expected: "a list: the program, then its arguments, at most 64 texts",
    item: "a program or an argument, as text",
  });
}

/** An address to bind: an IP address, or localhost. */
export const HOST_RULE: TextRule = {
  isValid: (host) => host === "localhost" || isIP(host) !== 0,
  expected: `an IP address or "localhost"`,
};

export const IP_RULE: TextRule = {
  isValid: (host) => isIP(host) !== 0,
  expected: "an IP address, such as 0.0.0.0, 127.0.0.1 or ::",
  hint: hintFrom({ localhost: "write 127.0.0.1" }),
};

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

export const HOST_NAME_RULE: TextRule = {
  isValid: (host) => isIP(host) !== 0 || HOST_NAME.test(host),
  expected: "a host name in lower case or an IP address, without scheme and port",
};

const MULTIADDR =
  /^\/(ip4|ip6|dns|dns4|dns6)\/([^/\s]+)\/tcp\/([0-9]{1,5})(?:\/p2p\/12D3Koo[1-9A-HJ-NP-Za-km-z]{45})?$/;
const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/\[\]]+)):([0-9]{1,5})$/;

/** A TCP address, the only transport of the mesh: what `@bzzz/p2p` dials and announces. */
export const ADDRESS_RULE: TextRule = {
  isValid: (address) => parseTcpAddress(address) !== undefined,
  expected: "host:port, [IPv6]:port, or a multiaddress such as /dns4/node-1.example.org/tcp/9000[/p2p/<peer id>]",
};

/** Host and port of a TCP address, or undefined when it is not one. */
export function parseTcpAddress(address: string): { readonly host: string; readonly port: number } | undefined {
  const [, family, name, namePort] = MULTIADDR.exec(address) ?? [];
  const [, ip6, hostOrIp4, hostPort] = HOST_PORT.exec(address) ?? [];
  const host = name ?? ip6 ?? hostOrIp4;
  const portNumber = Number(namePort ?? hostPort);
  if (host === undefined || portNumber < 1 || portNumber > 65_535) return undefined;
  const wanted = family ?? (ip6 === undefined ? undefined : "ip6");
  const isName = HOST_NAME.test(host.toLowerCase()) && !/^[0-9.]+$/.test(host);
  const isLegal = wanted === "ip4"
    ? isIP(host) === 4
    : wanted === "ip6"
    ? isIP(host) === 6
    : isName || (wanted === undefined && isIP(host) === 4);
  return isLegal ? { host, port: portNumber } : undefined;
}

/** A name people and machines can both write: capabilities, commands. */
/** Never one of our own: they are this program's settings. */
export const VARIABLE_RULE: TextRule = {
  isValid: (name) => /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) && !name.startsWith("BZZZ_"),
  expected: "the name of an environment variable, not one of BZZZ_*",
};

export const NAME_RULE: TextRule = {
  isValid: (name) => /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name),
  expected: "a name of at most 64 of a-z 0-9 . _ - that starts with a letter or digit",
};

/** Printable text on one line. */
export function lineRule(maxLength: number, what: string): TextRule {
  return {
    isValid: (line) => line.length > 0 && line.length <= maxLength && !/\p{Cc}/u.test(line),
    expected: `${what} of 1 to ${maxLength} characters on one line`,
  };
}
