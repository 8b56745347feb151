// The parsers of UCXL with anything: an address, or an error that says where.
import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import {
  formatAddress,
  formatTemporal,
  isPattern,
  literalPrefix,
  matchesAddress,
  parseAddress,
  parseDecision,
  parseJson,
  parseTemporal,
  UcxlError,
} from "@bzzz/ucxl";
import { fuzz } from "../helpers/fuzz.ts";

interface Vectors {
  readonly accept: readonly { readonly text: string }[];
  readonly reject: readonly { readonly text: string }[];
}

const VECTORS = new URL("../../pkg/ucxl/testdata/addresses_v1.json", import.meta.url);
const DECISION = JSON.stringify({
  v: 1,
  type: "policy",
  title: "Use a queue",
  summary: "It is bounded",
  outcome: "approval",
  citations: [{ address: "ucxl://a:b@c:d/@2026-01-01/x?rev=abc" }],
  options: ["a", "b"],
  chosen: "a",
});

/** What `parse` makes of a text; undefined when it says what is wrong with it, and anything else it throws is a defect. */
function tried<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UcxlError) return undefined;
    throw error;
  }
}

Deno.test("fuzz: UCXL addresses, times, patterns and decisions", async () => {
  const { accept, reject } = JSON.parse(await Deno.readTextFile(VECTORS)) as Vectors;
  const seeds = [...accept, ...reject].map(({ text }) => utf8Encode(text.toWellFormed()));
  seeds.push(...[`ucxl://any:any@any:any/${"**/a/".repeat(20)}c`, "~~3", "@2026-11-22", DECISION].map(utf8Encode));
  const target = parseAddress(`ucxl://anna:developer@shop:checkout/*^/${"a/".repeat(200)}b`);
  const lossy = new TextDecoder("utf-8");
  let parsed = 0;

  await fuzz("UCXL", seeds, (input) => {
    const text = lossy.decode(input);
    const address = tried(() => parseAddress(text));
    if (address) {
      parsed++;
      const canonical = formatAddress(address);
      assert.equal(formatAddress(parseAddress(canonical)), canonical);
      if (isPattern(address)) matchesAddress(address, target);
      literalPrefix(address);
    }
    const temporal = tried(() => parseTemporal(text));
    if (temporal) assert.equal(formatTemporal(parseTemporal(formatTemporal(temporal))), formatTemporal(temporal));
    const json = parseJson(text);
    if (json !== undefined) tried(() => parseDecision(json));
  });

  assert.ok(parsed > 100, `only ${parsed} inputs were addresses: the fuzzer does not get far`);
});
