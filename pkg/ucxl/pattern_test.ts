import assert from "node:assert/strict";
import { literalPrefix, matchesAddress, parseAddress } from "./mod.ts";

Deno.test("matchesAddress() by names and path", () => {
  const cases: readonly [pattern: string, address: string, isMatch: boolean][] = [
    ["ucxl://any:any@any:any", "ucxl://a:b@c:d/x/y", true],
    ["ucxl://a:any@any:any", "ucxl://a:b@c:d", true],
    ["ucxl://a:any@any:any", "ucxl://b:b@c:d", false],
    ["ucxl://*:b@c:d/x", "ucxl://a:b@c:d/~~/x", true],
    ["ucxl://*:b@c:d/x", "ucxl://a:b@c:d/x/y", false],
    ["ucxl://*:b@c:d/x/*", "ucxl://a:b@c:d/x/y", true],
    ["ucxl://*:b@c:d/x/*", "ucxl://a:b@c:d/x/y/z", false],
    ["ucxl://*:b@c:d/x/*/z", "ucxl://a:b@c:d/x/y/z", true],
    ["ucxl://*:b@c:d/x/**", "ucxl://a:b@c:d/x/y/z", true],
    ["ucxl://*:b@c:d/x/**", "ucxl://a:b@c:d/x", false],
    ["ucxl://*:b@c:d/**", "ucxl://a:b@c:d/x", true],
    ["ucxl://*:b@c:d/**", "ucxl://a:b@c:d", false],
    ["ucxl://*:b@c:d/*", "ucxl://a:b@c:d", false],
    ["ucxl://*:b@c:d/X", "ucxl://a:b@c:d/x", false],
    ["ucxl://A:b@c:d", "ucxl://a:B@c:d/x", true],
  ];

  for (const [pattern, address, isMatch] of cases) {
    assert.equal(matchesAddress(parseAddress(pattern), parseAddress(address)), isMatch, `${pattern} ${address}`);
  }
});

Deno.test("literalPrefix() is the path before its first wildcard", () => {
  for (const [path, prefix] of [["x/y", "x/y"], ["x/*/z", "x"], ["**", ""], ["x/y/**", "x/y"]] as const) {
    assert.equal(literalPrefix(parseAddress(`ucxl://a:b@c:d/*^/${path}`)), prefix, path);
  }
});
