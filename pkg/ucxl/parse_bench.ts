import { formatAddress, parseAddress } from "./mod.ts";

const ADDRESSES = [
  "ucxl://basil:developer@shop:checkout/*^/docs/plan.md",
  "ucxl://atlas:architect@shop:01m82jx37d3c4e5n7eaa796n0y/~~2/decisions/2026-11-22-queue.json",
  "ucxl://ana:reviewer@shop:checkout/@2026-11-22T18:03:00Z/notes",
  "ucxl://agent-7f3a:developer@big-project:t.42/*^/src/deep/er/and/deeper/main.ts",
];
/** Splits without checking: names, times and escapes may be anything. */
const REGEX = /^ucxl:\/\/([\w.-]+):([\w.-]+)@([\w.-]+):([\w.-]+)\/([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?(?:#(.*))?$/;

Deno.bench("parseAddress, 4 addresses", { group: "parse" }, () => {
  for (const text of ADDRESSES) parseAddress(text);
});

Deno.bench("a bare regular expression, 4 addresses, nothing checked", { group: "parse", baseline: true }, () => {
  for (const text of ADDRESSES) REGEX.exec(text);
});

Deno.bench("URL of the same length, 4 addresses", { group: "parse" }, () => {
  for (const text of ADDRESSES) new URL(`http://h/${text.slice(7)}`);
});

Deno.bench("formatAddress(parseAddress()), 4 addresses", { group: "parse" }, () => {
  for (const text of ADDRESSES) formatAddress(parseAddress(text));
});
