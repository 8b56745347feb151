import type { Scanner } from "./scanner.ts";
import { LATEST, MAX_TEMPORAL_STEP, type Temporal } from "./temporal.ts";

/** The first and the last moment an address can name: years 1970 to 9999. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const MS_PER_MINUTE = 60_000;

/** The temporal segment from here on; undefined when the next segment is one of the path. */
export function readTemporal(scanner: Scanner): Temporal | undefined {
  if (scanner.isAt("*")) return readStar(scanner);
  if (scanner.isAt("~")) return { type: "back", n: readDouble(scanner, "~") };
  if (scanner.isAt("^")) return { type: "forward", n: readDouble(scanner, "^") };
  if (scanner.skip("@")) return readInstant(scanner);
  if (scanner.isAt("#")) return readHash(scanner);
  return isDateTime(scanner) ? readInstant(scanner) : undefined;
}

/** `*^`, `*~` or `*~N`; a lone `*` or `**` is a segment of the path of a query. */
function readStar(scanner: Scanner): Temporal | undefined {
  const next = scanner.text[scanner.at + 1];
  if (next === undefined || next === "/" || next === "*" || next === "?" || next === "#") return undefined;
  scanner.skip("*");
  if (scanner.skip("^")) return endSegment(scanner, LATEST);
  if (scanner.skip("~")) return endSegment(scanner, { type: "first", n: readNumber(scanner) });
  return scanner.fail("temporal", '"^" or "~"');
}

function readDouble(scanner: Scanner, sign: "~" | "^"): number {
  scanner.skip(sign);
  if (!scanner.skip(sign)) scanner.fail("temporal", `a second "${sign}"`);
  const n = readNumber(scanner);
  endSegment(scanner, n);
  return n;
}

/** 1 when there is no digit. */
function readNumber(scanner: Scanner): number {
  const start = scanner.at;
  if (!scanner.isDigit()) return 1;
  while (scanner.isDigit()) scanner.moveTo(scanner.at + 1);
  const digits = scanner.text.slice(start, scanner.at);
  const n = Number(digits);
  if (digits.startsWith("0") || digits.length > 5 || n > MAX_TEMPORAL_STEP) {
    scanner.fail("temporal", `a number from 1 to ${MAX_TEMPORAL_STEP}`, {
      position: start,
      found: `"${digits.slice(0, 12)}"`,
    });
  }
  return n;
}

/** The form `/#/path` of other systems means the latest; `/#x` would be a fragment, which stands behind a path. */
function readHash(scanner: Scanner): Temporal {
  scanner.skip("#");
  if (!scanner.isAtEnd && !scanner.isAt("/")) scanner.fail("temporal", '"/" or the end');
  return LATEST;
}

function endSegment<T>(scanner: Scanner, value: T): T {
  if (scanner.isAtEnd || scanner.isAt("/") || scanner.isAt("?") || scanner.isAt("#")) return value;
  return scanner.fail("temporal", '"/", "?", "#" or the end');
}

/** Whether "dddd-dd-ddT" is next: only a time of day makes a date without "@" a temporal segment. */
function isDateTime(scanner: Scanner): boolean {
  if (!scanner.isDigit()) return false;
  return /^\d{4}-\d{2}-\d{2}T/.test(scanner.text.slice(scanner.at, scanner.at + 11));
}

/** ISO 8601 in its extended form: a date, or date, time and zone; canonical in UTC with milliseconds when there are some. */
function readInstant(scanner: Scanner): Temporal {
  const start = scanner.at;
  const year = digits(scanner, 4, [1970, 9999], "year");
  literal(scanner, "-");
  const month = digits(scanner, 2, [1, 12], "month");
  literal(scanner, "-");
  const dayAt = scanner.at;
  const day = digits(scanner, 2, [1, 31], "day");
  let atMs = Date.UTC(year, month - 1, day);
  if (new Date(atMs).getUTCDate() !== day) {
    scanner.fail("temporal", "a day of that month", {
      position: dayAt,
      found: `"${scanner.text.slice(dayAt, dayAt + 2)}"`,
    });
  }
  if (scanner.skip("T")) atMs += readTimeOfDay(scanner);
  if (atMs < 0 || atMs > LAST_MS) {
    scanner.fail("temporal", "a time of the years 1970 to 9999", { position: start, found: "another" });
  }
  return endSegment(scanner, { type: "at", atMs });
}

/** Milliseconds from the start of the day in UTC. */
function readTimeOfDay(scanner: Scanner): number {
  const hour = digits(scanner, 2, [0, 23], "hour");
  literal(scanner, ":");
  const minute = digits(scanner, 2, [0, 59], "minute");
  let ms = (hour * 60 + minute) * MS_PER_MINUTE;
  if (scanner.skip(":")) {
    ms += digits(scanner, 2, [0, 59], "second") * 1000;
    if (scanner.skip(".")) ms += readFraction(scanner);
  }
  if (scanner.skip("Z")) return ms;
  const sign = scanner.skip("+")
    ? 1
    : scanner.skip("-")
    ? -1
    : scanner.fail("temporal", 'a zone: "Z", "+hh:mm" or "-hh:mm"');
  const zoneHour = digits(scanner, 2, [0, 23], "hour");
  literal(scanner, ":");
  return ms - sign * (zoneHour * 60 + digits(scanner, 2, [0, 59], "minute")) * MS_PER_MINUTE;
}

function readFraction(scanner: Scanner): number {
  const start = scanner.at;
  while (scanner.isDigit()) scanner.moveTo(scanner.at + 1);
  const length = scanner.at - start;
  if (length < 1 || length > 3) {
    scanner.fail("temporal", "1 to 3 digits of a second", { position: start, found: `${length}` });
  }
  return Number(scanner.text.slice(start, scanner.at).padEnd(3, "0"));
}

function digits(scanner: Scanner, length: number, range: readonly [number, number], what: string): number {
  const [min, max] = range;
  for (let i = 0; i < length; i++) {
    if (!scanner.isDigit(i)) scanner.fail("temporal", `${length} digits of the ${what}`, { position: scanner.at + i });
  }
  const text = scanner.text.slice(scanner.at, scanner.at + length);
  const value = Number(text);
  if (value < min || value > max) scanner.fail("temporal", `${what} ${min} to ${max}`, { found: `"${text}"` });
  scanner.moveTo(scanner.at + length);
  return value;
}

function literal(scanner: Scanner, character: string): void {
  if (!scanner.skip(character)) scanner.fail("temporal", `"${character}"`);
}
