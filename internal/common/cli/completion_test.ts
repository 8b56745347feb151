import assert from "node:assert/strict";
import { renderCompletion } from "./completion.ts";
import { EXIT } from "./exit.ts";
import { TEST_PROGRAM } from "./testing.ts";

Deno.test("bash completes what a flag takes, and what the program says there is now", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-completion-" });
  try {
    const fake = `${folder}/bzzz-hap`;
    await Deno.writeTextFile(fake, '#!/bin/sh\n[ "$*" = "things list --ids" ] && printf "one\\ntwo\\n"\n', {
      mode: 0o755,
    });
    const source = { valuesFrom: "things list --ids" };
    const fill = {
      name: "fill",
      group: "people",
      summary: "Fills",
      args: [{ name: "thing", summary: "Which", ...source }],
      flags: [
        { name: "thing", type: "string", summary: "Which", ...source },
        { name: "colour", type: "string", summary: "Its colour", choices: ["red", "blue"] },
        { name: "name", type: "string", value: "TEXT", summary: "Its name" },
      ],
      needs: "nothing",
      run: () => Promise.resolve(EXIT.ok),
    } as const;
    const script = renderCompletion({ ...TEST_PROGRAM, commands: [...TEST_PROGRAM.commands, fill] }, "bash");
    const complete = async (...words: string[]) => {
      const line = [fake, ...words].map((word) => `'${word}'`).join(" ");
      const set = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}`;
      const { stdout } = await new Deno.Command("bash", {
        args: ["-c", `${script}\n${set}; _bzzz_hap; echo "\${COMPREPLY[*]}"`],
      }).output();
      return new TextDecoder().decode(stdout).trim();
    };

    assert.match(await complete("fill", ""), /one two$/);
    assert.equal(await complete("fill", "t"), "two");
    assert.equal(await complete("fill", "--th"), "--thing");
    assert.equal(await complete("fill", "--thing", ""), "one two");
    assert.equal(await complete("fill", "--colour", "b"), "blue");
    assert.equal(await complete("--home", "/x", "--json", "fill", "--th"), "--thing", "what a flag takes is no verb");
    assert.equal(await complete("fill", "--log-level", "de"), "debug");
    assert.equal(await complete("fill", "--name", ""), "", "what is typed is not guessed");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
