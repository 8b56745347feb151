import type { EntryId, PeerId, TaskId } from "@bzzz/base";
import { TASK_COMMAND_CODEC, type TaskCommand, taskKey, type TaskValue } from "@bzzz/coordinator";
import { LEADER_KEY, type LeaderCommand, leaderCommandCodec, type LeaderValue } from "@bzzz/election";
import { type RegisterKey, signCommand } from "@bzzz/register";
import type { Chance } from "../engine/chance.ts";
import type { Board } from "./board.ts";
import { type Member, MESH } from "./crypto.ts";
import type { MemberNode } from "./member_node.ts";
import type { Mischief } from "./plan.ts";

/** A signed command as it went over the wire. */
export interface Overheard {
  readonly key: RegisterKey;
  readonly bytes: Uint8Array;
  readonly actor: PeerId;
  readonly body: Uint8Array;
  readonly type: string;
}

/** A member with a valid key and few rights that asks voters for what it may not have. */
export class Traitor {
  readonly #member: Member;
  readonly #board: Board;

  constructor(member: Member, board: Board) {
    this.#member = member;
    this.#board = board;
  }

  /** Reads what there is, so that the versions and tokens of its commands are right, and asks for more. */
  act(
    mischief: Mischief,
    options: {
      readonly through: MemberNode;
      readonly task: TaskId;
      readonly victim: PeerId;
      readonly overheard: readonly Overheard[];
      readonly chance: Chance;
    },
  ): void {
    const { through, task, victim, overheard, chance } = options;
    if (mischief === "acquire" || mischief === "depose") {
      return through.leaderClient(this.#member)?.read(LEADER_KEY, (outcome) => {
        if (outcome.type === "value") this.#lead(mischief, outcome.value, through);
      });
    }
    if (mischief === "replay") {
      if (overheard.length > 0) this.#say(through, chance.pick(overheard));
      return;
    }
    if (mischief === "garbage") {
      const body = chance.bytes(1 + chance.int(80));
      const bytes = chance.happens(0.5)
        ? chance.bytes(1 + chance.int(200))
        : signCommand(this.#member.key, MESH, { key: taskKey(task), actor: this.#member.peer, body }, chance);
      return this.#say(through, { key: taskKey(task), bytes, actor: this.#member.peer, body, type: mischief });
    }
    through.taskClient(this.#member)?.read(taskKey(task), (outcome) => {
      if (outcome.type !== "value") return;
      const command = this.#command(mischief, task, through.index, outcome.value);
      if (!command) return;
      // A forged command has the signature of the traitor and the name of somebody else.
      const actor = mischief === "forge" ? victim : this.#member.peer;
      const body = TASK_COMMAND_CODEC.encode(command);
      const bytes = signCommand(this.#member.key, MESH, { key: taskKey(task), actor, body }, chance);
      this.#say(through, { key: taskKey(task), bytes, actor, body, type: command.type });
    });
  }

  #command(mischief: Mischief, task: TaskId, node: number, value: TaskValue | undefined): TaskCommand | undefined {
    const post = this.#board.postSeenBy(node, task);
    const version = value?.version ?? 0;
    const terms = this.#board.termsOf(task);
    const told = (kind: string): EntryId => this.#board.write({ kind, author: this.#member.peer, task });
    if (mischief === "cancel") {
      return post && { type: "cancel", version, post, terms, told: told("task_cancelled") };
    }
    if (mischief === "judge") {
      return value?.state === "review" ? { type: "accept", version, told: told("task_reviewed") } : undefined;
    }
    if (mischief === "retry") return value && { type: "retry", version, told: told("task_retried") };
    if (mischief === "expire") return post && { type: "expire", version, post, terms };
    if (mischief === "steal") {
      return value && { type: "complete", version, token: Math.max(1, value.token), told: told("task_completed") };
    }
    return post && {
      type: "claim",
      version,
      token: value?.token ?? 0,
      post,
      terms,
      leaseMs: 86_400_000,
    };
  }

  #lead(mischief: "acquire" | "depose", value: LeaderValue | undefined, through: MemberNode): void {
    const command: LeaderCommand = mischief === "acquire"
      ? { type: "acquire", expectedTerm: value?.term ?? 0, leaseMs: 60_000, score: 100 }
      : {
        type: "depose",
        term: value?.term ?? 1,
        order: "trigger",
        entry: this.#board.write({
          kind: "message_posted",
          author: this.#member.peer,
          task: undefined,
        }),
      };
    through.leaderClient(this.#member)?.submit(LEADER_KEY, command, () => {});
  }

  #say(through: MemberNode, { key, bytes, ...signed }: Overheard): void {
    if (key === LEADER_KEY) through.leaderClient(this.#member)?.submitBytes(key, bytes, signed, () => {});
    else through.taskClient(this.#member)?.submitBytes(key, bytes, signed, () => {});
  }
}

/** Which command of the leadership or of a task these bytes are; undefined of neither. */
export function commandOf(key: RegisterKey, body: Uint8Array): TaskCommand | LeaderCommand | undefined {
  return key === LEADER_KEY ? leaderCommandCodec.decode(body) : TASK_COMMAND_CODEC.decode(body);
}
