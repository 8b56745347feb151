import type { PeerId } from "@bzzz/base";
import { Chance, hashBytes } from "../engine/chance.ts";
import { EventLoop } from "../engine/event_loop.ts";
import { type Crash, faultsOf, type FaultTarget, injectFaults } from "../engine/faults.ts";
import { History } from "../engine/history.ts";
import { SimNetwork } from "../engine/network.ts";
import { NodeHost } from "../engine/node_host.ts";
import { crashMachine } from "../disk/crash.ts";
import type { DiskFlaws } from "../disk/sim_disk.ts";
import { Connections } from "./connections.ts";
import type { JournalEvent } from "./events.ts";
import { JournalNode } from "./node.ts";
import type { JournalPlan, JournalStep } from "./plan.ts";
import { Traitor } from "./traitor.ts";

/** How long nodes have to agree once nothing goes wrong any more: some rounds of sync with random peers. */
const AGREE_WITHIN_MS = 120_000;
/** An operator looks after a node whose log has not come back this long after the last fault. */
const OPERATOR_LOOKS_AFTER_MS = 60_000;
/** A run never has as many events. */
const MAX_STEPS = 200_000;

/** What is broken on purpose, to show that the claims notice. */
export interface JournalFlaws {
  readonly disk?: DiskFlaws;
  /** Nobody asks anybody for what gossip lost. */
  readonly isSyncOff?: boolean;
  /** Proofs of forks are kept in memory alone. */
  readonly forgetsForks?: boolean;
  /** A node gives other bytes than it got. */
  readonly altersFrames?: boolean;
}

/** Runs a plan; the history of it. */
export async function runJournal(
  plan: JournalPlan,
  options: { readonly seed: number; readonly flaws?: JournalFlaws },
): Promise<History<JournalEvent>> {
  const cluster = new Cluster(plan, options.seed, options.flaws ?? {});
  return await cluster.run();
}

class Cluster implements FaultTarget {
  readonly loop = new EventLoop();
  readonly network: SimNetwork;
  readonly hosts: NodeHost[];
  readonly #plan: JournalPlan;
  readonly #history = new History<JournalEvent>(() => this.loop.nowMs);
  readonly #nodes: JournalNode[];
  readonly #connections: Connections;
  readonly #traitor = new Traitor();
  /** Nodes with an old copy of their disk. */
  readonly #restored = new Set<number>();
  /** Frames each process has passed on. */
  readonly #seen = new Map<string, Set<number>>();

  constructor(plan: JournalPlan, seed: number, flaws: JournalFlaws) {
    this.#plan = plan;
    const chance = new Chance(seed);
    const { loop } = this;
    const quality = { minDelayMs: 0.3, meanExtraMs: 8, loss: plan.loss, duplication: 0.05 };
    this.network = new SimNetwork({ loop, chance: chance.fork("network") }, quality);
    this.#nodes = plan.clocks.map((clock, index) =>
      new JournalNode({
        host: new NodeHost(loop, { ...clock, name: `n${index}` }),
        chance,
        history: this.#history,
        connections: () => this.#connections,
        publish: (from, frame) => this.#gossip(from, frame, undefined),
      }, { index, flaws })
    );
    this.hosts = this.#nodes.map(({ host }) => host);
    this.#connections = new Connections({ loop, network: this.network, chance: chance.fork("tcp") }, this.#nodes);
  }

  async run(): Promise<History<JournalEvent>> {
    for (const node of this.#nodes) node.start();
    this.linksChanged();
    injectFaults(faultsOf(this.#plan.steps), this);
    for (const step of this.#plan.steps) if (step.type !== "fault") this.#perform(step);
    const quietMs = this.#quietMs();
    await this.loop.runSettled(quietMs, { maxSteps: MAX_STEPS });
    await this.#agree(quietMs);
    this.#recordLogs();
    return this.#history;
  }

  crash(index: number, crash: Crash, afterCommits: number): void {
    crashMachine(this.#nodes[index], crash, afterCommits, () => this.linksChanged());
  }

  restart(index: number): void {
    this.#nodes[index]?.start();
    this.linksChanged();
  }

  setDiskFull(index: number, isFull: boolean): void {
    this.#nodes[index]?.disk.setFull(isFull);
  }

  linksChanged(): void {
    this.#connections.review();
  }

  #perform(step: Exclude<JournalStep, { type: "fault" }>): void {
    this.loop.later(step.atMs, () => {
      switch (step.type) {
        case "append":
          for (let left = step.count ?? 1; left > 0; left--) this.#nodes[step.node]?.append();
          return;
        case "restore":
          return this.#restore(step);
        case "mischief":
          return this.#betray(step);
      }
    });
  }

  #restore({ node: index, commits, forMs, mark }: Extract<JournalStep, { type: "restore" }>): void {
    this.crash(index, { isPowerCut: false, keptShare: 1 }, 0);
    this.#nodes[index]?.disk.restoreBackup(commits);
    if (mark === "emptied") this.#nodes[index]?.emptyMark();
    this.#restored.add(index);
    this.#history.add({ type: "restored", node: index, commits });
    this.loop.later(forMs, () => this.restart(index));
  }

  #betray(step: Extract<JournalStep, { type: "mischief" }>): void {
    const { one, other, seq } = this.#traitor.make(step.mischief, new Chance(step.seed));
    if (seq !== undefined) this.#history.add({ type: "forked", author: this.#traitor.peer, seq });
    for (const node of this.#nodes) {
      const frame = step.to.includes(node.index) ? one : other;
      this.loop.later(this.network.delayMs(), () => {
        if (node.host.isRunning) this.#deliver(node, frame, this.#traitor.peer);
      });
    }
  }

  /** Floods as gossipsub's mesh does in a small network: everybody passes on once what it accepted. */
  #gossip(from: JournalNode, frame: Uint8Array, except: PeerId | undefined): number {
    this.#noteSeen(from, frame);
    const peers = this.#connections.peersOf(from.peer).filter((peer) => peer !== except);
    for (const node of this.#nodes) {
      if (!peers.includes(node.peer)) continue;
      this.network.send(from.host, node.host, () => this.#deliver(node, frame, from.peer));
    }
    return peers.length;
  }

  #deliver(node: JournalNode, frame: Uint8Array, from: PeerId): void {
    if (!this.#noteSeen(node, frame)) return;
    const verdict = node.receive(frame, from);
    if (verdict === "accept") this.#gossip(node, frame, from);
    if (verdict !== "reject" || from === this.#traitor.peer) return;
    this.#history.add({ type: "penalised", node: node.index, peer: from, reason: "rejected_message" });
  }

  /** False when this process saw the frame before. */
  #noteSeen(node: JournalNode, frame: Uint8Array): boolean {
    const key = `${node.index}/${node.host.incarnation}`;
    const seen = this.#seen.get(key) ?? new Set();
    this.#seen.set(key, seen);
    const hash = hashBytes(frame);
    if (seen.has(hash)) return false;
    seen.add(hash);
    return true;
  }

  /** When the last fault has ended. */
  #quietMs(): number {
    const ends = this.#plan.steps.map((step) => {
      if (step.type === "fault") return step.fault.atMs + step.fault.forMs;
      return step.atMs + (step.type === "restore" ? step.forMs : 0);
    });
    return Math.max(this.#plan.activeMs, ...ends) + 1;
  }

  /** Crashes that waited for a commit are off; then time passes until all have the same. */
  async #agree(fromMs: number): Promise<void> {
    for (const node of this.#nodes) {
      node.disk.dieAfterCommits(Infinity, () => {});
      node.start();
    }
    this.linksChanged();
    let hasLooked = false;
    while (this.loop.nowMs < fromMs + AGREE_WITHIN_MS) {
      await this.loop.runSettled(this.loop.nowMs + 1_000, { maxSteps: MAX_STEPS });
      if (!hasLooked && this.loop.nowMs >= fromMs + OPERATOR_LOOKS_AFTER_MS) {
        hasLooked = true;
        for (const node of this.#nodes) if (this.#hasLostForGood(node)) this.#giveUp(node);
      }
      if (this.#haveAgreed()) {
        this.#history.add({ type: "converged", afterMs: this.loop.nowMs - fromMs });
        return;
      }
    }
    this.#history.add({ type: "converged", afterMs: undefined });
  }

  /** It waits for entries that went with an old copy of its disk, and nobody has more of its log than it has itself. */
  #hasLostForGood({ index, peer, journal }: JournalNode): boolean {
    if (!this.#restored.has(index) || journal?.state !== "must_catch_up") return false;
    const lengths = this.#nodes.map((other) => other.journal?.vector().get(peer)?.seq ?? 0);
    return Math.max(...lengths) === (lengths[index] ?? 0);
  }

  /** The procedure of `docs/operate.md`; then somebody writes there again, which everybody must get. */
  #giveUp(node: JournalNode): void {
    this.crash(node.index, { isPowerCut: false, keptShare: 1 }, 0);
    node.emptyMark();
    this.#history.add({ type: "gave_up", node: node.index });
    this.restart(node.index);
    node.append();
  }

  #haveAgreed(): boolean {
    const views = this.#nodes.map(({ journal }) => {
      if (!journal || journal.state === "must_catch_up") return undefined;
      const frozen = journal.frozen();
      const vector = journal.vector();
      const heads = [...new Set([...vector.keys(), ...frozen.keys()])].map((author) => {
        const head = vector.get(author);
        const stop = frozen.get(author);
        if (stop === undefined) return `${author} ${head?.seq} ${head?.id}`;
        return `${author} stopped at ${stop} with ${Math.min(head?.seq ?? 0, stop - 1)}`;
      });
      return heads.sort().join("\n");
    });
    return views.every((view) => view !== undefined && view === views[0]);
  }

  #recordLogs(): void {
    for (const { journal, index } of this.#nodes) {
      if (!journal) continue;
      const frozen = journal.frozen();
      for (const author of [...new Set([...journal.vector().keys(), ...frozen.keys()])].sort()) {
        const length = journal.vector().get(author)?.seq ?? 0;
        const ids = Array.from({ length }, (_, i) => journal.envelopeAt(author, i + 1)?.id).filter((id) =>
          id !== undefined
        );
        this.#history.add({ type: "log", node: index, author, ids, frozenAt: frozen.get(author) });
      }
    }
  }
}
