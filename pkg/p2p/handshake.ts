import { P2pError } from "./errors.ts";
import { decodeHello, decodeVerdict, encodeHello, encodeVerdict, type Hello, type HelloVerdict } from "./hello.ts";
import type { PeerStream } from "./types.ts";

/** What both sides said. */
export interface HandshakeResult {
  readonly theirs: Hello;
  /** What we decided about them, and they about us. */
  readonly ours: HelloVerdict;
  readonly yours: HelloVerdict;
}

/** What a handshake needs of its owner. */
export interface HandshakeParts {
  readonly stream: PeerStream;
  readonly hello: () => Hello;
  /** Decides about the peer; called once, before our verdict is sent. */
  readonly judge: (theirs: Hello) => HelloVerdict;
  readonly signal: AbortSignal;
}

/**
 * The side that opened the stream: hello → ← hello, verdict; verdict →. Three one-way trips until both know.
 * @throws P2pError "p2p_protocol_violation", "p2p_stream_failed"; or `signal.reason`
 */
export async function greet({ stream, hello, judge, signal }: HandshakeParts): Promise<HandshakeResult> {
  await stream.send(encodeHello(hello()));
  const theirs = decodeHello(await expectFrame(stream, signal));
  const yours = decodeVerdict(await expectFrame(stream, signal));
  const ours = judge(theirs);
  await stream.send(encodeVerdict(ours));
  return { theirs, ours, yours };
}

/**
 * The side that was called. A peer that is refused sees none of our credentials but what ended its own.
 * @throws P2pError "p2p_protocol_violation", "p2p_stream_failed"; or `signal.reason`
 */
export async function answer({ stream, hello, judge, signal }: HandshakeParts): Promise<HandshakeResult> {
  const theirs = decodeHello(await expectFrame(stream, signal));
  const ours = judge(theirs);
  const mine = hello();
  await stream.send(encodeHello(ours.ok ? mine : withoutCredentials(mine, ours.proof ?? [])));
  await stream.send(encodeVerdict(ours));
  const yours = decodeVerdict(await expectFrame(stream, signal));
  return { theirs, ours, yours };
}

function withoutCredentials(hello: Hello, revocations: readonly Uint8Array[]): Hello {
  const { grant } = hello.credentials;
  return { ...hello, credentials: { grant, grants: [], revocations }, peers: [], addresses: [] };
}

async function expectFrame(stream: PeerStream, signal: AbortSignal): Promise<Uint8Array> {
  const frame = await stream.receive({ signal });
  if (!frame) throw new P2pError("p2p_protocol_violation", "Cannot finish the hello: the peer closed the stream");
  return frame;
}
