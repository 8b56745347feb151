import { addressError, type AddressFault } from "./errors.ts";

/** Classes of characters, as bits, by code below 128. */
const NAME_START = 1;
const NAME = 2;
const TAIL = 4;
const HEX = 8;
const DIGIT = 16;
const UPPER = 32;

const CLASSES = classify();

function classify(): Uint8Array {
  const classes = new Uint8Array(128);
  const mark = (characters: string, bits: number) => {
    for (const character of characters) {
      classes[character.charCodeAt(0)] = (classes[character.charCodeAt(0)] ?? 0) | bits;
    }
  };
  mark("abcdefghijklmnopqrstuvwxyz_0123456789", NAME_START | NAME | TAIL);
  mark("ABCDEFGHIJKLMNOPQRSTUVWXYZ", NAME_START | NAME | TAIL | UPPER);
  mark("-.", NAME | TAIL);
  mark("~!$&'()*+,;=:@/?", TAIL);
  mark("0123456789abcdefABCDEF", HEX);
  mark("0123456789", DIGIT);
  return classes;
}

function classOf(code: number): number {
  return code < 128 ? CLASSES[code] ?? 0 : 0;
}

/** A text and a place in it. Everything that reads an address moves this one forward. */
export class Scanner {
  readonly text: string;
  at = 0;
  /** Where the first wildcard stands, when there is one. */
  firstWildcard: { readonly position: number; readonly field: string } | undefined;
  /** What `fail` was told. */
  fault: AddressFault | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  moveTo(position: number): void {
    this.at = position;
  }

  isAt(character: string): boolean {
    return this.text.charCodeAt(this.at) === character.charCodeAt(0);
  }

  /** Moves behind `character` if it is next. */
  skip(character: string): boolean {
    if (this.text.charCodeAt(this.at) !== character.charCodeAt(0)) return false;
    this.at++;
    return true;
  }

  /** Moves behind `character`, or fails. */
  take(character: string, field: string): void {
    if (!this.skip(character)) this.fail(field, `"${character}" or one more of letters, digits and -._`);
  }

  isNameStart(): boolean {
    return (classOf(this.text.charCodeAt(this.at)) & NAME_START) !== 0;
  }

  isDigit(ahead = 0): boolean {
    return (classOf(this.text.charCodeAt(this.at + ahead)) & DIGIT) !== 0;
  }

  isHex(ahead: number): boolean {
    return (classOf(this.text.charCodeAt(this.at + ahead)) & HEX) !== 0;
  }

  /** The characters of a name from here on, in lower case. */
  takeName(): string {
    const start = this.at;
    let [end, seen] = [start, 0];
    for (;; end++) {
      const bits = classOf(this.text.charCodeAt(end));
      if ((bits & NAME) === 0) break;
      seen |= bits;
    }
    this.at = end;
    const name = this.text.slice(start, end);
    return (seen & UPPER) === 0 ? name : name.toLowerCase();
  }

  /** Letters, digits, "-", "_" and "." from here on, as they are. */
  takePlain(): string {
    const start = this.at;
    this.at = this.#endOf(NAME);
    return this.text.slice(start, this.at);
  }

  /** Query or fragment from here on; hexadecimal digits of "%XX" in upper case. */
  takeTail(field: "query" | "fragment", expected: string): string {
    const start = this.at;
    let hasEscape = false;
    for (;;) {
      this.at = this.#endOf(TAIL);
      if (!this.isAt("%")) break;
      if (!this.isHex(1) || !this.isHex(2)) this.fail(field, "% and two hexadecimal digits");
      hasEscape = true;
      this.at += 3;
    }
    if (!this.isAtEnd && !(field === "query" && this.isAt("#"))) this.fail(field, expected);
    const text = this.text.slice(start, this.at);
    return hasEscape ? text.replaceAll(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase()) : text;
  }

  noteWildcard(position: number, field: string): void {
    this.firstWildcard ??= { position, field };
  }

  /** @throws UcxlError "invalid_address" about the next character, or about `at.position` */
  fail(field: string, expected: string, at: { position?: number; found?: string } = {}): never {
    const position = at.position ?? this.at;
    this.fault = { position, field, found: at.found ?? this.#foundAt(position), expected };
    throw addressError(this.fault);
  }

  #endOf(bits: number): number {
    let end = this.at;
    while ((classOf(this.text.charCodeAt(end)) & bits) !== 0) end++;
    return end;
  }

  #foundAt(position: number): string {
    const code = this.text.codePointAt(position);
    if (code === undefined) return "the end";
    if (code > 0x20 && code < 0x7f) return `"${String.fromCodePoint(code)}"`;
    if (code === 0x20) return "a space";
    return `the character U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  }
}
