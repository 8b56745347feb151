import { type Clock, createUlid, type Random } from "@bzzz/base";
import type { Config } from "@bzzz/config";
import type { BodyOf } from "@bzzz/wire";
import type { Candidacy } from "./candidacy.ts";

/** The part of the presence that only the work of the program knows. */
export interface WorkStatus {
  readonly status: BodyOf<"presence">["status"];
  readonly activeTasks: number;
  readonly maxTasks: number;
}

const IDLE: WorkStatus = { status: "ready", activeTasks: 0, maxTasks: 0 };
/** Addresses in one signal. */
const MAX_ADDRESSES = 8;

/** What this node says about itself. The execution tells what it works on, once there is one. */
export class SelfStatus {
  readonly #config: Config;
  readonly #incarnation: string;
  readonly #addresses: () => readonly string[];
  readonly #load: () => number;
  #isDraining = false;
  #person: BodyOf<"presence">["person"];
  #source: () => WorkStatus = () => IDLE;
  #candidacy: () => Candidacy = () => ({});
  #models: () => readonly string[];

  constructor(
    deps: {
      readonly clock: Pick<Clock, "nowMs">;
      readonly random: Random;
      readonly addresses: () => readonly string[];
      /** Load of the machine, 0 idle, 1 full. */
      readonly load: () => number;
    },
    config: Config,
  ) {
    this.#config = config;
    this.#models = () => "models" in config.agent ? config.agent.models : [];
    this.#addresses = deps.addresses;
    this.#load = deps.load;
    this.#incarnation = createUlid(deps.clock.nowMs(), deps.random);
  }

  /** From now on `source` tells what is worked on. */
  setSource(source: () => WorkStatus): void {
    this.#source = source;
  }

  /** From now on `models` tells which models are behind this node. */
  setModels(models: () => readonly string[]): void {
    this.#models = models;
  }

  /** From now on `candidacy` tells what this node is weighed by in an election. */
  setCandidacy(candidacy: () => Candidacy): void {
    this.#candidacy = candidacy;
  }

  /** The node is going: it says "draining" whatever its work says. */
  setDraining(): void {
    this.#isDraining = true;
  }

  /** What the person of this node says of themselves; everybody hears it with the next presence. */
  setPerson(person: NonNullable<BodyOf<"presence">["person"]>): void {
    this.#person = person;
  }

  describe(): BodyOf<"presence"> {
    const { agent } = this.#config;
    const work = this.#source();
    return {
      status: this.#isDraining ? "draining" : work.status,
      activeTasks: work.activeTasks,
      maxTasks: work.maxTasks,
      capabilities: [...agent.capabilities],
      models: [...this.#models()],
      load: this.#load(),
      incarnation: this.#incarnation,
      addresses: [...this.#addresses()].slice(0, MAX_ADDRESSES),
      ...(this.#person === undefined ? {} : { person: this.#person }),
      ...this.#candidacy(),
    };
  }
}

/** Load of the machine over the last minute per core; 0 where the system does not tell. */
export function machineLoad(): number {
  try {
    return Math.round(100 * (Deno.loadavg()[0] ?? 0) / Math.max(1, navigator.hardwareConcurrency)) / 100;
  } catch {
    return 0; // not permitted: the load only weighs candidates
  }
}
