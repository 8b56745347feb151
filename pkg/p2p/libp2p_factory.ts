import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { concatBytes } from "@bzzz/base";
import { signingKeyFromSeed } from "@bzzz/crypto";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import { identify } from "@libp2p/identify";
import type { ConnectionGater, Libp2p } from "@libp2p/interface";
import { type Ping as PingService, ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { createLibp2p, type Libp2pOptions } from "libp2p";
import {
  ADDRESS_DIAL_TIMEOUT_MS,
  DIAL_TIMEOUT_MS,
  INBOUND_CONNECTIONS_PER_SECOND,
  MAX_PARALLEL_DIALS,
  MAX_PENDING_INBOUND,
  MAX_STREAM_WINDOW_BYTES,
  MAX_STREAMS_PER_CONNECTION,
  MAX_UNADMITTED_STREAMS,
} from "./constants.ts";
import { orderAsciiByCodeUnits } from "./collation_fix.ts";
import { P2pError } from "./errors.ts";
import { letProcessEnd } from "./exit_fix.ts";
import { createSilentLibp2pLogger } from "./libp2p_logger.ts";
import { networkKeyProtector } from "./network_key.ts";

type ServiceFactories = NonNullable<Libp2pOptions["services"]>;

/** The parts inside a libp2p node: what libp2p hands to the services it is extended with. */
export type Libp2pComponents = Parameters<ServiceFactories[string]>[0];

/** A libp2p node that is made and not started, and its parts. */
export interface BuiltLibp2p {
  readonly libp2p: Libp2p<{ readonly ping: PingService }>;
  readonly components: Libp2pComponents;
}

/** What differs between nodes. */
export interface Libp2pSettings {
  /** 32-byte Ed25519 seed: the PeerId follows from it. */
  readonly seed: Uint8Array;
  /** 32 bytes; nodes with another one fail the handshake. */
  readonly networkKey: Uint8Array;
  /** Multiaddrs; empty = dial only. */
  readonly listen: readonly string[];
  /** Multiaddrs to announce in place of the ones found. */
  readonly announce: readonly string[];
  readonly maxConnections: number;
  readonly gater: ConnectionGater;
  readonly software: string;
}

/**
 * TCP + network key + Noise + Yamux + identify + ping, with the limits of `constants.ts`.
 * libp2p's own connection monitor is off: liveness rides on the hello stream (see BEAT_INTERVAL_MS).
 * @throws P2pError "p2p_bad_key"
 */
export async function buildLibp2p(settings: Libp2pSettings): Promise<BuiltLibp2p> {
  letProcessEnd();
  orderAsciiByCodeUnits();
  if (settings.networkKey.byteLength !== 32) {
    throw new P2pError(
      "p2p_bad_key",
      `Cannot use the network key: it has ${settings.networkKey.byteLength} bytes, expected 32`,
    );
  }
  // libp2p's own way from a seed derives the public key in JavaScript: 60 to 140 ms of a cold start (measured)
  const privateKey = privateKeyFromRaw(concatBytes(settings.seed, signingKeyFromSeed(settings.seed).publicKey));
  let components: Libp2pComponents | undefined;
  const libp2p = await createLibp2p({
    start: false,
    privateKey,
    nodeInfo: { name: "bzzz", version: "1", userAgent: settings.software },
    logger: createSilentLibp2pLogger(),
    addresses: { listen: [...settings.listen], announce: [...settings.announce] },
    transports: [tcp()],
    connectionProtector: networkKeyProtector(settings.networkKey),
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({
      maxInboundStreams: MAX_UNADMITTED_STREAMS,
      maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
      streamOptions: { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES },
    })],
    connectionGater: settings.gater,
    connectionMonitor: { enabled: false },
    connectionManager: {
      // the limit is our gater's, which counts whom it turns away; libp2p's own would be silent and come first
      maxConnections: settings.maxConnections + MAX_PENDING_INBOUND,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND,
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND,
      maxParallelDials: MAX_PARALLEL_DIALS * 2,
      dialTimeout: DIAL_TIMEOUT_MS,
      addressDialTimeout: ADDRESS_DIAL_TIMEOUT_MS,
      reconnectRetries: 0,
      addressSorter: () => 0, // ours is the order: it knows whose word an address is (`dialOrder`)
    },
    services: {
      identify: identify(),
      ping: ping(),
      // the documented way to the parts a router needs: a service that keeps what it is given
      parts: (given) => {
        components = given;
        return {};
      },
    },
  });
  if (!components) throw new TypeError("Unreachable: libp2p made no services");
  return { libp2p, components };
}
