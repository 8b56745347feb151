import type { PeerId } from "@bzzz/base";
import type { Codec, Register, RegisterKey } from "@bzzz/register";
import type { ClientOutcome, TaskCalls } from "../cluster/client.ts";
import type { ClusterEvent, OperationOutcome } from "../cluster/events.ts";
import type { TaskCommand, TaskValue } from "@bzzz/coordinator";
import type { Viewer } from "../cluster/views.ts";
import type { History } from "../engine/history.ts";
import type { NodeHost } from "../engine/node_host.ts";

/** What a client of the real registers stands on. */
export interface RealClientDeps {
  readonly host: NodeHost;
  readonly history: History<ClusterEvent>;
  readonly viewer: Viewer;
  readonly register: Register<TaskValue, TaskCommand>;
  readonly codec: Codec<TaskValue>;
  readonly self: PeerId;
  readonly node: number;
  readonly nextOperation: () => number;
}

/** The calls of an agent, on the real registers; each call and its end are in the history. */
export class RealClient implements TaskCalls {
  readonly #deps: RealClientDeps;

  constructor(deps: RealClientDeps) {
    this.#deps = deps;
  }

  read(
    key: RegisterKey,
    done: (outcome: ClientOutcome<TaskValue>) => void,
    _timeoutMs?: number,
    what: "read" | "last_read" = "read",
  ): void {
    this.#follow(key, what, undefined, this.#deps.register.read(key), done);
  }

  submit(key: RegisterKey, command: TaskCommand, done: (outcome: ClientOutcome<TaskValue>) => void): void {
    this.#follow(key, command.type, command.type, this.#deps.register.submit(key, command), done);
  }

  /** Reports the outcome to the process that asked, if it still runs. */
  #follow(
    key: RegisterKey,
    what: string,
    command: string | undefined,
    outcome: Promise<Awaited<ReturnType<Register<TaskValue, TaskCommand>["read" | "submit"]>>>,
    done: (outcome: ClientOutcome<TaskValue>) => void,
  ): void {
    const { history, node, host, viewer, self, nextOperation } = this.#deps;
    const operation = nextOperation();
    const { incarnation } = host;
    const more = command === undefined
      ? {}
      : { command: { actor: viewer.numberOf(self), id: `operation ${operation}` } };
    history.add({ type: "invoked", operation, node, key, what, ...more });
    outcome.then((ended) => {
      if (host.incarnation !== incarnation) return;
      const { seen, told } = this.#translate(key, ended);
      history.add({ type: "returned", operation, node, outcome: seen });
      done(told);
    });
  }

  #translate(
    key: RegisterKey,
    outcome: Awaited<ReturnType<Register<TaskValue, TaskCommand>["read" | "submit"]>>,
  ): { readonly seen: OperationOutcome; readonly told: ClientOutcome<TaskValue> } {
    const { viewer, codec } = this.#deps;
    switch (outcome.type) {
      case "value": {
        const view = outcome.certificate && viewer.view(key, outcome.certificate.value);
        return { seen: { type: "read", view }, told: { type: "value", value: outcome.value } };
      }
      case "decided": {
        const { value, isNew, certificate } = outcome;
        const seen = { type: "decided", view: viewer.view(key, certificate.value), isNew } as const;
        return { seen, told: { type: "decided", value, isNew } };
      }
      case "refused": {
        const { code, value, retryAfterMs } = outcome;
        const view = value && viewer.view(key, codec.encode(value));
        const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
        return { seen: { type: "refused", code, view }, told: { type: "refused", code, value, ...retry } };
      }
      case "undecided":
        return { seen: { type: "undecided", reason: outcome.reason }, told: { type: "undecided" } };
    }
  }
}
