/**
 * What every act of the demo uses: its people and programs, commands as they are typed, waits that say what they wait for.
 *
 * @module
 */
import type { StatusView } from "@bzzz/api";
import type { Clock } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { CommandFailed, type DemoNode, type ProgramName, type Programs } from "./programs.ts";
import type { Timeline } from "./timeline.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
export const FOUNDER = "atlas";
/** They work, and they vote. */
export const AGENTS = [FOUNDER, "basil", "cedar"] as const;
export const PERSON = "ana";
export const LATE = "dune";
/** The shortest lease of a task there is, so that nobody waits long for one of a dead holder. */
export const LEASE_SECONDS = 5;
export const WAIT_MS = 30_000;

/** The mesh of the demo and its time line. */
export class Stage {
  readonly clock: Clock;
  readonly programs: Programs;
  readonly timeline: Timeline;

  constructor(deps: { clock: Clock; programs: Programs; timeline: Timeline }) {
    this.clock = deps.clock;
    this.programs = deps.programs;
    this.timeline = deps.timeline;
  }

  node(name: string): DemoNode {
    return this.programs.nodes.get(name) ?? fail(`${name} does not run`);
  }

  told(): { event: Timeline["event"] } {
    return { event: (who, text) => this.timeline.event(who, text) };
  }

  async joinAndStart(name: string): Promise<void> {
    const program = name === PERSON ? "bzzz-hap" : "bzzz-agent";
    await this.join(name, program);
    await this.start(name, program);
  }

  async join(name: string, program: ProgramName): Promise<void> {
    const binary = program === "bzzz-hap" ? "hap" : "agent";
    const invite = ["invite", "--role", "developer", "--binary", binary, "--ttl", "10m"];
    const [invited] = await this.json<{ token: string }>(FOUNDER, "bzzz-agent", invite);
    // the token goes through standard input: it is a secret
    const [joined] = await this.json<{ role: string }>(
      name,
      program,
      ["join", "--agent-id", name, "-"],
      invited?.token,
    );
    this.timeline.event(name, `joined with a one-time token of ${FOUNDER}, as ${joined?.role}`);
  }

  async start(name: string, program: ProgramName): Promise<DemoNode> {
    const node = await this.programs.start(name, program, program === "bzzz-agent" ? WORKER : {});
    const address = node.endpoints?.p2p_addresses[0] ?? "no address";
    this.timeline.event(name, `runs ${program}, pid ${node.endpoints?.pid}, ${address.replace(/\/p2p\/.*$/, "")}`);
    return node;
  }

  async stop(name: string): Promise<void> {
    const { code } = await this.node(name).stop();
    if (code !== 0) fail(`${name} ended with status ${code}`);
    this.timeline.event(name, `left in good order, exit status ${code}`);
  }

  /** Runs a command as a person types it, and shows it with what it prints. */
  async type(name: string, program: ProgramName, args: readonly string[]): Promise<void> {
    await this.timeline.command(name, [program, ...args], async () => ({
      output: await this.programs.runOk(name, program, args),
    }));
  }

  async seenAs(name: string, other: string, presence: string): Promise<void> {
    const client = await this.node(name).api();
    const agent = await waitFor(
      async () => (await client.agents()).find((one) => one.agent_id === other && one.presence === presence),
      { timeoutMs: WAIT_MS, what: `${name} to see that ${other} is "${presence}"` },
    );
    this.timeline.event(name, `sees ${agent.agent_id} as "${agent.presence}"`);
  }

  async json<T>(
    name: string,
    program: ProgramName,
    args: readonly string[],
    input?: string,
  ): Promise<T[]> {
    const text = await this.programs.runOk(name, program, [...args, "--json"], input);
    // the documented form of the command: one object a line
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as T);
  }

  async until(name: string, fits: (status: StatusView) => boolean): Promise<StatusView> {
    const client = await this.node(name).api();
    let status = await client.status();
    await waitFor(async () => fits(status = await client.status()), {
      timeoutMs: WAIT_MS,
      what: `the state of ${name}`,
      state: () => status,
    });
    return status;
  }

  /** Every agent and the person are connected to all of them; resolves with how many others that are. */
  async untilConnected(): Promise<number> {
    const nodes = [...AGENTS, PERSON];
    await Promise.all(nodes.map((name) => this.until(name, ({ peers }) => peers.connected === nodes.length - 1)));
    return nodes.length - 1;
  }

  /** To `name`, so many vote and no change is under way. */
  async untilStable(name: string, count: number): Promise<void> {
    const client = await this.node(name).api();
    await waitFor(async () => {
      const view = await client.voters();
      return view.voters.length === count && !view.is_changing && view.has_quorum;
    }, { timeoutMs: WAIT_MS, what: `${name} to know ${count} voters` });
  }

  /** The person's node has heard every agent say that it is ready, so that the ranking below is the agents' own. */
  async untilPresent(): Promise<void> {
    const client = await this.node(PERSON).api();
    await waitFor(async () => {
      const ready = (await client.agents()).filter(({ presence }) => presence === "ready").map(({ agent_id }) =>
        agent_id
      );
      return AGENTS.every((name) => ready.includes(name));
    }, { timeoutMs: WAIT_MS, what: "every agent to be present" });
  }
}

/** What makes an agent fit for the task: the one program it may start, with the right to read this project and no more. */
const WORKER: Readonly<Record<string, string>> = {
  BZZZ_COORDINATION_LEASE_SECONDS: String(LEASE_SECONDS),
  BZZZ_COORDINATION_PRESENCE_INTERVAL_SECONDS: "1",
  BZZZ_COORDINATION_PRESENCE_TIMEOUT_SECONDS: "3",
  // voters on one machine hear each other at once: a dead leader is replaced within 3 s, not 20
  BZZZ_ELECTION_PROFILE: "lan",
  BZZZ_AGENT_CAPABILITIES: "survey",
  BZZZ_EXECUTOR_KIND: "process",
  BZZZ_EXECUTOR_PROCESS_COMMANDS: JSON.stringify([{
    name: "survey",
    argv: [
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--no-remote",
      "--no-prompt",
      `--allow-read=${ROOT}`,
      `${ROOT}test/demo/survey.ts`,
      ROOT,
    ],
  }]),
};

/** Ends the demo with the reason why. */
export function fail(why: string): never {
  throw new CommandFailed(why);
}
