/**
 * What is called in one place only: time, chance and the end of the process.
 *
 * @module
 */
import { isTestFile } from "./layers.ts";

const TIMERS = new Set(["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval"]);
const CLOCKS = new Set(["Date.now", "performance.now", "new Date()"]);
const CHANCE = new Set(["Math.random"]);
const EXITS = new Set(["Deno.exit", "process.exit"]);

const SOURCES_OF_TIME = /^pkg\/base\/(clock|random|testing|turn)(_test)?\.ts$/;
const MAY_EXIT = /^(cmd\/|internal\/common\/runtime\/main\.ts$)/;

/** Why the file `path` must not use `name` ("setTimeout", "Date.now", "new Date()", "Deno.exit"); undefined when it may. */
export function useProblem(path: string, name: string): string | undefined {
  if (EXITS.has(name)) {
    // A child program that a test starts ends itself; a test never ends its runner.
    if (MAY_EXIT.test(path) || (path.startsWith("test/") && !path.endsWith("_test.ts"))) return undefined;
    return `${name} is for cmd/ and runMain alone; return a status or set Deno.exitCode`;
  }
  if (SOURCES_OF_TIME.test(path)) return undefined;
  if (TIMERS.has(name)) return `${name} hides time; take a Clock from @bzzz/base`;
  if (CHANCE.has(name)) return `${name} hides chance; take a Random from @bzzz/base`;
  if (CLOCKS.has(name)) {
    return isTestFile(path) ? undefined : `${name} reads the system clock; take a Clock from @bzzz/base`;
  }
  return undefined;
}
