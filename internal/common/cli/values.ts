import { CliError, usageError } from "./errors.ts";

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of "90s", "10m", "2h", "7d", "250ms"; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const unit = DURATION_UNITS[match?.[2] ?? ""];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** "250 ms", "90 s", "10 min", "2 h", "7 d": the largest unit that leaves nothing important out. */
export function formatDuration(ms: number): string {
  const steps: readonly (readonly [number, string])[] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [
    1_000,
    "s",
  ]];
  for (const [size, unit] of steps) if (Math.abs(ms) >= 2 * size) return `${Math.round(ms / size)} ${unit}`;
  return Math.abs(ms) >= 1_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms)} ms`;
}

type Value = string | boolean | readonly string[] | undefined;

/** The checked flags and arguments of one call, by name. */
export class FlagValues {
  readonly #values: ReadonlyMap<string, Value>;

  constructor(values: ReadonlyMap<string, Value>) {
    this.#values = values;
  }

  /** The text of a string flag or argument; undefined when it was not given. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === "string" ? value : undefined;
  }

  /** The text of an argument that the table requires. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new TypeError(`Unreachable: the table requires "${name}"`);
    return value;
  }

  has(name: string): boolean {
    return this.#values.get(name) === true;
  }

  list(name: string): readonly string[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? value : [];
  }

  /** @throws CliError "usage" when it is not a whole number */
  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^\d{1,15}$/.test(value)) throw usageError(`Cannot use --${name} "${value}": a whole number is expected`);
    return Number(value);
  }

  /** Milliseconds. @throws CliError "usage" when it is not a time */
  durationMs(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const parsed = parseDuration(value);
    if (parsed === undefined) {
      throw usageError(`Cannot use --${name} "${value}": a time like 90s, 10m, 2h or 7d is expected`);
    }
    return parsed;
  }
}

/** Spread into an options object: `{ [key]: value }`, or nothing when the value is undefined. */
export function given<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  // A computed key widens to string; the one key is K.
  return value === undefined ? {} : { [key]: value } as { [P in K]?: T };
}

/** The text of an argument, or all of standard input for "-". @throws CliError "usage" where there is no input */
export async function textOrInput(
  words: readonly string[],
  readInput: (() => Promise<string>) | undefined,
): Promise<string> {
  if (words.length !== 1 || words[0] !== "-") return words.join(" ");
  if (!readInput) throw new CliError("usage", 'Cannot read "-": there is no standard input here');
  return (await readInput()).replace(/\n$/, "");
}
