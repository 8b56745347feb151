import { utf8Decode } from "@bzzz/base";
import type { Scanner } from "./scanner.ts";

const SEGMENT_EXPECTED = "a letter, a digit, one of -._ or %XX";
/** What a segment spells without an escape. */
const PLAIN = /^[A-Za-z0-9._-]$/;
/** C0, DEL and C1: no file, terminal or log takes them well. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

/** The path from here on in canonical form: what need not be escaped is not, hexadecimal digits are upper case. */
export function readPath(scanner: Scanner): string {
  const start = scanner.at;
  let isCanonical = true;
  const segments: string[] = [];
  for (;;) {
    const segmentStart = scanner.at;
    const segment = readSegment(scanner);
    isCanonical &&= segment === scanner.text.slice(segmentStart, scanner.at);
    segments.push(segment);
    if (!scanner.skip("/")) break;
  }
  return isCanonical ? scanner.text.slice(start, scanner.at) : segments.join("/");
}

function readSegment(scanner: Scanner): string {
  const start = scanner.at;
  if (scanner.isAt("*")) return readWildcard(scanner);
  let segment = scanner.takePlain();
  while (scanner.isAt("%")) segment += readEscapes(scanner) + scanner.takePlain();
  if (segment === "") scanner.fail("path", SEGMENT_EXPECTED);
  if (segment === "." || segment === "..") {
    scanner.fail("path", 'a segment other than "." and ".."', { position: start, found: `"${segment}"` });
  }
  return segment;
}

/** `*` is one segment, `**` any number of them at the end. */
function readWildcard(scanner: Scanner): string {
  scanner.noteWildcard(scanner.at, "path");
  scanner.skip("*");
  const isDeep = scanner.skip("*");
  if (isDeep && scanner.isAt("/")) scanner.fail("path", 'the end: "**" is the last segment');
  const isWhole = scanner.isAtEnd || scanner.isAt("/") || scanner.isAt("?") || scanner.isAt("#");
  if (!isWhole) scanner.fail("path", '"/" or the end: a wildcard is a whole segment');
  return isDeep ? "**" : "*";
}

/** A run of "%XX", decoded as UTF-8 and encoded again as little as possible. */
function readEscapes(scanner: Scanner): string {
  const start = scanner.at;
  const bytes: number[] = [];
  while (scanner.isAt("%")) {
    if (!scanner.isHex(1) || !scanner.isHex(2)) scanner.fail("path", "% and two hexadecimal digits");
    bytes.push(Number.parseInt(scanner.text.slice(scanner.at + 1, scanner.at + 3), 16));
    scanner.moveTo(scanner.at + 3);
  }
  let text: string;
  try {
    text = utf8Decode(new Uint8Array(bytes));
  } catch {
    // the reason says no more than the place does
    return scanner.fail("path", "the bytes of UTF-8", { position: start, found: "bytes that are not" });
  }
  if (CONTROL.test(text) || text.includes("/")) {
    scanner.fail("path", 'a character other than "/" and control characters', {
      position: start,
      found: "one of them",
    });
  }
  let encoded = "";
  for (const character of text) {
    encoded += PLAIN.test(character) ? character : encodeEscaped(character);
  }
  return encoded;
}

/** `encodeURIComponent` leaves !'()*~ alone; a path escapes them, so that each segment has one spelling. */
function encodeEscaped(character: string): string {
  return "!'()*~".includes(character)
    ? `%${character.charCodeAt(0).toString(16).toUpperCase()}`
    : encodeURIComponent(character);
}

/** A segment of a path that decodes to `text`. */
export function encodeSegment(text: string): string {
  let encoded = "";
  for (const character of text) encoded += PLAIN.test(character) ? character : encodeEscaped(character);
  return encoded;
}
