import { hexEncode, utf8Encode } from "@bzzz/base";
import type { ConnectionProtector, MessageStream } from "@libp2p/interface";
import { preSharedKey } from "@libp2p/pnet";

/**
 * Bytes ciphered in one call. xsalsa20 1.2.0 has one WebAssembly memory of 640 KiB for all streams. A longer call makes it
 * grow, which detaches the view that every other stream has of it; each then grows it once more, in turns, until the limit
 * of 1,000 pages is met and the error ends the process.
 */
const MAX_CALL_BYTES = 64 * 1024;

/** A stream cipher of one direction (xsalsa20 1.2.0). */
interface Cipher {
  update(input: Uint8Array): Uint8Array;
  finalize(): void;
}

/** The fields of @libp2p/pnet 3.0.27's connection that hold its ciphers. */
interface Ciphered {
  inboundXor: Cipher;
  outboundXor: Cipher;
}

/** Keeps strangers off the wire: libp2p's pre-shared key, with calls of bounded size and memory that is given back. */
export function networkKeyProtector(networkKey: Uint8Array): () => ConnectionProtector {
  const createProtector = preSharedKey({ psk: encodeNetworkKey(networkKey) });
  return () => {
    const protector = createProtector();
    return {
      protect: async (connection, options) => {
        const boxed = await protector.protect(connection, options);
        boundCiphers(boxed);
        return boxed;
      },
    };
  };
}

function boundCiphers(boxed: MessageStream): void {
  const ciphered = boxed as MessageStream & Partial<Ciphered>; // shape checked below: not in the declared type
  const { inboundXor, outboundXor } = ciphered;
  if (typeof inboundXor?.update !== "function" || typeof outboundXor?.update !== "function") {
    throw new TypeError("@libp2p/pnet is built otherwise than expected: its ciphers were not found");
  }
  const [inbound, outbound] = [new BoundedCipher(inboundXor), new BoundedCipher(outboundXor)];
  ciphered.inboundXor = inbound;
  ciphered.outboundXor = outbound;
  boxed.addEventListener("close", () => {
    inbound.finalize();
    outbound.finalize();
  }, { once: true });
}

class BoundedCipher implements Cipher {
  #cipher: Cipher | undefined;

  constructor(cipher: Cipher) {
    this.#cipher = cipher;
  }

  update(input: Uint8Array): Uint8Array {
    const cipher = this.#cipher;
    if (!cipher) return new Uint8Array(0); // what is still under way when the connection has closed goes nowhere
    if (input.byteLength <= MAX_CALL_BYTES) return cipher.update(input);
    const output = new Uint8Array(input.byteLength);
    for (let at = 0; at < input.byteLength; at += MAX_CALL_BYTES) {
      output.set(cipher.update(input.subarray(at, at + MAX_CALL_BYTES)), at);
    }
    return output;
  }

  /** Gives its 64 bytes of the shared memory back: pnet never does, so they would run out after 5,000 connections. */
  finalize(): void {
    this.#cipher?.finalize();
    this.#cipher = undefined;
  }
}

/** The file format of libp2p's pre-shared keys (libp2p specs, pnet/Private-Networks-PSK-V1). */
function encodeNetworkKey(key: Uint8Array): Uint8Array {
  return utf8Encode(`/key/swarm/psk/1.0.0/\n/base16/\n${hexEncode(key)}`);
}
