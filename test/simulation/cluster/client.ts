import type { PeerId } from "@bzzz/base";
import type { Certificate, Codec, RegisterKey } from "@bzzz/register";
import type { History } from "../engine/history.ts";
import type { Member, RunCrypto } from "./crypto.ts";
import { type ClusterEvent, type OperationOutcome, UNPROVEN } from "./events.ts";
import type { RegisterNode, RegisterOutcome } from "./register_node.ts";
import type { TaskCommand, TaskValue } from "@bzzz/coordinator";
import { commandId, type Viewer } from "./views.ts";

/** What a client is told; `value` is decoded. */
export type ClientOutcome<V> =
  | { readonly type: "value"; readonly value: V | undefined }
  | { readonly type: "decided"; readonly value: V; readonly isNew: boolean }
  | { readonly type: "refused"; readonly code: string; readonly value: V | undefined; readonly retryAfterMs?: number }
  | { readonly type: "undecided" };

/** The calls that an agent makes. */
export interface TaskCalls {
  read(key: RegisterKey, done: (outcome: ClientOutcome<TaskValue>) => void): void;
  submit(key: RegisterKey, command: TaskCommand, done: (outcome: ClientOutcome<TaskValue>) => void): void;
}

/** What clients of one run share. */
export interface ClientDeps {
  readonly history: History<ClusterEvent>;
  readonly viewer: Viewer;
  /** Whether a certificate proves what it says, by the voters of its epoch. */
  readonly isProven: (certificate: Certificate) => boolean;
  readonly nextOperation: () => number;
  readonly crypto: RunCrypto;
}

/** The registers of one prefix as one node uses them; every call and its end are in the history. */
export class Client<V, C extends { readonly type: string }> {
  readonly #deps: ClientDeps;
  readonly #register: RegisterNode;
  readonly #member: Member;
  readonly #node: number;
  readonly #codecs: { readonly value: Codec<V>; readonly command: Codec<C> };

  constructor(
    deps: ClientDeps & { readonly register: RegisterNode; readonly member: Member },
    options: { readonly node: number; readonly value: Codec<V>; readonly command: Codec<C> },
  ) {
    this.#deps = deps;
    this.#register = deps.register;
    this.#member = deps.member;
    this.#node = options.node;
    this.#codecs = options;
  }

  /** `what`: "last_read" of the reads at the end of a run, which must be answered. */
  read(
    key: RegisterKey,
    done: (outcome: ClientOutcome<V>) => void,
    timeoutMs?: number,
    what: "read" | "last_read" = "read",
  ): void {
    const operation = this.#invoke(key, what);
    this.#register.run(key, { type: "read" }, (outcome) => {
      this.#return(operation, key, outcome, true);
      done(this.#told(outcome, true));
    }, timeoutMs);
  }

  submit(key: RegisterKey, command: C, done: (outcome: ClientOutcome<V>) => void, timeoutMs?: number): void {
    const { peer } = this.#member;
    const { bytes, body } = this.#sign(key, command);
    this.submitBytes(key, bytes, { actor: peer, body, type: command.type }, done, timeoutMs);
  }

  /** The same of a command that somebody has signed, or says so. */
  submitBytes(
    key: RegisterKey,
    bytes: Uint8Array,
    signed: { readonly actor: PeerId; readonly body: Uint8Array; readonly type: string },
    done: (outcome: ClientOutcome<V>) => void,
    timeoutMs?: number,
  ): void {
    const { actor, type } = signed;
    const operation = this.#invoke(key, type, { actor: this.#deps.viewer.numberOf(actor), id: commandId(bytes) });
    this.#register.run(key, { type: "command", bytes }, (outcome) => {
      this.#return(operation, key, outcome, false);
      done(this.#told(outcome, false));
    }, timeoutMs);
  }

  /** What the voters would say; changes nothing, so it is no operation of the history. */
  probe(
    key: RegisterKey,
    command: C,
    done: (outcome: ClientOutcome<V> | { readonly type: "would_accept" }) => void,
    timeoutMs?: number,
  ): void {
    this.#register.run(key, { type: "probe", bytes: this.#sign(key, command).bytes }, (outcome) => {
      done(outcome.type === "would_accept" ? { type: "would_accept" } : this.#told(outcome, false));
    }, timeoutMs);
  }

  #sign(key: RegisterKey, command: C): { readonly bytes: Uint8Array; readonly body: Uint8Array } {
    const body = this.#codecs.command.encode(command);
    return { bytes: this.#deps.crypto.signCommand(key, this.#member.peer, body), body };
  }

  #invoke(key: RegisterKey, what: string, command?: { readonly actor: number; readonly id: string }): number {
    const operation = this.#deps.nextOperation();
    const more = command ? { command } : {};
    this.#deps.history.add({ type: "invoked", operation, node: this.#node, key, what, ...more });
    return operation;
  }

  #return(operation: number, key: RegisterKey, outcome: RegisterOutcome, isRead: boolean): void {
    const { history } = this.#deps;
    history.add({ type: "returned", operation, node: this.#node, outcome: this.#seen(key, outcome, isRead) });
  }

  #told(outcome: RegisterOutcome, isRead: boolean): ClientOutcome<V> {
    switch (outcome.type) {
      case "decided": {
        const value = this.#value(outcome.certificate.value);
        if (value === undefined) return { type: "undecided" };
        return isRead ? { type: "value", value } : { type: "decided", value, isNew: outcome.isNew };
      }
      case "absent":
        return { type: "value", value: undefined };
      case "refused": {
        const { code, retryAfterMs } = outcome;
        const value = outcome.value && this.#value(outcome.value);
        return { type: "refused", code, value, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
      }
      default:
        return { type: "undecided" };
    }
  }

  #seen(key: RegisterKey, outcome: RegisterOutcome, isRead: boolean): OperationOutcome {
    const { viewer } = this.#deps;
    switch (outcome.type) {
      case "decided": {
        if (!this.#deps.isProven(outcome.certificate)) return { type: "undecided", reason: UNPROVEN };
        const view = viewer.view(key, outcome.certificate.value);
        return isRead ? { type: "read", view } : { type: "decided", view, isNew: outcome.isNew };
      }
      case "absent":
        return { type: "read", view: undefined };
      case "refused": {
        const view = outcome.value && viewer.view(key, outcome.value);
        return { type: "refused", code: outcome.code, view };
      }
      case "undecided":
        return { type: "undecided", reason: outcome.reason };
      default:
        return { type: "undecided", reason: outcome.type };
    }
  }

  #value(bytes: Uint8Array): V | undefined {
    return this.#codecs.value.decode(bytes);
  }
}
