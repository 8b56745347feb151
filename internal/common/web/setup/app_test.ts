import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import type { InitOptions, InitResult, JoinOptions, JoinResult, SetupFacts } from "@bzzz/cli";
import { FakeSetupDesk, NO_FLAGS } from "@bzzz/cli/testing";
import { BzzzError } from "@bzzz/base";
import assert from "node:assert/strict";
import { Sessions } from "../mod.ts";
import { formsOf, TestBrowser } from "../testing.ts";
import { createSetupPage } from "./app.tsx";
import { SetupFlow } from "./setup_flow.ts";

const NEW: SetupFacts = {
  binaryType: "hap",
  home: "/data",
  defaultAgentId: "hap-1234",
  defaultPorts: { first: 8090, p2p: 9010 },
  areKeysLocked: false,
};
const PASSPHRASE = "correct horse battery";
const ANSWERS = {
  agent_id: "ana",
  mesh: "create",
  mesh_name: "shop",
  lock_keys: "no",
  recovery_sheet: "no",
  first_port: "0",
  p2p_port: "0",
};
const SHARES = ["bzzz-share-one", "bzzz-share-two"];
const WORDS = "one two three four five six";
const SHEET = { words: WORDS, shares: ["own-share-one", "own-share-two", "own-share-three"], threshold: 2 };

/** A setup with a browser that is logged in. */
async function open(progress?: string) {
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 18, 3));
  const random = createSeededRandom(7);
  const desk = new FakeSetupDesk(NEW);
  desk.progress = progress;
  const calls: (InitOptions | (JoinOptions & { token: string }))[] = [];
  const failures: Error[] = [];
  const fail = () => {
    const error = failures.shift();
    if (error) throw error;
  };
  const sheet = ({ hasSheet }: { readonly hasSheet?: boolean }) => hasSheet ? { person_sheet: SHEET } : {};
  const hooks = {
    init(options: InitOptions): Promise<InitResult> {
      calls.push(options);
      fail();
      desk.member = { agentId: options.agentId ?? "", meshName: options.meshName ?? "" };
      const made = { mesh_id: "m", peer_id: "p", home: "/data", config_path: "c", recovery_threshold: 2 };
      const names = { mesh_name: options.meshName ?? "", agent_id: options.agentId ?? "" };
      const person = { words: WORDS, is_locked: false, is_admitted: true };
      return Promise.resolve({ ...made, ...names, ...sheet(options), person, recovery_shares: SHARES });
    },
    join(token: string, options: JoinOptions): Promise<JoinResult> {
      calls.push({ ...options, token });
      fail();
      const agent_id = options.agentId ?? "";
      return Promise.resolve({
        mesh_id: "m",
        mesh_name: "shop",
        agent_id,
        peer_id: "p",
        role: "reviewer",
        home: "/data",
        ...sheet(options),
      });
    },
    wordsOfShares(shares: readonly string[]): Promise<string> {
      if (shares.includes("typo")) return Promise.reject(new BzzzError("invalid_argument", "Cannot combine: misspelt"));
      return Promise.resolve(shares.every((share) => SHEET.shares.includes(share)) ? WORDS : "others");
    },
  };
  const flow = await SetupFlow.begin({
    desk,
    hooks,
    globals: NO_FLAGS,
    signal: new AbortController().signal,
    ownPort: () => 8093,
  }, { isBegunAnew: false });
  const problems: string[] = [];
  const sessions = new Sessions({ clock, random });
  const page = createSetupPage({ flow, sessions, report: (text) => problems.push(text) }, { port: 8093 });
  const link = `/login?code=${sessions.createLink()}`;
  const browser = new TestBrowser(page);
  await browser.get(link);
  const send = async (path: string, fields: Record<string, string>, action = path) => {
    const form = await browser.form(path, action);
    return await browser.post(action, { ...form.fields, ...fields });
  };
  return { browser, page, link, desk, calls, failures, flow, problems, send };
}

Deno.test("setup page: only who has the link, once; and nothing from another page", async () => {
  const { browser, page, link } = await open();

  assert.equal((await new TestBrowser(page).get("/")).status, 401);
  assert.equal((await new TestBrowser(page).get(link)).status, 403);
  const { fields } = await browser.form("/", "/");
  const forged = await browser.post("/", { ...fields, ...ANSWERS }, { origin: "http://127.0.0.1:9999" });
  assert.equal(forged.status, 403);
  assert.equal((await browser.post("/", ANSWERS)).status, 409);
  assert.equal((await browser.get("/", { host: "evil.example" })).status, 403);
  const page1 = await browser.get("/");
  assert.match(page1.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.doesNotMatch(page1.text, /<script|style="/);
});

Deno.test("setup page: what cannot be used is told beside its field; what can is kept, and there again", async () => {
  const { browser, desk, send, calls } = await open();
  desk.taken = [8190, 8093];

  const refused = await send("/", { ...ANSWERS, agent_id: "Ana Maria", first_port: "8190", p2p_port: "many" });

  assert.equal(refused.status, 422);
  assert.match(refused.text, /id="agent_id-problem">That cannot be used: expected 2 to 63 of a-z/);
  assert.match(refused.text, /id="first_port-problem">Cannot use these ports: port 8190 is in use/);
  assert.match(refused.text, /id="p2p_port-problem">That cannot be used: expected/);
  assert.match(refused.text, /name="agent_id"[^>]* value="Ana Maria"/);
  assert.equal((await browser.get("/confirm")).headers.get("location"), "/");
  assert.deepEqual(JSON.parse(desk.progress ?? ""), {
    mesh: "create",
    mesh_name: "shop",
    lock_keys: false,
    own_key: "new",
    recovery_sheet: false,
    interface: "terminal",
    bell: true,
    desktop_notifications: false,
  });
  assert.match((await browser.get("/")).text, /name="mesh_name"[^>]* value="shop"/);
  // its own port is free once the setup has ended
  assert.equal((await send("/", { ...ANSWERS, first_port: "8090" })).headers.get("location"), "/confirm");
  assert.deepEqual(calls, []);
});

Deno.test("setup page: it goes on with the answers of the one before, and says so of those that cannot be read", async () => {
  const { browser } = await open(JSON.stringify({ agent_id: "ana", mesh: "join" }));

  const { text } = await browser.get("/");
  assert.match(text, /name="agent_id"[^>]* value="ana"/);
  assert.match(text, /<option value="join" selected/);
  await assert.rejects(open("agent_id: 7\n"), /Cannot use the answers of the setup/);
});

Deno.test("setup page: a mesh is created once agreed, and its shares are there until they are kept", async () => {
  const { browser, desk, calls, flow, send } = await open();
  await send("/", ANSWERS);

  const plan = await browser.get("/confirm");
  assert.match(plan.text, /Create mesh shop with you as ana/);
  assert.match(plan.text, /<span class="added">\+ports\.http_port: 0/);
  assert.deepEqual(plan.text.match(/(?<=type="password".*name=")\w+/g), ["own_passphrase", "own_passphrase_again"]);
  assert.equal(desk.files.has("config.yaml"), false);
  const [form] = formsOf(plan.text);
  const done = await browser.post("/confirm", form?.fields ?? {});

  assert.equal(done.headers.get("location"), "/");
  assert.equal(calls.length, 1);
  assert.match(desk.files.get("config.yaml") ?? "", /interface\.mode: "terminal"/);
  assert.equal(desk.progress, undefined);
  for (let looked = 0; looked < 2; looked++) {
    assert.match((await browser.get("/")).text, /one two three four five six.*no passphrase.*bzzz-share-two/s);
  }
  assert.equal((await browser.post("/confirm", form?.fields ?? {})).status, 303, "sent twice, done once");
  assert.equal(calls.length, 1);
  const closed = await send("/", {}, "/finish");
  assert.match(closed.text, /You can close this page/);
  assert.doesNotMatch(closed.text, /bzzz-share/);
  assert.deepEqual(await flow.done, { agentId: "ana", configPath: "config.yaml" });
});

Deno.test("setup page: agreeing is to the plan that was shown, not to one that another tab has made of it", async () => {
  const { browser, calls, send } = await open();
  await send("/", ANSWERS);
  const shown = await browser.form("/confirm", "/confirm");
  await send("/", { ...ANSWERS, mesh_name: "other" });

  const refused = await browser.post("/confirm", shown.fields);

  assert.equal(refused.status, 409);
  assert.match(refused.text, /Create mesh other/);
  assert.deepEqual(calls, []);
});

Deno.test("setup page: what was agreed to is done, whatever another tab answers in that moment", async () => {
  const { browser, desk, calls, send } = await open();
  await send("/", ANSWERS);
  const agreeing = await browser.form("/confirm", "/confirm");
  const other = await browser.form("/", "/");
  const [looking, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { planConfig } = desk;
  desk.planConfig = async (...given) => {
    const plan = await planConfig.apply(desk, given);
    looking.resolve();
    await looked.promise;
    return plan;
  };

  const agreed = browser.post("/confirm", agreeing.fields);
  await looking.promise;
  const answered = await browser.post("/", { ...other.fields, ...ANSWERS, agent_id: "mallory" });
  looked.resolve();
  await agreed;

  assert.equal(answered.status, 303);
  assert.deepEqual(calls.map(({ agentId }) => agentId), ["ana"]);
});

Deno.test("setup page: joining; token and passphrase are asked for when used, refused beside their fields, and kept nowhere", async () => {
  const { browser, desk, calls, failures, flow, send } = await open();
  const saved: string[] = [];
  const save = desk.saveProgress.bind(desk);
  desk.saveProgress = (globals, text) => {
    if (text !== undefined) saved.push(text);
    return save(globals, text);
  };
  await send("/", { ...ANSWERS, mesh: "join", lock_keys: "yes", token: "bzzz-join-x", passphrase: PASSPHRASE });
  const secrets = { token: "bzzz-join-x", passphrase: PASSPHRASE, passphrase_again: PASSPHRASE };

  const plan = await browser.get("/confirm");
  assert.equal(plan.text.match(/type="password"/g)?.length, 3);
  const empty = await send("/confirm", { passphrase: PASSPHRASE, passphrase_again: "other" });
  assert.equal(empty.status, 422);
  assert.match(empty.text, /id="token-problem">That cannot be used: expected the token/);
  assert.match(empty.text, /id="passphrase-problem">That cannot be used: the two do not match/);
  failures.push(new BzzzError("denied", "Cannot join: the invite has expired"));
  const refused = await send("/confirm", secrets);
  assert.equal(refused.status, 422);
  assert.match(refused.text, /id="token-problem">Cannot join: the invite has expired/);
  failures.push(new BzzzError("usage", "Cannot lock the keys: the passphrase has fewer than 8 characters"));
  assert.match((await send("/confirm", secrets)).text, /id="passphrase-problem">Cannot lock the keys/);
  const done = await send("/confirm", secrets);

  assert.match(done.text, /You can close this page/);
  assert.deepEqual(calls.at(-1) && { ...calls.at(-1), globals: 0, signal: 0 }, {
    globals: 0,
    signal: 0,
    agentId: "ana",
    isLocked: true,
    isForced: false,
    hasSheet: false,
    typed: { node: PASSPHRASE, person: undefined },
    timeoutMs: 60_000,
    token: "bzzz-join-x",
  });
  assert.deepEqual(await flow.done, { agentId: "ana", configPath: "config.yaml", passphrase: PASSPHRASE });
  for (const text of [plan.text, empty.text, refused.text, done.text, ...saved, ...desk.files.values()]) {
    assert.doesNotMatch(text, /bzzz-join-x|correct horse/);
  }
});

Deno.test("setup page: a person's own key gets its passphrase where the node's keys have none; nobody is asked elsewhere", async () => {
  const { calls, failures, send } = await open();
  await send("/", ANSWERS);

  const unequal = await send("/confirm", { own_passphrase: PASSPHRASE, own_passphrase_again: "other" });
  assert.match(unequal.text, /id="own_passphrase-problem">That cannot be used: the two do not match/);
  failures.push(new BzzzError("usage", "Cannot lock the keys: the passphrase has fewer than 8 characters"));
  const short = await send("/confirm", { own_passphrase: "short", own_passphrase_again: "short" });
  assert.match(short.text, /id="own_passphrase-problem">Cannot lock the keys/);
  await send("/confirm", { own_passphrase: PASSPHRASE, own_passphrase_again: PASSPHRASE });

  assert.deepEqual(calls.at(-1)?.typed, { node: undefined, person: PASSPHRASE });
});

Deno.test("setup page: one's own key from shares of its sheet; missing and wrong ones are told beside their field, and kept nowhere", async () => {
  const { browser, desk, calls, failures, flow, send } = await open();
  await send("/", { ...ANSWERS, own_key: "restore", recovery_sheet: "yes" });
  const plan = (await browser.get("/confirm")).text;
  assert.match(plan, /Restore your own key from shares/);
  assert.doesNotMatch(plan, /Show a recovery sheet/);
  assert.doesNotMatch(desk.progress ?? "", /recovery_sheet/);

  assert.match(
    (await send("/confirm", {})).text,
    /id="shares-problem">That cannot be used: expected the shares of your key/,
  );
  failures.push(new BzzzError("too_few_shares", "Cannot combine shares: 1 of 2"));
  const refused = await send("/confirm", { shares: "own-share-one" });
  assert.match(refused.text, /id="shares-problem">Cannot combine shares: 1 of 2/);
  assert.doesNotMatch(refused.text, /own-share/);
  await send("/confirm", { shares: " own-share-one\r\nown-share-three \n" });

  assert.deepEqual(calls.at(-1)?.personShares, ["own-share-one", "own-share-three"]);
  const form = await browser.form("/", "/finish");
  await browser.post("/finish", form.fields);
  assert.equal((await flow.done).agentId, "ana");
});

Deno.test("setup page: the recovery sheet of one's own key is there until it is kept, and a copy of it can be tried", async () => {
  const { browser, flow, send } = await open();
  await send("/", { ...ANSWERS, mesh: "join", recovery_sheet: "yes" });
  assert.match((await browser.get("/confirm")).text, /Show a recovery sheet of your own key/);
  await send("/confirm", { token: "bzzz-join-x" });

  const shown = (await browser.get("/")).text;
  assert.match(shown, /You have joined\..*Any 2 of these 3.*own-share-one.*own-share-three/s);
  assert.doesNotMatch(shown, /bzzz-share/);
  const check = async (share_1: string) => {
    const form = await browser.form("/", "/check");
    return await browser.post("/check", { ...form.fields, share_1, share_2: "own-share-one" });
  };
  const problem = await check("typo");
  assert.equal(problem.status, 422);
  assert.match(problem.text, /role="alert"[^>]*>Cannot combine: misspelt/);
  assert.match((await check("own-share-x")).text, /of another sheet/);
  assert.match((await check("own-share-three")).text, /Your copy is right/);

  const form = await browser.form("/", "/finish");
  assert.doesNotMatch((await browser.post("/finish", form.fields)).text, /own-share/);
  assert.equal((await flow.done).agentId, "ana");
  assert.equal((await browser.post("/check", form.fields)).headers.get("location"), "/");
});

Deno.test("setup page: a file that cannot be written is tried again without making a second mesh", async () => {
  const { desk, calls, send, flow } = await open();
  const write = desk.writeConfig.bind(desk);
  desk.writeConfig = () =>
    Promise.reject(new BzzzError("config_unreadable", "Cannot write config.yaml: the disk is full"));
  await send("/", ANSWERS);
  const failed = await send("/confirm", {});
  assert.match(failed.text, /the disk is full/);
  assert.match(failed.text, /You stay ana of mesh shop/);

  desk.writeConfig = write;
  await send("/confirm", {});

  assert.equal(calls.length, 1);
  assert.match((await send("/", {}, "/finish")).text, /You can close this page/);
  assert.equal((await flow.done).agentId, "ana");
});

Deno.test("setup page: a defect is told to the terminal, and not to the browser", async () => {
  const { browser, desk, problems, send } = await open();
  await send("/", ANSWERS);
  desk.planConfig = () => Promise.reject(new TypeError("x of undefined"));

  const broken = await browser.get("/confirm");

  assert.equal(broken.status, 500);
  assert.doesNotMatch(broken.text, /undefined/);
  assert.deepEqual(problems, ["x of undefined"]);
});
