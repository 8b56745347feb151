import assert from "node:assert/strict";
import type { PersonProof } from "@bzzz/agentid";
import type { AgentId, PeerId } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { type PersonAuthority, requestDigest, type RequestEntry, RequestInbox, type RequestView } from "@bzzz/hmmm";
import { createNullLogger } from "@bzzz/logging";
import type { BodyOf } from "@bzzz/wire";
import { POLICY_LOOK_MS, PolicyDesk } from "./policy_desk.ts";

const SELF = "portal" as PeerId;
const AGENT = "agent" as PeerId;
const IDS = ["01ARZ3NDEKTSV4RRFFQ69G5FA0", "01ARZ3NDEKTSV4RRFFQ69G5FA1", "01ARZ3NDEKTSV4RRFFQ69G5FA2"] as const;
const READS = (perHour = 9) =>
  `version: 1\nrules:\n  - id: reads\n    match: { kind: approval, action: "file.read" }\n    do: allow\n    limit: { per_hour: ${perHour} }\n`;

/** That a person lets the rule approve; only the rules are read here. */
const HUMAN = { by: { type: "mandate", rules: [{ rule: "reads", action: "file.read" }] } } as unknown as PersonProof;

class World {
  readonly clock = new ManualClock();
  readonly inbox = new RequestInbox();
  readonly decided: BodyOf<"request_answered">[] = [];
  text: string | undefined;
  failure: Error | undefined;
  isAccepted = true;
  #listener: ((view: RequestView) => void) | undefined;
  #seq = 1;
  readonly desk = new PolicyDesk({
    clock: this.clock,
    logger: createNullLogger(),
    inbox: this.inbox,
    self: SELF,
    authority: () => this.#grant("ana", "hap"),
    grantOf: (peer) => this.#grant(peer === AGENT ? "agent-7f3a" : "ana", peer === AGENT ? "agent" : "hap"),
    stakesOf: (view) => view.wording?.id === "careful" ? "high" : view.stakes,
    mandate: () => Promise.resolve(this.isAccepted ? { certificate: new Uint8Array(1) } : undefined),
    humanOf: () => HUMAN,
    read: () => this.failure ? Promise.reject(this.failure) : Promise.resolve(this.text),
    append: (body) => {
      this.decided.push(body);
      this.#add(SELF, "request_answered", body, this.#grant("ana", "hap"));
      return Promise.resolve();
    },
    onChanged: (listener) => this.#listener = listener,
  });

  ask(i: number, fields: Partial<BodyOf<"request_opened">> = {}): BodyOf<"request_opened"> {
    const body = {
      requestId: IDS[i] as BodyOf<"request_opened">["requestId"], // ULIDs
      kind: "approval" as const,
      to: {},
      title: "Read?",
      body: "",
      allow: ["approve" as const, "deny" as const],
      stakes: "normal" as const,
      onTimeout: "hold" as const,
      action: { verb: "file.read", target: "/etc/motd", args: [], effect: "reads" },
      ...fields,
    };
    this.#add(AGENT, "request_opened", body);
    return body;
  }

  async look(): Promise<void> {
    await this.clock.advance(POLICY_LOOK_MS);
    await settle();
  }

  #grant(agentId: string, binaryType: string): PersonAuthority {
    return { agentId: agentId as AgentId, binaryType, role: "developer", level: "suggestion" }; // valid ids
  }

  #add(author: PeerId, kind: string, body: object, authority?: PersonAuthority): void {
    const seq = this.#seq++;
    const id = String(seq).padStart(64, "0");
    const bodyDigest = kind === "request_opened" ? requestDigest(body as BodyOf<"request_opened">) : "";
    const hlc = { ms: this.clock.nowMs(), counter: seq };
    const entry = { id, author, seq, hlc, bodyDigest, kind, body, ...(authority ? { authority } : {}) };
    // the kind and its body belong together: the callers give both
    for (const view of this.inbox.add(entry as unknown as RequestEntry)) this.#listener?.(view);
  }
}

Deno.test("a rule decides what it names, once, marked with the rule; the rest waits for a person", async () => {
  const world = new World();
  world.text = READS();
  const before = world.ask(0);
  await world.desk.start();
  await settle();
  world.ask(1);
  world.ask(2, { action: { verb: "file.write", target: "/etc/motd", args: [], effect: "writes" } });
  await settle();
  await world.desk.stop();

  assert.deepEqual(world.decided.map((one) => [one.decision, one.auto?.rule]), [["approve", "reads"], [
    "approve",
    "reads",
  ]]);
  assert.equal(world.decided[0]?.requestDigest, requestDigest(before));
  assert.match(world.decided[0]?.auto?.policy ?? "", /^[0-9a-f]{64}$/);
  assert.equal(world.inbox.list(0, "open").length, 1);
});

Deno.test("what a person has not accepted approves nothing; from when they accept it on it does, and it always denies", async () => {
  const world = new World();
  world.text = `${READS()}  - id: no\n    match: { action: "rm" }\n    do: deny\n    reason: never\n`;
  world.isAccepted = false;
  await world.desk.start();
  world.ask(0, { signedBy: "person" });
  world.ask(1, { action: { verb: "rm", target: "/", args: [], effect: "all" } });
  await settle();
  const before = world.decided.map((one) => one.decision);

  world.isAccepted = true;
  await world.look();
  await world.desk.stop();

  assert.deepEqual([before, world.decided.map((one) => one.decision)], [["deny"], ["deny", "approve"]]);
});

Deno.test("where a person must decide no rule does: human_present, a quorum, high stakes, somebody else's", async () => {
  const world = new World();
  world.text = READS();
  await world.desk.start();
  world.ask(0, { humanPresent: true });
  world.ask(1, { to: { quorum: { n: 1, of: 2 } } });
  world.ask(2, { stakes: "high" });
  world.ask(0, { to: { human: "basil" as AgentId } });
  await settle();
  await world.desk.stop();

  assert.deepEqual(world.decided, []);
});

Deno.test("a limit ends the rule for the hour: then people are asked", async () => {
  const world = new World();
  world.text = READS(1);
  await world.desk.start();
  world.ask(0);
  await settle();
  world.ask(1);
  await settle();
  const within = world.decided.length;
  await world.clock.advance(3_600_000);
  world.ask(2);
  await settle();
  await world.desk.stop();

  assert.deepEqual([within, world.decided.length], [1, 2]);
});

Deno.test("the file is read again when it changes; one that is broken, unreadable or gone decides nothing", async () => {
  const world = new World();
  await world.desk.start();
  world.ask(0);
  await world.look();
  assert.equal(world.decided.length, 0);

  world.text = READS();
  await world.look();
  assert.equal(world.decided.length, 1);

  world.text = "version: 1\nrules: [";
  await world.look();
  world.ask(1);
  await settle();
  assert.equal(world.decided.length, 1, "broken");

  world.text = READS();
  world.failure = new Error("no permission");
  await world.look();
  assert.equal(world.decided.length, 1, "unreadable");

  world.failure = undefined;
  await world.look();
  assert.equal(world.decided.length, 2, "back");
  await world.desk.stop();
});

Deno.test("what a wording of the person raises to high stakes, no rule allows", async () => {
  const world = new World();
  world.text = READS();
  await world.desk.start();
  world.ask(0, { wording: { id: "careful", params: [] } });
  world.ask(1, { wording: { id: "other", params: [] } });
  await settle();
  await world.desk.stop();

  assert.deepEqual(world.decided.map(({ requestId }) => requestId), [IDS[1]]);
});
