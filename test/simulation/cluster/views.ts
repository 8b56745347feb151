import { hexEncode, type PeerId } from "@bzzz/base";
import { TASK_VALUE_CODEC } from "@bzzz/coordinator";
import { sha256 } from "@bzzz/crypto";
import { LEADER_KEY, leaderValueCodec } from "@bzzz/election";
import type { RegisterKey } from "@bzzz/register";
import type { ValueView } from "./events.ts";

const NO_TASK = { spent: 0, deadlineMs: undefined, plan: undefined } as const;

/** Values and members as histories show them. */
export class Viewer {
  readonly #numbers: ReadonlyMap<PeerId, number>;
  readonly #views = new WeakMap<Uint8Array, ValueView>();

  constructor(peers: readonly PeerId[]) {
    this.#numbers = new Map(peers.map((peer, number) => [peer, number]));
  }

  /** -1 of somebody who is no member. */
  numberOf(peer: PeerId): number {
    return this.#numbers.get(peer) ?? -1;
  }

  view(key: RegisterKey, bytes: Uint8Array): ValueView {
    const known = this.#views.get(bytes);
    if (known) return known;
    const id = hexEncode(sha256(bytes)).slice(0, 16);
    const view = key === LEADER_KEY ? this.#ofLeader(id, bytes) : this.#ofTask(id, bytes);
    this.#views.set(bytes, view);
    return view;
  }

  #ofLeader(id: string, bytes: Uint8Array): ValueView {
    const value = leaderValueCodec.decode(bytes);
    if (!value) return unreadable(id);
    const { version, holder, term } = value;
    const number = this.#number(holder);
    return { id, version, holder: number, token: term, state: "leader", worker: undefined, by: number, ...NO_TASK };
  }

  #ofTask(id: string, bytes: Uint8Array): ValueView {
    const value = TASK_VALUE_CODEC.decode(bytes);
    if (!value) return unreadable(id);
    const { version, holder, token, state, worker, by, spent, deadlineMs, plan } = value;
    const numbers = { holder: this.#number(holder), worker: this.#number(worker), by: this.#number(by) };
    return { id, version, token, state, ...numbers, spent, deadlineMs, plan };
  }

  #number(peer: PeerId | undefined): number | undefined {
    return peer === undefined ? undefined : this.numberOf(peer);
  }
}

/** What is in no register by the rules, and breaks a claim where it turns up. */
function unreadable(id: string): ValueView {
  const nobody = { holder: undefined, worker: undefined, by: undefined };
  return { id, version: -1, token: -1, state: "unreadable", ...nobody, ...NO_TASK };
}

/** The name of a signed command in histories. */
export function commandId(bytes: Uint8Array): string {
  return hexEncode(sha256(bytes)).slice(0, 16);
}
