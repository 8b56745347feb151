import assert from "node:assert/strict";
import { createTestShell, FakeSetupDesk } from "../testing.ts";
import { parseAnswers } from "./answers.ts";
import { actionsOf, portsOf, settingsOf } from "./plan.ts";
import { beginPractice, PRACTICE_LESSONS, practise } from "./practice.ts";
import { nextQuestion, readAnswer, type SetupFacts, takeBack } from "./questions.ts";

const NEW: SetupFacts = {
  binaryType: "hap",
  home: "/data",
  defaultAgentId: "hap-1234",
  defaultPorts: { first: 8090, p2p: 9010 },
  areKeysLocked: false,
};
const MEMBER: SetupFacts = { ...NEW, member: { agentId: "ana", meshName: "shop" } };

/** The keys of the questions that come when every line is empty. */
function asked(facts: SetupFacts): string[] {
  const keys: string[] = [];
  let answers = {};
  for (let question = nextQuestion(facts, answers); question; question = nextQuestion(facts, answers)) {
    keys.push(question.key);
    const reading = readAnswer(answers, question, "");
    assert.ok("answers" in reading);
    answers = reading.answers;
  }
  return keys;
}

Deno.test("questions: each program asks its own, and a member is not asked again who it is", () => {
  const person = [
    "agent_id",
    "mesh",
    "mesh_name",
    "lock_keys",
    "own_key",
    "recovery_sheet",
    "first_port",
    "p2p_port",
    "interface",
    "bell",
  ];
  assert.deepEqual(asked(NEW), [...person, "desktop_notifications"]);
  assert.deepEqual(asked(MEMBER), ["first_port", "p2p_port", "interface", "bell", "desktop_notifications"]);
  assert.deepEqual(asked({ ...MEMBER, binaryType: "agent" }), ["first_port", "p2p_port", "capabilities"]);
});

Deno.test("questions: an answer that cannot be used says what is expected and changes nothing; back takes one back", () => {
  const question = nextQuestion(NEW, {});
  assert.ok(question);
  const refused = readAnswer({}, question, "Ana Maria");
  assert.ok("problem" in refused && /a-z, 0-9/.test(refused.problem));

  const answers = { agent_id: "ana", mesh: "join" } as const;
  assert.equal(nextQuestion(NEW, answers)?.key, "lock_keys");
  assert.deepEqual(takeBack(NEW, answers), { agent_id: "ana" });
  assert.deepEqual(takeBack(NEW, {}), {});
});

Deno.test("answers: every mistake of a file is told with its line", () => {
  assert.throws(
    () => parseAnswers("agent_id: ana\nfirst_prot: 1\nmesh: maybe\nfirst_port: x\n", "a.yaml"),
    (error: Error) =>
      /a\.yaml:2:\d+/.test(error.message) && /first_prot/.test(error.message) &&
      /a\.yaml:3:\d+/.test(error.message) && /create or join/.test(error.message) &&
      /a\.yaml:4:\d+/.test(error.message),
  );
  assert.deepEqual(parseAnswers("", "a.yaml"), {});
});

Deno.test("plan: ports in a row, what is for the program alone, and one sentence for what is done", () => {
  const answers = {
    agent_id: "ana",
    mesh: "create",
    mesh_name: "shop",
    first_port: 8190,
    p2p_port: 0,
    bell: false,
  } as const;

  assert.deepEqual(settingsOf(NEW, answers), {
    "ports.http_port": 8190,
    "ports.health_port": 8191,
    "ports.ucxi_port": 8192,
    "ports.admin_ui_port": 8193,
    "network.p2p_port": 0,
    "interface.bell": false,
  });
  assert.deepEqual(portsOf(answers), [8190, 8191, 8192, 8193]);
  assert.deepEqual(portsOf({ first_port: 0 }), []);
  assert.match(actionsOf(NEW, answers).join(" "), /Create mesh shop with you as ana/);
  assert.match(actionsOf(MEMBER, {}).join(" "), /You stay ana of mesh shop/);
});

Deno.test("practice: three asks, each only by the proper act; stop ends it", () => {
  const lines = [
    "yes",
    "approve 7KQ2",
    "approve 7KQ2 d0aa",
    "approve 7KPZ",
    "deny 7KPZ",
    "deny 7KPZ too much",
    "answer 7KNB 3",
    "answer 7KNB 2",
  ];
  let step = beginPractice();
  const lessons = [step.practice.lesson];
  for (const line of lines) {
    assert.equal(step.isOver, false, line);
    step = practise(step.practice, line);
    lessons.push(step.practice.lesson);
  }

  assert.deepEqual(lessons, [0, 0, 0, 1, 1, 1, 2, 2, 3]);
  assert.equal(step.practice.lesson, PRACTICE_LESSONS);
  assert.equal(step.isOver, true);
  assert.equal(practise(beginPractice().practice, "stop").isOver, true);
});

const SHEET = {
  words: "one two three four five six",
  shares: ["my-share-1", "my-share-2", "my-share-3"],
  threshold: 2,
};

function shellOn(desk: FakeSetupDesk, answers?: string[]) {
  const inits: unknown[] = [];
  const restored: unknown[] = [];
  const init = (
    options: {
      agentId: string | undefined;
      meshName: string | undefined;
      hasSheet?: boolean;
      personShares?: readonly string[] | undefined;
    },
  ) => {
    inits.push([options.agentId, options.meshName]);
    restored.push(options.personShares);
    return Promise.resolve({
      mesh_id: "00",
      mesh_name: "shop",
      agent_id: "ana",
      peer_id: "12D3",
      home: "/data",
      config_path: "config.yaml",
      recovery_shares: ["share-1"],
      recovery_threshold: 2,
      ...(options.hasSheet ? { person_sheet: SHEET } : {}),
    });
  };
  const wordsOfShares = (shares: readonly string[]) => {
    if (shares.includes("typo")) return Promise.reject(new TypeError("Cannot combine shares: share 1 is misspelt"));
    return Promise.resolve(shares.every((share) => SHEET.shares.includes(share)) ? SHEET.words : "another key");
  };
  return {
    shell: createTestShell({
      hooks: { setup: desk, init, wordsOfShares, readPersonShares: (file) => Promise.resolve(sharesIn(file)) },
      ...(answers ? { answers } : {}),
    }),
    inits,
    restored,
  };
}

/** What a person types, or what stands in a file. */
function sharesIn(file: string | undefined): readonly string[] {
  return file === "bad.txt" ? ["typo"] : SHEET.shares.slice(0, 2);
}

Deno.test("S-02 setup: asks, shows the change, does it only after yes, and offers practice", async () => {
  const desk = new FakeSetupDesk(NEW);
  desk.taken = [8091];
  const { shell, inits } = shellOn(desk, [
    "ana",
    "create",
    "shop",
    "no",
    "new",
    "no",
    "8090",
    "8190",
    "",
    "web",
    "yes",
    "no",
    "yes",
    "no",
  ]);

  const { status, out, err } = await shell.run("setup");

  assert.equal(status, 0, err);
  assert.match(err, /port 8091 is in use/);
  assert.match(err, /\+interface\.mode: "web"/);
  assert.match(err, /\+ports\.admin_ui_port: 8193/);
  assert.deepEqual(inits, [["ana", "shop"]]);
  assert.match(desk.files.get("config.yaml") ?? "", /8190/);
  assert.equal(desk.progress, undefined);
  assert.match(out, /share-1/);
  assert.doesNotMatch(out, /my-share/);
  assert.match(shell.questions.at(-1) ?? "", /Practise/);
});

Deno.test("S-02 B-08 setup: what was left goes on where it was, and no secret is kept", async () => {
  const desk = new FakeSetupDesk(NEW);
  const left = await shellOn(desk, ["ana", "join"]).shell.run("setup");
  assert.equal(left.status, 2);
  assert.match(left.err, /run setup again to go on/);
  assert.deepEqual(JSON.parse(desk.progress ?? ""), { agent_id: "ana", mesh: "join" });

  const { shell } = shellOn(desk, ["back", "create"]);
  await shell.run("setup");

  assert.match(shell.questions[0] ?? "", /passphrase/);
  assert.match(shell.questions[1] ?? "", /create or join/);
  assert.match(shell.questions[2] ?? "", /Name of the mesh/);
});

Deno.test("setup: no at the end, and --dry-run, do nothing", async () => {
  const desk = new FakeSetupDesk(NEW);
  const all = ["ana", "create", "shop", "no", "", "yes", "0", "0", "plain", "yes", "no"];
  const refused = shellOn(desk, [...all, "no"]);
  assert.equal((await refused.shell.run("setup")).status, 2);
  desk.files.set("a.yaml", "agent_id: ana\n");
  const dry = shellOn(desk);
  const { status, err } = await dry.shell.run("setup", "--from", "a.yaml", "--dry-run");

  assert.equal(status, 0);
  assert.match(err, /Create mesh bzzz with you as ana/);
  assert.deepEqual([...refused.inits, ...dry.inits], []);
  assert.equal(desk.files.has("config.yaml"), false);
});

Deno.test("setup: the recovery sheet of one's own key, and a copy of it that is tried until it is right", async () => {
  const answers = ["ana", "create", "shop", "no", "", "", "0", "0", "plain", "yes", "no", "yes"];
  const copies = ["typo", "my-share-3", "my-share-1", "other", "my-share-3", "my-share-1"];
  const { shell } = shellOn(new FakeSetupDesk(NEW), [...answers, ...copies, "no"]);

  const { status, out, err } = await shell.run("setup");

  assert.equal(status, 0, err);
  assert.match(err, /Show a recovery sheet of your own key/);
  assert.match(out, /six words: one two .*\n.*any 2 of 3 restore it.*\nmy-share-1\nmy-share-2\nmy-share-3\n/);
  assert.match(err, /share 1 is misspelt\. Once more.*of another sheet\. Once more.*Your copy is right/s);
  assert.match(shell.questions.at(-2) ?? "", /share 2 of 2 from it, any of the 3/);

  const unchecked = shellOn(new FakeSetupDesk(NEW), [...answers, "my-share-1", "", "no"]);
  assert.match((await unchecked.shell.run("setup")).err, /Not checked\./);
});

Deno.test("setup: one's own key from shares: they are asked for once all is agreed, its words are told, no sheet is asked about", async () => {
  const answers = ["ana", "create", "shop", "no", "restore", "0", "0", "plain", "yes", "no", "yes"];
  const { shell, restored } = shellOn(new FakeSetupDesk(NEW), [...answers, "no"]);

  const { status, out, err } = await shell.run("setup");

  assert.equal(status, 0, err);
  assert.match(err, /Restore your own key from shares.*asked for then.*Restoring the key of these words: one two/s);
  assert.deepEqual(restored, [["my-share-1", "my-share-2"]]);
  assert.doesNotMatch(out, /my-share/);
  assert.ok(!shell.questions.some((question) => question.includes("show a sheet")));

  const fresh = shellOn(new FakeSetupDesk(NEW), [...answers.with(4, "new").toSpliced(5, 0, "no"), "no"]);
  assert.equal((await fresh.shell.run("setup")).status, 0);
  assert.deepEqual(fresh.restored, [undefined]);
});

Deno.test("setup --from: shares come from a file of their own; wrong ones, and none, change nothing", async () => {
  const desk = new FakeSetupDesk(NEW);
  desk.files.set("a.yaml", "agent_id: ana\nown_key: restore\n");
  desk.files.set("join.yaml", "agent_id: ana\nmesh: join\nown_key: restore\n");
  const tried = shellOn(desk);
  const refused = async (...args: string[]) => {
    const { status, err } = await tried.shell.run("setup", ...args);
    assert.notEqual(status, 0);
    return err;
  };

  assert.match(await refused("--from", "a.yaml"), /there are no shares; give a file with --shares-file FILE/);
  assert.match(await refused("--from", "join.yaml", "--shares-file", "-"), /standard input has the token/);
  assert.match(await refused("--from", "a.yaml", "--shares-file", "bad.txt"), /share 1 is misspelt/);
  const agentDesk = new FakeSetupDesk({ ...NEW, binaryType: "agent" });
  agentDesk.files.set("agent.yaml", "agent_id: ana\nown_key: new\n");
  const agent = await shellOn(agentDesk).shell.run("setup", "--from", "agent.yaml", "--dry-run");
  assert.match(agent.err, /Cannot use the answers own_key: nothing asks for them/, "an agent has no person");
  assert.deepEqual([tried.inits, desk.files.has("config.yaml")], [[], false]);

  const done = await tried.shell.run("setup", "--from", "a.yaml", "--shares-file", "shares.txt");
  assert.equal(done.status, 0, done.err);
  assert.deepEqual(tried.restored, [["my-share-1", "my-share-2"]]);
});

Deno.test("setup --from: the recovery sheet is printed, and left out where the answers say so", async () => {
  const desk = new FakeSetupDesk(NEW);
  desk.files.set("with.yaml", "agent_id: ana\n");
  desk.files.set("without.yaml", "agent_id: ana\nrecovery_sheet: false\n");

  const asked = await shellOn(desk).shell.run("setup", "--from", "with.yaml");
  desk.files.delete("config.yaml");
  const left = await shellOn(desk).shell.run("setup", "--from", "without.yaml");

  assert.match(asked.out, /my-share-3/);
  assert.equal(left.status, 0, left.err);
  assert.doesNotMatch(left.out, /my-share/);
});

Deno.test("setup --from: a configuration that is there is changed with --yes alone, after its change was shown", async () => {
  const desk = new FakeSetupDesk(MEMBER);
  desk.files.set("config.yaml", "old: 1\n");
  desk.files.set("a.yaml", "first_port: 0\n");
  const { shell, inits } = shellOn(desk);

  const refused = await shell.run("setup", "--from", "a.yaml");
  assert.equal(refused.status, 2);
  assert.match(refused.err, /-old: 1/);
  assert.match(refused.err, /add --yes/);
  assert.equal(desk.files.get("config.yaml"), "old: 1\n");

  assert.equal((await shell.run("setup", "--from", "a.yaml", "--yes")).status, 0);
  assert.match(desk.files.get("config.yaml") ?? "", /ports\.http_port: 0/);
  assert.deepEqual(inits, []);

  desk.files.set("a.yaml", "agent_id: bob\n");
  const late = await shell.run("setup", "--from", "a.yaml", "--yes");
  assert.match(late.err, /agent_id: this node is ana of mesh shop already/);
});

Deno.test("setup --step: one step alone", async () => {
  const desk = new FakeSetupDesk(MEMBER);
  const { shell } = shellOn(desk, ["no", "yes", "yes", "no"]);

  await shell.run("setup", "--step", "notifications");

  assert.equal(desk.files.get("config.yaml"), "interface.bell: false\ninterface.desktop_notifications: true\n");
  const practice = shellOn(desk, ["stop"]);
  assert.match((await practice.shell.run("setup", "--step", "practice")).out, /Ask 7KQ2/);
});

Deno.test("setup --page: what it came to; and no flag beside it that it would not heed", async () => {
  const asked: unknown[] = [];
  const shell = createTestShell({
    hooks: {
      setupOnPage: ({ isBegunAnew }) => {
        asked.push(isBegunAnew);
        return Promise.resolve({ agentId: "ana", configPath: "/data/config.yaml" });
      },
    },
  });

  const done = await shell.run("setup", "--page", "--again");
  const refused = await shell.run("setup", "--page", "--dry-run");

  assert.deepEqual([done.status, done.out], [0, "Set up as ana\nConfiguration: /data/config.yaml\n"]);
  assert.equal(refused.status, 2);
  assert.match(refused.err, /Cannot use --dry-run with --page/);
  assert.deepEqual(asked, [true]);
});
