// Context and decisions as a person sees them: a real emulator's cells, a real context server in memory behind.
import assert from "node:assert/strict";
import { BzzzError, utf8Encode } from "@bzzz/base";
import type { SignVote } from "@bzzz/context";
import { startTestScreen, type TestScreen } from "./testing.ts";

const PLAN = "ucxl://basil:developer@shop:pay/*^/docs/plan.md";
const PRICES = "ucxl://basil:developer@shop:pay/*^/prices.json";
const WIDE = { columns: 120, rows: 28 };

async function put(screen: TestScreen, address: string, text: string, mediaType = "text/markdown"): Promise<void> {
  await screen.ucxi.client.put(address, utf8Encode(text), { mediaType });
}

async function withPlan(screen: TestScreen): Promise<void> {
  await put(screen, PLAN, "# Plan\nuse cash\n");
  await put(screen, PLAN, "# Plan\nuse cards\n");
  await put(screen, PLAN, "# Plan\nuse cards\nand cash\n");
  await put(screen, PRICES, '{"tea": 1}', "application/json");
  await put(screen, PRICES, '{"tea": 2}', "application/json");
}

/** The plan at its latest version, on the screen. */
async function openPlan(screen: TestScreen): Promise<void> {
  await screen.press("\x1bb");
  await screen.shows("basil:developer@shop:pay/");
  await screen.press("\r");
  await screen.shows("docs/");
  await screen.press("\r");
  await screen.shows(/▌\s*3\s+plan\.md/);
  await screen.press("\r");
  await screen.shows("version 3 of 3");
}

/** What a member's node would tell of it. */
function tell(screen: TestScreen, kind: string): void {
  screen.mesh.append(kind, { address: PLAN }, { topic: "context" });
}

Deno.test("context: down the tree to a thing, through its time, and back up", async () => {
  await using screen = await startTestScreen({ size: WIDE });
  await withPlan(screen);
  await openPlan(screen);
  await screen.shows("and cash");
  await screen.shows("latest");

  await screen.press("[", "[");
  await screen.shows("version 1 of 3");
  await screen.shows("use cash");
  await screen.shows("2 newer");
  await screen.press("[");
  await screen.shows("This is the first version");
  await screen.press("]");
  await screen.shows("version 2 of 3");

  await screen.press("t");
  await screen.shows("2 (here)");
  await screen.press("\x1b[A", "\r");
  await screen.shows("version 3 of 3");

  await screen.press("\x1b");
  await screen.shows(/▌\s*3\s+plan\.md/);
  await screen.press("\x7f", "\x7f");
  await screen.shows("all addresses");
  await screen.press("\x1b");
  await screen.shows("CHANNELS");
});

Deno.test("context: what changed between any two versions, of text and of JSON", async () => {
  await using screen = await startTestScreen({ size: WIDE });
  await withPlan(screen);
  await openPlan(screen);

  await screen.press("D");
  await screen.shows("Compare version 3 with");
  await screen.shows(/▌2 +\d{4}-/);
  await screen.press("\x1b[B", "\r");
  await screen.shows("What changed, version 1 to 3");
  await screen.shows("-use cash");
  await screen.shows("+use cards");
  await screen.shows("+and cash");

  await screen.press("\x1b", ":", "\x15", `${PRICES}\r`);
  await screen.shows("version 2 of 2");
  await screen.press("D", "\r");
  await screen.shows("! /tea: 1 → 2");
});

Deno.test("context: an address goes into the message that is being written, as the version that was seen", async () => {
  await using screen = await startTestScreen({ size: WIDE });
  await withPlan(screen);
  await screen.press("as in");
  await openPlan(screen);
  await screen.press("[");
  await screen.shows("version 2 of 3");
  await screen.press("c");
  await screen.shows(/> .*docs\/plan\.md\?rev=[0-9a-f]{64} /);
  await screen.press("\r");
  await screen.until("the message", () => screen.mesh.entries.length > 0);

  const said = String(screen.mesh.entries.at(-1)?.body?.["text"]);
  assert.match(said, /^as in ucxl:/);
  const cited = await screen.ucxi.client.get(said.replace("as in ", ""));
  assert.equal(new TextDecoder().decode(cited.bytes), "# Plan\nuse cards\n");
});

Deno.test("context: search, go to an address, a pattern or a time; mistakes are told where they are typed", async () => {
  await using screen = await startTestScreen({ size: WIDE });
  await withPlan(screen);

  await screen.press("/find cards\r");
  await screen.shows('Context · "cards"');
  await screen.shows("basil:developer@shop:pay/*^/docs/plan.md");
  await screen.shows("[cards]");
  await screen.press("\r");
  await screen.shows("version 3 of 3");

  await screen.press(":", "\x15", "~~2\r");
  await screen.shows("version 1 of 3");
  await screen.press(":", "\x15", "~~9\r");
  await screen.shows('! Cannot find version "~~9"');
  await screen.shows("version 1 of 3"); // and what was there is still there
  await screen.press(":", "\x15", "ucxl://basil\r");
  await screen.shows("! Cannot read the address");
  await screen.press("\x15", "ucxl://any:any@shop:any/*^/*.json\r");
  await screen.shows("! Cannot read the address");
  await screen.press("\x15", "ucxl://any:any@shop:any/*^/docs/*\r");
  await screen.shows("Context · ucxl://any:any@shop:any/*^/docs/*");
  await screen.shows("docs/plan.md");

  await screen.press("\x10", "planmd\r"); // the palette
  await screen.shows("version 3 of 3");

  await screen.press("s", "nowhere\r");
  await screen.shows("Nothing was found. Backspace goes up.");
  await screen.press("\x1bm", "/browse ucxl://basil:developer@shop:pay/*^/docs/none.md\r");
  await screen.shows(/! .*none\.md/);
  await screen.shows("plan.md"); // what is around it
  await screen.press("\x1bm", "/browse plan.md\r");
  await screen.shows("Cannot read the address");
  await screen.shows("> /browse plan.md");
});

Deno.test("context: what has no text is said, and hostile text acts on nothing", async () => {
  await using screen = await startTestScreen({ size: WIDE });
  const hostile = "ucxl://basil:developer@shop:pay/*^/%E2%80%AEevil.md";
  await put(screen, hostile, "one\x1b]52;c;eA==\x07two\x1b[2J three\u202e");
  await screen.ucxi.client.put("ucxl://basil:developer@shop:pay/*^/bytes", new Uint8Array([0, 1, 2]));
  await put(screen, "ucxl://basil:developer@shop:pay/*^/gone.md", "x");
  await screen.ucxi.client.remove("ucxl://basil:developer@shop:pay/*^/gone.md");

  await screen.press(`/browse ${hostile}\r`);
  await screen.shows("one␛two␛ three");
  assert.ok(!screen.terminal.written.includes("\x1b]52") && !screen.terminal.written.includes("\u202e"));
  await screen.press("\x1bm", "/browse ucxl://basil:developer@shop:pay/*^/bytes\r");
  await screen.shows("! This is not text; ucxl get writes it to a file");
  await screen.press("\x1bm", "/browse ucxl://basil:developer@shop:pay/*^/gone.md\r");
  await screen.shows("! Version 2 says that it was deleted");
  await screen.press("[");
  await screen.shows("version 1 of 2");
  screen.ucxi.node.content.contents.clear();
  await screen.press("\x1bm", "/browse ucxl://basil:developer@shop:pay/*^/bytes\r");
  const said = "no node that can be reached has its content; its latest version is said to lie with basil";
  await screen.until(said, () => screen.terminal.text().replaceAll(/[│\s]+/g, " ").includes(said));
});

Deno.test("context: nothing there, a node that cannot be asked, and what others write meanwhile", async () => {
  await using screen = await startTestScreen({ size: WIDE });
  await screen.press("\x1bb");
  await screen.shows("Nothing is stored yet");

  await withPlan(screen);
  tell(screen, "context_put");
  await screen.shows("basil:developer@shop:pay/");
  await openPlan(screen);
  await put(screen, PLAN, "# Plan\nall new\n");
  tell(screen, "context_put");
  await screen.shows("version 3 of 4");
  await screen.shows("and cash"); // what is read stays what it was
  await screen.press("]");
  await screen.shows("all new");

  screen.cutContext();
  await screen.press("r");
  await screen.shows(/! Cannot .*connection refused/);
  await screen.shows("all new"); // what was read is still there
});

Deno.test("context in a narrow window: the list, or what is open", async () => {
  await using screen = await startTestScreen({ size: { columns: 48, rows: 14 } });
  await withPlan(screen);
  await screen.press("\x1bb");
  await screen.shows("basil:developer@shop:pay/");
  await screen.press("\r");
  await screen.shows("prices.json");
  await screen.press("\r");
  await screen.shows("plan.md");
  await screen.press("\r");
  await screen.shows("and cash");
  await screen.shows("version 3 of 3");
  await screen.press("\x1b");
  await screen.shows(/▌3 +plan\.md/);
});

Deno.test("context: a long text is gone through by its lines", async () => {
  await using screen = await startTestScreen({ size: WIDE });
  await put(screen, PLAN, Array.from({ length: 200 }, (_, i) => `line ${i + 1} of many`).join("\n"));
  await screen.press(`/browse ${PLAN}\r`);
  await screen.shows("line 1 of many");
  await screen.shows(/\d+ more lines: Pgdn/);
  await screen.press("\x1b[6~");
  await screen.shows("line 21 of many");
  await screen.press("\x1b[F");
  await screen.shows("line 200 of many");
  await screen.press("\x1b[H");
  await screen.shows("line 1 of many");

  await screen.press("/", "NE 150\r");
  await screen.shows("▌line 150 of many");
  await screen.shows("Line 150 of 200");
  await screen.press("/", "line 19\r", "n", "N", "N");
  await screen.shows("▌line 19 of many");
  await screen.press("/", "nowhere\r");
  await screen.shows('Nothing here has "nowhere"');
});

Deno.test("decisions: open ones first, votes as they come, and a vote is a whole word that was typed", async () => {
  await using screen = await startTestScreen({ size: WIDE });
  const { ucxi, press, pass, shows } = screen;
  const first = await ucxi.client.propose({ title: "Use a queue", summary: "It is slow.", quorum: 2 });
  await press("\x1bd");
  await shows(/▌open +0\+ 0-/);
  await shows("It is slow.");
  await ucxi.client.propose({ title: "Use two queues", quorum: 2 });
  tell(screen, "context_put");
  await shows("2 open of 2");
  await shows(/▌open .*Use a queue/); // the selection stays

  await press("v");
  await shows("keys are ignored for the first 0.7 s");
  await press("approve\r");
  await pass(700);
  const votes = async () => (await ucxi.client.decision(first.version.address)).votes;
  assert.deepEqual(await votes(), []);
  await press("\x1b[200~approve\x1b[201~", "\r", "i approve");
  await shows('"i approve" is no vote');
  assert.deepEqual(await votes(), []);
  await press("\x15", "\t", "it is needed", "\t", "approve");
  await shows("Voted approve; the decision is ");
  await shows("approve (binding): it is needed");
  assert.equal((await votes())[0]?.reason, "it is needed");

  await shows(/▌approved .*Use a queue/);
  await press("v");
  await shows("Cannot vote: the decision is approved");
  await press("b");
  await shows("version 1 of 1");
});

Deno.test("decisions: a vote with a locked key asks for its passphrase in a box, and shows none of it", async () => {
  const signVote: SignVote = (body, passphrase) =>
    passphrase === "correct horse"
      ? Promise.resolve(body)
      : Promise.reject(new BzzzError("identity_locked", "Cannot sign: your key is locked"));
  await using screen = await startTestScreen({ size: WIDE, ucxi: { signVote } });
  const { ucxi, press, pass, shows } = screen;
  await ucxi.client.propose({ title: "Use a queue", quorum: 2 });
  await press("\x1bd");
  await shows(/▌open /);

  await press("v");
  await pass(700);
  await press("approve");
  await shows("Passphrase of your key");
  await press("correct horse");
  assert.doesNotMatch(screen.terminal.text(), /correct horse/);
  await press("\r");

  await shows(/▌approved .*Use a queue/);
});

Deno.test("decisions: none, and a view that observes votes on nothing", async () => {
  await using screen = await startTestScreen({ settings: { isObserver: true } });
  await screen.press("/log\r");
  await screen.shows("No decisions");
  await screen.press("v");
  await screen.shows("Cannot vote: there is no decision here");
  await screen.ucxi.client.propose({ title: "Use a queue" });
  tell(screen, "context_put");
  await screen.shows("1 open of 1");
  await screen.press("v");
  await screen.shows("Cannot vote: this view only observes");
  await screen.press("\x1bm", "/ucxl ls\r");
  await screen.shows("decisions/");
});
