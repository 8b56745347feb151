import type { Clock, MeshId, PeerId, Random } from "@bzzz/base";
import { PROTOCOL_VERSION } from "@bzzz/wire";
import { parseAddress, peerOfAddress, tryParseAddress } from "./address.ts";
import { MAX_ADDRESSES_PER_PEER, MAX_HELLO_PEERS } from "./constants.ts";
import type { Hello } from "./hello.ts";
import { RedialPlan } from "./redial.ts";
import type { Admission } from "./types.ts";

/** What a node tells and hears of peers with. */
export interface AcquaintancesDeps {
  readonly ownPeer: PeerId;
  readonly clock: Pick<Clock, "monotonicMs" | "nowMs">;
  readonly random: Random;
  readonly admission: Pick<Admission, "isAdmitted" | "credentials">;
  /** Whether a peer may speak now. */
  readonly isAdmitted: (peer: PeerId) => boolean;
  readonly isConnected: (peer: PeerId) => boolean;
  /** Where this node is reached now. */
  readonly addresses: () => readonly string[];
}

/** Whom a node knows and where they are: what it was told, hears in hellos and finds near by, and what it tells itself. */
export class Acquaintances {
  /** When each of them is dialled. */
  readonly plan: RedialPlan;
  readonly #deps: AcquaintancesDeps;
  readonly #meshId: MeshId;
  readonly #software: string;
  readonly #instance: Uint8Array;

  constructor(deps: AcquaintancesDeps, options: { readonly meshId: MeshId; readonly software: string }) {
    this.#deps = deps;
    this.#meshId = options.meshId;
    this.#software = options.software;
    this.plan = new RedialPlan({ random: deps.random });
    this.#instance = deps.random.bytes(16);
  }

  /** An address that is dialled for ever. @throws P2pError "p2p_bad_address" */
  addBootstrap(text: string): void {
    const address = parseAddress(text);
    this.plan.addBootstrap(address.toString(), peerOfAddress(address), this.#deps.clock.monotonicMs());
  }

  /** Addresses of a peer; those that cannot be dialled are passed over. */
  remember(peer: PeerId, addresses: readonly string[]): void {
    if (peer === this.#deps.ownPeer) return;
    const usable = usableAddresses(addresses);
    if (usable.length > 0) this.plan.remember(peer, usable, this.#deps.clock.monotonicMs());
  }

  /** A peer was admitted with this hello, which tells of others, too. */
  admitted(peer: PeerId, hello: Hello): void {
    const { clock, ownPeer, isAdmitted } = this.#deps;
    this.remember(peer, hello.addresses);
    this.plan.admitted(peer, { nowMs: clock.monotonicMs(), wallMs: clock.nowMs() });
    for (const { peer: other, addresses } of hello.peers) {
      if (other !== ownPeer && isAdmitted(other)) {
        this.plan.rememberHearsay(other, usableAddresses(addresses), clock.monotonicMs());
      }
    }
  }

  /** An answer on the local network: a stranger is dialled too, its hello decides. */
  found(peer: PeerId, addresses: readonly string[]): void {
    const { clock, ownPeer, isConnected } = this.#deps;
    const usable = addresses.flatMap((text) => tryParseAddress(text)?.toString() ?? []);
    if (peer === ownPeer || usable.length === 0 || isConnected(peer)) return;
    this.plan.hear(peer, usable, clock.monotonicMs());
  }

  /** What this node says to a peer when they meet. */
  hello(peer: PeerId): Hello {
    const { admission, addresses } = this.#deps;
    const neighbours = this.plan.remembered()
      .filter((one) => one.peer !== peer && one.lastSeenMs > 0 && admission.isAdmitted(one.peer))
      .slice(0, MAX_HELLO_PEERS);
    return {
      mesh: this.#meshId,
      software: this.#software,
      protocolMin: Math.max(1, PROTOCOL_VERSION - 1),
      protocolMax: PROTOCOL_VERSION,
      instance: this.#instance,
      addresses: addresses().slice(0, MAX_ADDRESSES_PER_PEER),
      credentials: admission.credentials(),
      peers: neighbours,
    };
  }
}

/** Those among the addresses a peer told that can be dialled. */
function usableAddresses(addresses: readonly string[]): string[] {
  return addresses.slice(0, MAX_ADDRESSES_PER_PEER).flatMap((text) => tryParseAddress(text)?.toString() ?? []);
}
