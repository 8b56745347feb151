import {
  type Clock,
  type CounterMap,
  createDeadline,
  errorMessage,
  parsePeerId,
  type PeerId,
  TaskGroup,
  type Timer,
} from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { Connection, Libp2p } from "@libp2p/interface";
import { parseAddress, withPeer } from "./address.ts";
import { DIAL_TIMEOUT_MS, MAX_PARALLEL_DIALS, REDIAL_TICK_MS } from "./constants.ts";
import { P2pError } from "./errors.ts";
import type { DialTarget, RedialPlan } from "./redial.ts";
import type { AddressBook, P2pEvents } from "./types.ts";

/** What was learned within this time is written to the address book at once. */
const SAVE_DELAY_MS = 1_000;

/** What the dialer stands on. */
export interface DialerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: CounterMap;
  readonly libp2p: Libp2p;
  readonly plan: RedialPlan;
  readonly addressBook: AddressBook | undefined;
  readonly isConnected: (peer: PeerId) => boolean;
  readonly isDenied: (peer: PeerId) => boolean;
  readonly isMember: (peer: PeerId) => boolean;
  /** Whether the hello on a new connection went well. */
  readonly outcomeOf: (connection: Connection, signal: AbortSignal) => Promise<boolean>;
  readonly hasEnough: () => boolean;
  /** No peer is admitted. */
  readonly isAlone: () => boolean;
  readonly warn: (warning: P2pEvents["warning"]) => void;
}

/** Runs the redial plan: at most 8 dials at once, each at most 4 s; and keeps the address book. */
export class Dialer {
  readonly #deps: DialerDeps;
  readonly #tasks: TaskGroup;
  readonly #stopping = new AbortController();
  #ticker: Timer | undefined;
  #saver: Timer | undefined;
  #dialing = 0;
  #isDirty = false;

  constructor(deps: DialerDeps) {
    this.#deps = deps;
    this.#tasks = new TaskGroup((error, what) => deps.logger.warn("dialer task failed", { what }, error));
  }

  /** Loads the address book and begins. */
  async start(): Promise<void> {
    const { clock, plan, addressBook } = this.#deps;
    try {
      for (const saved of await addressBook?.load() ?? []) plan.restore(saved, clock.monotonicMs());
    } catch (error) {
      const message = `Cannot use the remembered addresses of peers: ${errorMessage(error)}`;
      this.#deps.warn({ code: "address_book_failed", message });
    }
    this.#ticker = clock.setPeriodic(REDIAL_TICK_MS, () => this.#tick(), { unref: true });
    this.#tick();
  }

  /** Ends every dial and writes the address book. */
  async stop(): Promise<void> {
    this.#ticker?.cancel();
    this.#saver?.cancel();
    this.#stopping.abort(new Error("the node is stopping"));
    await this.#tasks.settled();
    await this.#save();
  }

  /** Something worth saving has been learned: it is on disk soon, since a killed node must find the others again. */
  touch(): void {
    this.#isDirty = true;
    this.#saver ??= this.#deps.clock.setTimer(SAVE_DELAY_MS, () => {
      this.#saver = undefined;
      this.#tasks.run("save", () => this.#save());
    }, { unref: true });
  }

  /**
   * Dials now, outside the plan.
   * @throws P2pError "p2p_dial_failed"
   */
  async dial(addresses: readonly string[], peer: PeerId | undefined, signal?: AbortSignal): Promise<Connection> {
    using deadline = createDeadline(this.#deps.clock, {
      timeoutMs: DIAL_TIMEOUT_MS,
      what: "dialling",
      parent: signal ? AbortSignal.any([signal, this.#stopping.signal]) : this.#stopping.signal,
    });
    try {
      // libp2p dials none of them when one is another's
      const targets = addresses.flatMap((text) => {
        const address = parseAddress(text);
        return (peer ? withPeer(address, peer) : address) ?? [];
      });
      const connection = await this.#deps.libp2p.dial(targets, { signal: deadline.signal });
      this.#deps.counters.add("dial.ok");
      return connection;
    } catch (cause) {
      this.#deps.counters.add("dial.failed");
      throw new P2pError("p2p_dial_failed", `Cannot reach ${addresses[0] ?? peer}: ${reasonOf(cause)}`, { cause });
    }
  }

  #tick(): void {
    const { clock, plan, isConnected, isDenied, isMember, hasEnough, isAlone } = this.#deps;
    const targets = plan.due({
      nowMs: clock.monotonicMs(),
      isConnected,
      isDenied,
      isMember,
      slots: MAX_PARALLEL_DIALS - this.#dialing,
      hasEnough: hasEnough(),
      isAlone: isAlone(),
    });
    for (const target of targets) this.#tasks.run("dial", () => this.#dialTarget(target));
  }

  async #dialTarget(target: DialTarget): Promise<void> {
    const { clock, plan, logger } = this.#deps;
    this.#dialing++;
    try {
      const connection = await this.dial(target.addresses, target.peer);
      const peer = parsePeerId(connection.remotePeer.toString());
      const isAdmitted = await this.#deps.outcomeOf(connection, this.#stopping.signal);
      plan.settled(target, isAdmitted ? "admitted" : "refused", clock.monotonicMs(), peer);
    } catch (error) {
      plan.settled(target, isSelfDial(error) ? "self" : "failed", clock.monotonicMs());
      if (!this.#stopping.signal.aborted) {
        logger.debug("dial failed", { target: target.key, reason: errorMessage(error) });
      }
    } finally {
      this.#dialing--;
    }
  }

  async #save(): Promise<void> {
    const { addressBook, plan } = this.#deps;
    if (!addressBook || !this.#isDirty) return;
    this.#isDirty = false;
    try {
      await addressBook.save(plan.remembered().filter(({ lastSeenMs }) => lastSeenMs > 0));
    } catch (error) {
      const message = `Cannot remember the addresses of peers: ${errorMessage(error)}`;
      this.#deps.warn({ code: "address_book_failed", message });
    }
  }
}

function reasonOf(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return errorMessage(first).split("\n")[0]?.slice(0, 200) ?? "unknown";
}

/** A bootstrap list may name this node itself, as all pods of a set share one list. */
function isSelfDial(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.message.includes("dial self")) return true;
    if (at instanceof AggregateError && at.errors.some(isSelfDial)) return true;
  }
  return false;
}
