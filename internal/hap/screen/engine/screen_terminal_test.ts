// The terminal of a process on a pseudo terminal, which `script` of util-linux makes.
import assert from "node:assert/strict";
import { ENTER, LEAVE } from "./painter.ts";

const hasScript = await isThere("/usr/bin/script");

async function isThere(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

Deno.test({
  name: "whatever ends the process, the terminal is given back before anything else is said",
  ignore: !hasScript,
  fn: async () => {
    const program = new URL("./testdata/crash.ts", import.meta.url).pathname;
    for (const way of ["throw", "reject", "exit"]) {
      const line = `${Deno.execPath()} run --no-prompt ${program} ${way}; stty -a`;
      const { stdout } = await new Deno.Command("/usr/bin/script", { args: ["-qc", line, "/dev/null"], stdin: "null" })
        .output();
      const text = new TextDecoder().decode(stdout);

      const [entered, left] = [text.indexOf(ENTER), text.indexOf(LEAVE)];
      assert.ok(entered >= 0 && left > entered, `${way}: ${JSON.stringify(text.slice(0, 500))}`);
      if (way !== "exit") assert.ok(text.indexOf("nobody catches this") > left, `${way}: the error is readable`);
      assert.match(text, /(?<!-)icanon/, `${way}: lines are edited by the terminal again`);
      assert.match(text, /(?<!-)\becho\b/, way);
    }
  },
});
