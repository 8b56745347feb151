/**
 * A small LAN on this machine: network namespaces as hosts, joined by a bridge in a namespace of its own. Cables can be
 * pulled, and packets dropped while the link stays up. Needs root and iproute2.
 *
 * @module
 */
import { ApiClient } from "@bzzz/api";
import { createSystemClock, createSystemRandom, errorMessage, hexEncode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { PATIENCE_MS } from "./patience.ts";
import type { RunningNode } from "./programs.ts";

/** One host of the LAN. */
export interface LanHost {
  /** Name of its network namespace. */
  readonly netns: string;
  /** Its IPv4 address on the LAN. */
  readonly address: string;
}

/** A link as `tc netem` has it: each packet late by `delayMs` ± `jitterMs`, and some lost. */
export interface SlowLink {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossPercent: number;
}

const CUT_TABLE = "bzzz_cut";
const clock = createSystemClock();
const random = createSystemRandom();
const RELAY = new URL("./netns_relay.ts", import.meta.url).pathname;

/** Why this machine cannot have network namespaces; undefined when it can. Asked once, when a test file is loaded. */
export function findNetnsObstacle(): Promise<string | undefined> {
  return probeNetns("bridges in the kernel", (netns) => ip("-n", netns, "link", "add", "br0", "type", "bridge"));
}

/** The same for `blockFrom` and for slow links: nftables, with address translation. */
export function findNftObstacle(): Promise<string | undefined> {
  return probeNetns(
    "nftables",
    (netns) =>
      nft(
        netns,
        "add table ip probe; add chain ip probe out { type nat hook output priority -100; }; add rule ip probe out tcp dport 9000 redirect to :9001",
      ),
  );
}

/** The same for `delay`: the queueing discipline that loses and delays packets. */
export function findNetemObstacle(): Promise<string | undefined> {
  return probeNetns(
    "tc and sch_netem in the kernel",
    (netns) => netem(netns, "lo", { delayMs: 1, jitterMs: 1, lossPercent: 0 }),
  );
}

async function probeNetns(what: string, attempt: (netns: string) => Promise<void>): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "needs root";
  const probe = `bzzz-probe-${hexEncode(random.bytes(3))}`;
  try {
    await ip("netns", "add", probe);
  } catch (error) {
    return `needs "ip netns" (iproute2) and the right to use it: ${errorMessage(error)}`;
  }
  try {
    await attempt(probe);
    return undefined;
  } catch (error) {
    return `needs ${what}: ${errorMessage(error)}`;
  } finally {
    await ip("netns", "del", probe);
  }
}

/** Says why a file's tests are skipped, once. */
export function announceSkip(what: string, obstacle: string | undefined): void {
  if (obstacle !== undefined) Deno.stdout.writeSync(new TextEncoder().encode(`${what}: skipped, ${obstacle}\n`));
}

/** Hosts and the bridge between them. Dispose removes everything; nodes in it must be stopped before. */
export class TestLan implements AsyncDisposable {
  readonly hosts: readonly LanHost[];
  readonly #hub: string;
  readonly #folder: string;
  readonly #relays = new Map<string, Relay>();

  private constructor(hub: string, hosts: readonly LanHost[], folder: string) {
    this.#hub = hub;
    this.hosts = hosts;
    this.#folder = folder;
  }

  /** A LAN of `count` hosts, 10.77.0.1 and on, with multicast and without a way out. */
  static async create(count: number): Promise<TestLan> {
    const tag = `bzzz-${hexEncode(random.bytes(3))}`;
    const hosts = Array.from({ length: count }, (_, i) => ({ netns: `${tag}-${i + 1}`, address: `10.77.0.${i + 1}` }));
    const lan = new TestLan(`${tag}-hub`, hosts, await Deno.makeTempDir({ prefix: "bzzz-lan-" }));
    try {
      await ip("netns", "add", lan.#hub);
      await ip("-n", lan.#hub, "link", "add", "br0", "type", "bridge", "stp_state", "0", "mcast_snooping", "0");
      await ip("-n", lan.#hub, "link", "set", "br0", "up");
      for (const [index, host] of hosts.entries()) await lan.#addHost(host, `port${index}`);
      return lan;
    } catch (error) {
      await lan[Symbol.asyncDispose]();
      throw error;
    }
  }

  host(index: number): LanHost {
    const host = this.hosts[index];
    if (!host) throw new RangeError(`The LAN has no host ${index}`);
    return host;
  }

  /** Pulls the cable: the host's interface loses its carrier. */
  async pullCable(index: number): Promise<void> {
    await ip("-n", this.#hub, "link", "set", `port${index}`, "down");
  }

  async plugCable(index: number): Promise<void> {
    await ip("-n", this.#hub, "link", "set", `port${index}`, "up");
  }

  /** Drops every packet of the host in both directions, while its link stays up: what a dead switch does. */
  async dropPackets(index: number): Promise<void> {
    await ip("-n", this.#hub, "link", "set", `port${index}`, "nomaster");
  }

  async passPackets(index: number): Promise<void> {
    await ip("-n", this.#hub, "link", "set", `port${index}`, "master", "br0");
  }

  /** Turns the host's own interface off: its routes go with it. */
  async turnOff(index: number): Promise<void> {
    await ip("-n", this.host(index).netns, "link", "set", "eth0", "down");
  }

  async turnOn(index: number): Promise<void> {
    const { netns } = this.host(index);
    await ip("-n", netns, "link", "set", "eth0", "up");
    await ip("-n", netns, "route", "add", "default", "dev", "eth0");
  }

  /** Drops, on the host itself, what comes from those others: the way back stays open. Adds to what is blocked already. */
  async blockFrom(index: number, others: readonly number[]): Promise<void> {
    await this.#block(index, "input", others.map((other) => `ip saddr ${this.host(other).address} drop`));
  }

  /** Drops what the host sends to those others. */
  async blockTo(index: number, others: readonly number[]): Promise<void> {
    await this.#block(index, "output", others.map((other) => `ip daddr ${this.host(other).address} drop`));
  }

  /** Ends `blockFrom` and `blockTo` on that host. */
  async unblock(index: number): Promise<void> {
    await nft(this.host(index).netns, `delete table inet ${CUT_TABLE}`);
  }

  /** Makes what the host sends late and lossy. */
  async delay(index: number, link: SlowLink): Promise<void> {
    await netem(this.host(index).netns, "eth0", link);
  }

  async #block(index: number, hook: "input" | "output", rules: readonly string[]): Promise<void> {
    const { netns } = this.host(index);
    const table = `inet ${CUT_TABLE}`;
    await nft(
      netns,
      [
        `add table ${table}`,
        `add chain ${table} ${hook} { type filter hook ${hook} priority 0; }`,
        ...rules.map((rule) => `add rule ${table} ${hook} ${rule}`),
      ].join("; "),
    );
  }

  /** Leaves the host without a route for multicast. */
  async forbidMulticast(index: number): Promise<void> {
    const { netns } = this.host(index);
    await ip("-n", netns, "route", "del", "default");
    await ip("-n", netns, "link", "set", "eth0", "multicast", "off");
  }

  /** `fetch` as a program on that host would: 127.0.0.1 is the host's loopback. */
  async fetchOn(index: number): Promise<typeof fetch> {
    const { netns } = this.host(index);
    const relay = this.#relays.get(netns) ?? await Relay.start(netns, `${this.#folder}/${netns}.sock`);
    this.#relays.set(netns, relay);
    return relay.fetch;
  }

  /** A client of the API of a node that runs on that host. */
  async apiOf(index: number, node: RunningNode): Promise<ApiClient> {
    const send = await this.fetchOn(index);
    const token = (await Deno.readTextFile(`${node.home}/run/api.token`)).trim();
    return new ApiClient({ fetch: (request) => send(request), clock, random }, {
      baseUrl: node.endpoints.api_url,
      token,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#relays.values()].map((relay) => relay.stop()));
    for (const netns of [...this.hosts.map((host) => host.netns), this.#hub]) {
      // it may not have come to be
      await ip("netns", "del", netns).catch(() => {});
    }
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #addHost({ netns, address }: LanHost, port: string): Promise<void> {
    await ip("netns", "add", netns);
    await ip("-n", netns, "link", "set", "lo", "up");
    await ip("-n", this.#hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", netns);
    await ip("-n", this.#hub, "link", "set", port, "master", "br0", "up");
    await ip("-n", netns, "addr", "add", `${address}/24`, "dev", "eth0");
    await ip("-n", netns, "link", "set", "eth0", "up");
    await ip("-n", netns, "route", "add", "default", "dev", "eth0");
  }
}

class Relay {
  readonly fetch: typeof fetch;
  readonly #client: Deno.HttpClient;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, path: string) {
    this.#child = child;
    const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    this.#client = client;
    this.fetch = (input, init) => fetch(input, { ...init, client });
  }

  static async start(netns: string, path: string): Promise<Relay> {
    const child = new Deno.Command("ip", {
      args: ["netns", "exec", netns, Deno.execPath(), "run", "-A", "--no-config", "--quiet", RELAY, path],
      stdin: "piped",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    await waitFor(() => Deno.stat(path).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "the relay to listen",
    });
    return new Relay(child, path);
  }

  async stop(): Promise<void> {
    this.#client.close();
    await this.#child.stdin.close();
    const timer = clock.setTimer(3000, () => this.#child.kill("SIGKILL"));
    await this.#child.status;
    timer.cancel();
  }
}

async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command("ip", { args, stdin: "null", stdout: "null", stderr: "piped" })
    .output();
  if (code !== 0) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}

/** Runs nft commands in a namespace. */
export async function nft(netns: string, commands: string): Promise<void> {
  await ip("netns", "exec", netns, "nft", commands);
}

async function netem(netns: string, device: string, { delayMs, jitterMs, lossPercent }: SlowLink): Promise<void> {
  const quality = ["delay", `${delayMs}ms`, `${jitterMs}ms`, "loss", `${lossPercent}%`];
  await ip("netns", "exec", netns, "tc", "qdisc", "add", "dev", device, "root", "netem", ...quality);
}
