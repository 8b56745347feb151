/**
 * Slow links without `tc netem`: on every host of a LAN a relay in between, to which nftables sends what goes to the others.
 *
 * @module
 */
import { createSystemClock } from "@bzzz/base";
import { nft, type SlowLink, type TestLan } from "./netns.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const RELAY = new URL("./netns_slow_relay.ts", import.meta.url).pathname;
const clock = createSystemClock();
/** The port of the relay to host n is so much and n. */
const RELAY_PORT = 7000;
/** A relay asks for this port of the other host, so that it is not sent to itself; the other host takes it for its own. */
const PASSED_PORT = 9001;

/** The relays of a LAN. Dispose ends them; the rules go with the namespaces. */
export class SlowLinks implements AsyncDisposable {
  readonly #relays: Deno.ChildProcess[] = [];

  /** All that goes to `port` of another host is late from here on. The programs listen on that port, on every host. */
  static async create(lan: TestLan, port: number, link: SlowLink): Promise<SlowLinks> {
    const links = new SlowLinks();
    try {
      for (const host of lan.hosts) {
        const others = [...lan.hosts.entries()].filter(([, other]) => other !== host);
        const ways = others.map(([index, { address }]) => `${RELAY_PORT + index}=${address}:${PASSED_PORT}`);
        await links.#start(host.netns, [JSON.stringify(link), ...ways]);
        await nft(
          host.netns,
          [
            "add table ip bzzz_slow",
            "add chain ip bzzz_slow out { type nat hook output priority -100; }",
            "add chain ip bzzz_slow in { type nat hook prerouting priority -100; }",
            `add rule ip bzzz_slow in tcp dport ${PASSED_PORT} redirect to :${port}`,
            ...others.map(([index, { address }]) =>
              `add rule ip bzzz_slow out ip daddr ${address} tcp dport ${port} redirect to :${RELAY_PORT + index}`
            ),
          ].join("; "),
        );
      }
      return links;
    } catch (error) {
      await links[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#relays.map(async (relay) => {
      await relay.stdin.close();
      const timer = clock.setTimer(3000, () => relay.kill("SIGKILL"));
      await relay.status;
      timer.cancel();
    }));
  }

  async #start(netns: string, args: readonly string[]): Promise<void> {
    const relay = new Deno.Command("ip", {
      args: ["netns", "exec", netns, Deno.execPath(), "run", "-A", "--no-check", "--quiet"].concat(
        [`--config=${ROOT}deno.json`, RELAY],
        args,
      ),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#relays.push(relay);
    const reader = relay.stdout.getReader();
    const { done } = await reader.read(); // it says so when it listens
    await reader.cancel();
    if (done) throw new Error(`The relay of ${netns} ended before it listened`);
  }
}
