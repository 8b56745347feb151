import type { PeerId } from "@bzzz/base";

/** What decides whom a message is not passed on to. */
export interface SparedForwardDeps {
  /** Who wrote the message with these bytes, as the gate has proved; undefined when that is not known. */
  readonly authorOf: (data: Uint8Array) => PeerId | undefined;
  /** Whether the author sends its messages to `peer` itself. */
  readonly isNeighbour: (peer: string, author: PeerId) => boolean;
}

/** gossipsub 17.1.1, gossipsub.ts: not in the declared type. */
interface Forwarder {
  getMeshPeers(topic: string): string[];
  forwardMessage(
    id: string,
    message: { readonly topic: string; readonly data?: Uint8Array },
    source?: string,
    exclude?: ReadonlySet<string>,
  ): void;
}

/**
 * Makes a gossipsub pass a message on only to peers that its author does not send it to: authors flood what they publish
 * to all they are connected with. In a mesh where everybody knows everybody each message travels once to each node, in
 * place of up to seven times; where somebody is out of its author's reach nothing changes (the idea of choking in
 * episub, and of the lazy links of Plumtree, Leitão et al. 2007). Does nothing to a gossipsub built otherwise.
 */
export function spareNeighbours(gossip: object, deps: SparedForwardDeps): void {
  const forwarder = gossip as Partial<Forwarder>; // shape checked in the next lines: not in the declared type
  const forward = forwarder.forwardMessage?.bind(gossip);
  const meshPeers = forwarder.getMeshPeers?.bind(gossip);
  if (!forward || !meshPeers) return;
  forwarder.forwardMessage = (id, message, source, exclude) => {
    const author = message.data && deps.authorOf(message.data);
    if (author === undefined) return forward(id, message, source, exclude);
    const spared = new Set(exclude);
    for (const peer of meshPeers(message.topic)) if (deps.isNeighbour(peer, author)) spared.add(peer);
    forward(id, message, source, spared);
  };
}
