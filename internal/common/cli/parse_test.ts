import assert from "node:assert/strict";
import fc from "fast-check";
import { BzzzError } from "@bzzz/base";
import { COMMANDS, formatDuration, parseCommandLine, parseDuration } from "./mod.ts";
import { editDistance, nearest } from "./suggest.ts";

function parse(...argv: string[]) {
  const invocation = parseCommandLine({ commands: COMMANDS }, argv);
  assert.ok(invocation.type === "run", invocation.type);
  return invocation;
}

Deno.test("parseCommandLine() finds one- and two-word verbs behind global flags", () => {
  assert.equal(parse("status").command.name, "status");
  assert.equal(parse("tasks").command.name, "task list", "by alias");
  const { command, values, globals } = parse(
    "--home",
    "/srv/a",
    "--json",
    "task",
    "post",
    "Fix",
    "it",
    "--priority",
    "7",
  );
  assert.equal(command.name, "task post");
  assert.deepEqual(values.list("title"), ["Fix", "it"]);
  assert.equal(values.integer("priority"), 7);
  assert.deepEqual([globals.home, globals.isJson, globals.isDev], ["/srv/a", true, false]);
});

Deno.test("parseCommandLine() reads lists, settings, chosen fields, and what follows --", () => {
  const { values, globals } = parse(
    "task",
    "post",
    "--capability",
    "a",
    "--capability=b",
    "--set",
    "a.b=c=d",
    "--set",
    "e=",
    "--json=task_id,title",
    "--",
    "--json=x",
    "-", // deno-fmt-ignore-line
  );

  assert.deepEqual(values.list("capability"), ["a", "b"]);
  assert.deepEqual(globals.settings, [["a.b", "c=d"], ["e", ""]]);
  assert.deepEqual(globals.jsonFields, ["task_id", "title"]);
  assert.deepEqual(values.list("title"), ["--json=x", "-"]);
});

Deno.test("parseCommandLine() says what is wrong and what was probably meant", () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ["statsu", /no such command; did you mean "status"/],
    ["xyzzy", /no such command$/],
    ["task", /"task" alone does nothing; it takes post, new, list, show, cancel, stop/],
    ["task lst", /"task lst" is unknown/],
    ["status --wach", /no such flag; did you mean "--watch"/],
    ["status --watch=yes", /takes no value/],
    ["status now", /"status" takes no arguments/],
    ["show", /ask is missing/],
    ["task list --state", /STATE is missing/],
    ["task list --state runing", /it is one of announced/],
    ["tail --set novalue", /KEY=VALUE is expected/],
    ["completion csh", /it is one of bash, zsh, fish/],
  ];
  for (const [line, message] of table) {
    assert.throws(() => parseCommandLine({ commands: COMMANDS }, line.split(" ")), { code: "usage", message }, line);
  }
});

Deno.test("parseCommandLine() on anything returns or says usage", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "task",
      "post",
      "status",
      "--json",
      "--",
      "-",
      "--home",
      "--set",
      "a=b",
      "-h",
      "-hV",
      "--no",
      "--=x",
    ),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
    try {
      parseCommandLine({ commands: COMMANDS }, argv);
    } catch (error) {
      assert.ok(error instanceof BzzzError && error.code === "usage", String(error));
    }
  }));
});

Deno.test("every verb of the table is well-formed", () => {
  const names = COMMANDS.flatMap((command) => [command.name, ...(command.aliases ?? [])]);
  assert.equal(new Set(names).size, names.length);
  for (const command of COMMANDS) {
    assert.match(command.name, /^[a-z]+( [a-z]+(-[a-z]+)?)?$/);
    assert.ok(!command.summary.endsWith("."), command.name);
    const args = command.args ?? [];
    assert.ok(args.slice(0, -1).every((arg) => !arg.isRest), command.name);
    const named = [...args, ...(command.flags ?? [])].map((one) => one.name);
    assert.equal(new Set(named).size, named.length, `${command.name}: a flag and an argument share a name`);
  }
  for (
    const verb of [
      "init",
      "invite",
      "join",
      "leave",
      "run",
      "validate",
      "members revoke",
      "inbox",
      "audit export",
      "man",
    ]
  ) {
    assert.ok(names.includes(verb), verb);
  }
});

Deno.test("editDistance() is a distance, and nearest() is near", () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(fc.property(word, word, (a, b) => {
    assert.equal(editDistance(a, b), editDistance(b, a));
    assert.equal(editDistance(a, b) === 0, a === b);
    assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
  }));
  assert.equal(editDistance("statsu", "status"), 1);
  assert.equal(nearest("inv", ["invite", "inbox"]), "invite");
  assert.equal(nearest("zz", ["invite"]), undefined);
});

Deno.test("durations read and write", () => {
  assert.deepEqual(["250ms", "90s", "10m", "2h", "7d", "7", "d", "-1s", ""].map(parseDuration), [
    250,
    90_000,
    600_000,
    7_200_000,
    604_800_000,
    undefined,
    undefined,
    undefined,
    undefined, // deno-fmt-ignore-line
  ]);
  assert.deepEqual([0, 250, 1_500, 90_000, 600_000, 7_200_000, 604_800_000].map(formatDuration), [
    "0 ms",
    "250 ms",
    "1.5 s",
    "90 s",
    "10 min",
    "2 h",
    "7 d", // deno-fmt-ignore-line
  ]);
});
