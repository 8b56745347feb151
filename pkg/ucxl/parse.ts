import {
  type Address,
  ANY,
  MAX_ADDRESS_CHARACTERS,
  MAX_FRAGMENT_CHARACTERS,
  MAX_NAME_CHARACTERS,
  MAX_PATH_BYTES,
  MAX_QUERY_CHARACTERS,
} from "./address.ts";
import { addressError, type AddressFault, type UcxlError } from "./errors.ts";
import { Scanner } from "./scanner.ts";
import { readPath } from "./parse_path.ts";
import { readTemporal } from "./parse_temporal.ts";
import { LATEST, type Temporal } from "./temporal.ts";

const SCHEME = "ucxl://";
const NAME_EXPECTED = 'a letter, a digit or "_", "any" or "*"';
/** pchar of RFC 3986 section 3.3, "/" and "?", without "%" (looked at by the scanner). */
const QUERY_EXPECTED = "a letter, a digit, one of -._~!$&'()*+,;=:@/? or %XX";

/**
 * The address that `text` is, in canonical form: names in lower case, `*` as `any`, a missing temporal segment as `*^`.
 * Wildcards are allowed; `parseConcrete` refuses them.
 *
 * @throws UcxlError "invalid_address"; `details` have position, field, found and expected
 */
export function parseAddress(text: string): Address {
  return readAddress(new Scanner(text));
}

/**
 * An address of one thing, as what is written or cited has.
 *
 * @throws UcxlError "invalid_address", "wildcard_not_allowed"
 */
export function parseConcrete(text: string): Address {
  const scanner = new Scanner(text);
  const address = readAddress(scanner);
  if (scanner.firstWildcard) throw wildcardError(scanner.firstWildcard);
  return address;
}

/**
 * A temporal segment by itself: `~~2`, `*^`, `@2026-11-22`.
 *
 * @throws UcxlError "invalid_address"; the position is one in `text`
 */
export function parseTemporal(text: string): Temporal {
  const scanner = new Scanner(text);
  const temporal = readTemporal(scanner);
  if (!temporal) return scanner.fail("temporal", '"*^", "*~N", "~~N", "^^N" or "@" and a time');
  if (!scanner.isAtEnd) scanner.fail("temporal", "the end");
  return temporal;
}

function wildcardError({ position, field }: { position: number; field: string }): UcxlError {
  return addressError({
    position,
    field,
    found: "a wildcard",
    expected: "the name of one thing: wildcards are for searching",
  }, "wildcard_not_allowed");
}

function readAddress(scanner: Scanner): Address {
  if (scanner.text.length > MAX_ADDRESS_CHARACTERS) {
    scanner.fail("address", `at most ${MAX_ADDRESS_CHARACTERS} characters`, {
      position: MAX_ADDRESS_CHARACTERS,
      found: `${scanner.text.length} characters`,
    });
  }
  readScheme(scanner);
  const agent = readName(scanner, "agent");
  scanner.take(":", "agent");
  const role = readName(scanner, "role");
  scanner.take("@", "role");
  const project = readName(scanner, "project");
  scanner.take(":", "project");
  const task = readName(scanner, "task");
  const { temporal, path } = readPlace(scanner);
  const query = scanner.skip("?") ? readTail(scanner, "query", MAX_QUERY_CHARACTERS) : undefined;
  const fragment = scanner.skip("#") ? readTail(scanner, "fragment", MAX_FRAGMENT_CHARACTERS) : undefined;
  if (!scanner.isAtEnd) scanner.fail(path === "" ? "task" : "path", endExpected(path, query));
  const place = { agent, role, project, task, temporal, path };
  if (query === undefined && fragment === undefined) return place;
  return { ...place, ...(query === undefined ? {} : { query }), ...(fragment === undefined ? {} : { fragment }) };
}

function endExpected(path: string, query: string | undefined): string {
  if (query !== undefined) return '"#" or the end';
  return path === "" ? '"/", "?", "#" or the end' : '"/", "?", "#", the end, or a letter, a digit, one of -._ or %XX';
}

function readScheme(scanner: Scanner): void {
  const { text } = scanner;
  if (text.startsWith(SCHEME)) return scanner.moveTo(SCHEME.length);
  // the scheme is compared without case (RFC 3986 section 3.1)
  if (text.slice(0, SCHEME.length).toLowerCase() === SCHEME) return scanner.moveTo(SCHEME.length);
  let at = 0;
  while (at < SCHEME.length && text[at]?.toLowerCase() === SCHEME[at]) at++;
  scanner.fail("scheme", `"${SCHEME}"`, { position: at });
}

/** 1 to 128 of letters, digits, "-", "_" and "."; the first is no "-" and no ".". */
function readName(scanner: Scanner, field: string): string {
  const start = scanner.at;
  if (scanner.skip("*")) {
    scanner.noteWildcard(start, field);
    return ANY;
  }
  if (!scanner.isNameStart()) scanner.fail(field, NAME_EXPECTED);
  const name = scanner.takeName();
  if (name.length > MAX_NAME_CHARACTERS) {
    scanner.fail(field, `at most ${MAX_NAME_CHARACTERS} characters`, {
      position: start + MAX_NAME_CHARACTERS,
      found: `a name of ${name.length}`,
    });
  }
  if (name === ANY) scanner.noteWildcard(start, field);
  return name;
}

/** What stands between task and query: "", "/", "/temporal", "/temporal/path" or "/path". */
function readPlace(scanner: Scanner): { temporal: Temporal; path: string } {
  if (!scanner.skip("/")) return { temporal: LATEST, path: "" };
  const temporal = readTemporal(scanner);
  if (temporal && !scanner.skip("/")) return { temporal, path: "" };
  if (scanner.isAtEnd || scanner.isAt("?") || scanner.isAt("#")) return { temporal: temporal ?? LATEST, path: "" };
  const pathStart = scanner.at;
  const path = readPath(scanner);
  if (path.length > MAX_PATH_BYTES) {
    scanner.fail("path", `at most ${MAX_PATH_BYTES} bytes`, {
      position: pathStart + MAX_PATH_BYTES,
      found: `a path of ${path.length}`,
    });
  }
  return { temporal: temporal ?? LATEST, path };
}

function readTail(scanner: Scanner, field: "query" | "fragment", maxCharacters: number): string {
  const start = scanner.at;
  const text = scanner.takeTail(field, QUERY_EXPECTED);
  if (text.length > maxCharacters) {
    scanner.fail(field, `at most ${maxCharacters} characters`, {
      position: start + maxCharacters,
      found: `${text.length} characters`,
    });
  }
  return text;
}

/** The fault of a text that is no address; undefined when it is one. */
export function addressFault(text: string): AddressFault | undefined {
  const scanner = new Scanner(text);
  try {
    readAddress(scanner);
    return undefined;
  } catch (error) {
    if (scanner.fault) return scanner.fault;
    throw error;
  }
}
