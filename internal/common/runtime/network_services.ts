import { utf8Decode, utf8Encode } from "@bzzz/base";
import { createTaskRules } from "@bzzz/coordinator";
import { createSync } from "@bzzz/journal";
import { createMembershipAdmission, createP2pNode, type P2pNode } from "@bzzz/p2p";
import { PresenceService } from "@bzzz/presence";
import { createPubSub } from "@bzzz/pubsub";
import { MAX_ENVELOPE_BYTES, PROTOCOL_VERSION, TOPICS } from "@bzzz/wire";
import { loadLocalIdentity } from "./agent.ts";
import {
  createAddressBook,
  createJournalGate,
  createRedeemer,
  isContainer,
  MeshParticipant,
  networkOptions,
} from "./p2p.ts";
import { machineLoad, SelfStatus } from "./self_status.ts";
import { taskFactsOf } from "./task_facts.ts";
import { serviceDefiner, type ServiceDefinition } from "./service.ts";
import type { NodeEnvironment, RuntimeServices } from "./services.ts";
import { VoterPromoter } from "./voters/promoter.ts";
import { RosterFeed } from "./voters/roster_feed.ts";
import { createRegisters } from "./voters/service.ts";

const define = serviceDefiner<RuntimeServices>();
const MS_PER_SECOND = 1000;

/** Who this node is, and its connections, gossip, sync and presence. */
export function networkServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  const { clock, random, logger, config, paths } = environment;
  const child = (service: string) => logger.child({ service });
  const software = `bzzz-${config.binaryType}/${environment.version}`;
  return [
    define({
      name: "identity",
      dependsOn: [],
      phase: "configuration",
      create: () =>
        loadLocalIdentity({ clock }, {
          home: paths.home,
          binaryType: config.binaryType,
          configuredAgentId: config.agent.id,
          ...(environment.passphrase === undefined ? {} : { passphrase: environment.passphrase }),
        }),
    }),
    define({
      name: "node",
      // the read model has replayed the journal before the network brings more
      dependsOn: ["identity", "trust", "readModel"],
      phase: "p2p",
      failureCode: "p2p_init_failed",
      create: ({ identity, trust }) => {
        // A revoked member is dropped by its admission, and not denied: it must be able to hear why (S-24).
        const node = createP2pNode({
          signingKey: identity.keys.signingKey,
          admission: createMembershipAdmission({ membership: identity.membership, clock }, {
            ownGrant: identity.grantBytes,
          }),
          clock,
          random,
          logger: child("p2p"),
          addressBook: createAddressBook(paths.addressBook),
          redeem: createRedeemer(trust, identity.membership),
        }, networkOptions(config, identity, { isContainer: isContainer(environment.env), software }));
        return node;
      },
      start: (node) => node.start(),
      stop: (node) => node.stop(),
    }),
    define({
      name: "pubSub",
      dependsOn: ["node", "journal", "gossipPort"],
      phase: "p2p",
      failureCode: "p2p_init_failed",
      create: ({ node, journal }) =>
        createPubSub({ node, gate: createJournalGate(journal), clock, logger: child("pubsub") }, {
          topics: Object.values(TOPICS),
          maxFrameBytes: MAX_ENVELOPE_BYTES,
        }),
      start: (pubSub) => pubSub.start(),
      stop: (pubSub) => pubSub.stop(),
    }),
    define({
      name: "sync",
      dependsOn: ["node", "journal"],
      phase: "p2p",
      failureCode: "p2p_init_failed",
      create: ({ node, journal }) => {
        const sync = createSync({
          journal,
          streams: node,
          peers: () => admittedPeers(node),
          clock,
          random,
          logger: child("sync"),
          penalise: (peer, reason) => node.penalise(peer, reason),
        }, { periodMs: config.journal.syncIntervalSeconds * MS_PER_SECOND });
        node.events.on("peer:admitted", ({ peer }) => sync.peerConnected(peer));
        node.events.on("gossip:interrupted", ({ peer }) => sync.peerConnected(peer));
        node.events.on("peer:disconnected", () => sync.peerLost());
        return sync;
      },
      start: (sync) => sync.start(),
      stop: (sync) => sync.stop(),
    }),
    define({
      name: "registers",
      dependsOn: ["node", "store", "identity", "seat"],
      phase: "p2p",
      failureCode: "p2p_init_failed",
      create: (parts) => createRegisters(environment, parts),
      start: (registers) => registers.start(),
      stop: (registers) => registers.stop(),
    }),
    define({
      name: "rosterFeed",
      dependsOn: ["registers", "journal", "identity"],
      phase: "p2p",
      create: ({ registers, journal, identity: { mesh } }) =>
        new RosterFeed({ registers, journal, mesh, clock, logger: child("registers") }),
      start: (feed) => feed.start(),
      stop: (feed) => feed.stop(),
    }),
    define({
      name: "tasks",
      dependsOn: ["registers", "readModel", "decisions", "journal", "identity"],
      phase: "core",
      create: ({ registers, readModel, decisions, journal, identity: { membership } }) => {
        decisions.learn(registers.history());
        registers.events.on("roster:changed", () => decisions.learn(registers.history()));
        return registers.use(createTaskRules(taskFactsOf({ clock, journal, readModel, membership })));
      },
    }),
    define({
      name: "selfStatus",
      dependsOn: ["node"],
      phase: "core",
      create: ({ node }) =>
        new SelfStatus({ clock, random, addresses: () => node.addresses(), load: machineLoad }, config),
    }),
    define({
      name: "presence",
      dependsOn: ["journal", "pubSub", "identity", "selfStatus", "node"],
      phase: "core",
      create: ({ journal, identity, selfStatus, node }) => {
        const presence = new PresenceService({
          clock,
          send: (body) => {
            if (node.stats().admittedPeers === 0) return; // nobody hears it; whoever comes is told again
            const sending = journal.sendSignal({ kind: "presence", topic: TOPICS.agents, body });
            sending.catch((error) => logger.debug("A presence signal was not sent", {}, error));
          },
          describe: () => selfStatus.describe(),
        }, {
          intervalMs: config.coordination.presenceIntervalSeconds * MS_PER_SECOND,
          timeoutMs: config.coordination.presenceTimeoutSeconds * MS_PER_SECOND,
        });
        hearPresence({ presence, journal, identity, node }, clock);
        return presence;
      },
      start: (presence) => presence.start(),
      stop: (presence) => presence.stop(),
    }),
    define({
      name: "voterPromoter",
      dependsOn: ["registers", "presence", "node", "identity"],
      phase: "core",
      create: ({ registers, presence, node, identity: { membership, keys } }) =>
        new VoterPromoter({
          registers,
          presence,
          isConnected: (peer) => node.isConnected(peer),
          isMember: (peer) => membership.isAdmitted(peer, clock.nowMs()),
          isMaster: () => membership.grantOf(keys.peerId, clock.nowMs())?.level === "master",
          clock,
          logger: child("voters"),
        }, {
          chosen: config.coordination.voters,
          steadyMs: config.coordination.voterSteadySeconds * MS_PER_SECOND,
        }),
      start: (promoter) => promoter.start(),
      stop: (promoter) => promoter.stop(),
    }),
    define({
      name: "participant",
      dependsOn: ["node", "journal", "pubSub", "gossipPort", "identity", "sync", "store"],
      phase: "core",
      create: ({ node, journal, pubSub, gossipPort, identity, store }) =>
        new MeshParticipant({
          node,
          journal,
          clock,
          logger: child("participant"),
          join: () =>
            joinMesh(
              { pubSub, attach: () => gossipPort.attach(pubSub), journal, identity, store },
              environment,
              software,
            ),
        }, { handlerTimeoutMs: config.limits.handlerTimeoutSeconds * MS_PER_SECOND }),
      start: (participant) => participant.joinMesh(),
      stop: (participant) => participant.stop(),
    }),
  ];
}

/** The node listens already: from here on entries go out, first of all who this node is. */
async function joinMesh(
  parts: Pick<RuntimeServices, "pubSub" | "journal" | "identity" | "store"> & { readonly attach: () => void },
  environment: NodeEnvironment,
  software: string,
): Promise<void> {
  parts.attach();
  parts.journal.start();
  const { journal, identity, store } = parts;
  const { agent } = environment.config;
  const record = identity.identity.createAgentRecord({
    capabilities: agent.capabilities,
    models: "models" in agent ? agent.models : [],
    software,
    protocolMin: PROTOCOL_VERSION,
    protocolMax: PROTOCOL_VERSION,
  });
  const announce = () => announceRecord({ journal, store }, environment, record);
  if (journal.state === "ready") return await announce();
  // A log that must first come back from the peers may take for ever: the node runs, and says who it is when it may write.
  const told = new AbortController();
  journal.events.on("state:changed", ({ state }) => {
    if (state !== "ready") return;
    told.abort();
    void announce(); // logs what goes wrong, and never rejects
  }, { signal: told.signal });
}

/** What this node said last about itself, so that a start does not search its whole history for it. */
const LAST_RECORD_KEY = "runtime/last_agent_record";

/** Writes who this node is, unless that is what its last record says. */
async function announceRecord(
  { journal, store }: Pick<RuntimeServices, "journal" | "store">,
  environment: NodeEnvironment,
  record: Parameters<RuntimeServices["journal"]["append"]>[0]["body"],
): Promise<void> {
  const text = JSON.stringify(record);
  const last = store.kv.get(LAST_RECORD_KEY);
  if (last !== undefined && utf8Decode(last) === text) return;
  try {
    await journal.append({ kind: "agent_record", topic: TOPICS.agents, body: record as never });
    store.kv.set(LAST_RECORD_KEY, utf8Encode(text));
  } catch (error) {
    // The next start tries again; its presence says who it is meanwhile.
    environment.logger.warn("The agent record was not written", {}, error);
  }
}

function admittedPeers(node: P2pNode): RuntimeServices["node"]["peerId"][] {
  return node.peers().filter((info) => info.isAdmitted).map((info) => info.peer);
}

function hearPresence(
  { presence, journal, identity, node }: Pick<RuntimeServices, "presence" | "journal" | "identity" | "node">,
  clock: NodeEnvironment["clock"],
): void {
  const { membership } = identity;
  journal.events.on("signal:received", ({ signal }) => {
    const peer = signal.envelope.header.author;
    const grant = membership.grantOf(peer, clock.nowMs());
    if (!grant || peer === journal.self) return;
    if (signal.kind === "presence") {
      presence.heard({ peer, agentId: grant.agentId, binaryType: grant.binaryType, role: grant.role }, signal.body);
      if (signal.body.addresses.length > 0) node.rememberAddresses(peer, signal.body.addresses);
    } else if (signal.kind === "leaving") presence.left(peer, signal.body.reason);
  });
  membership.on("member:revoked", ({ peer }) => presence.revoked(peer));
  // gossip tells who is far away; a neighbour is told on the connection itself, where nothing overtakes it
  node.events.on("peer:left", ({ peer }) => presence.left(peer, "stopped"));
  node.events.on("peer:admitted", ({ peer }) => presence.greet(peer));
}
