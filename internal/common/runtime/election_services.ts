import { mayPerform, type Membership } from "@bzzz/agentid";
import type { Clock, PeerId } from "@bzzz/base";
import { electionTimes } from "@bzzz/config";
import {
  certifiedLeader,
  createLeaderRules,
  ElectionManager,
  LEADER_KEY,
  type LeaderFacts,
  leaderValueCodec,
} from "@bzzz/election";
import type { MetricsRegistry } from "@bzzz/health";
import { encodeCertificate, votersOf } from "@bzzz/register";
import { TOPICS } from "@bzzz/wire";
import { CompletedTasks, describeCandidacy, presentCandidates } from "./candidacy.ts";
import { serviceDefiner, type ServiceDefinition } from "./service.ts";
import type { NodeEnvironment, RuntimeServices } from "./services.ts";

const define = serviceDefiner<RuntimeServices>();

/** The leadership: this node's part in the election, and what it hears of it. */
export function electionServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  const { clock, random, logger, config } = environment;
  return [
    define({
      name: "electionManager",
      dependsOn: ["registers", "identity", "journal", "presence", "selfStatus", "node", "readModel"],
      phase: "core",
      create: (parts) => {
        const { registers, identity, journal, presence, selfStatus, node, readModel } = parts;
        const { peerId: self } = identity.identity;
        const completed = new CompletedTasks(self);
        for (const view of readModel.board.list()) completed.taskChanged(view);
        readModel.events.on("task:changed", ({ view }) => completed.taskChanged(view));
        const startedAtMs = clock.monotonicMs();
        const manager = new ElectionManager({
          register: registers.use(createLeaderRules(leaderFacts(identity.membership, clock))),
          clock,
          random,
          logger: logger.child({ service: "election" }),
          candidates: () =>
            presentCandidates({
              self,
              describeSelf: () => selfStatus.describe(),
              records: () => presence.records(),
              membership: identity.membership,
            }, clock.nowMs()),
          sendHeartbeat: (beat) => {
            if (node.stats().admittedPeers === 0) return; // nobody hears it
            const body = { ...beat, leaseMs: electionTimes(config.election).leaseMs };
            const sending = journal.sendSignal({ kind: "leader_heartbeat", topic: TOPICS.election, body });
            sending.catch((error) => logger.debug("A heartbeat of the leader was not sent", {}, error));
          },
          record: async ({ term, holder }, certificate) => {
            const body = { term, certificate: encodeCertificate(certificate), ...(holder ? { holder } : {}) };
            await journal.append({ kind: "leadership_decided", topic: TOPICS.election, body });
          },
        }, { self, isElectable: config.election.electable, ...electionTimes(config.election) });
        if (config.election.electable) {
          selfStatus.setCandidacy(() =>
            describeCandidacy({
              uptimeMs: clock.monotonicMs() - startedAtMs,
              connections: node.stats().admittedPeers,
              completedTasks: completed.count,
              latencyMs: manager.latencyMs,
            })
          );
        }
        hearOfLeaders(manager, parts);
        // the leader's node proposes for those who do not vote: fewer ballots cross
        manager.events.on("leader:changed", ({ leader }) => registers.preferVoter(leader));
        return manager;
      },
      start: (manager) => manager.start(),
      stop: (manager) => manager.stop(),
    }),
  ];
}

/** What this node's voter asks its grants. */
export function leaderFacts(membership: Pick<Membership, "grantOf">, clock: Pick<Clock, "nowMs">): LeaderFacts {
  const may = (peer: PeerId, operation: "lead" | "order_election") => {
    const grant = membership.grantOf(peer, clock.nowMs());
    return grant !== undefined && mayPerform(operation, grant).allow;
  };
  return { mayLead: (peer) => may(peer, "lead"), mayDepose: (peer) => may(peer, "order_election") };
}

/** Decisions with their certificates from the history and from this node's own voter, and heartbeats as hints. */
function hearOfLeaders(
  manager: Pick<ElectionManager, "learned" | "heartbeat">,
  { journal, registers, identity }: Pick<RuntimeServices, "journal" | "registers" | "identity">,
): void {
  const proof = {
    mesh: identity.mesh.meshId,
    votersOf: (epoch: number) => {
      const roster = registers.roster();
      // of an epoch that is over or not yet known here, the register itself tells
      return roster?.epoch === epoch ? votersOf(roster) : undefined;
    },
  };
  journal.events.on("entry:stored", ({ entry }) => {
    if (entry.kind !== "leadership_decided" || !entry.body) return;
    const certified = certifiedLeader(entry.body.certificate, proof);
    if (certified.type === "proved") manager.learned(certified.value);
  });
  journal.events.on("signal:received", ({ signal }) => {
    if (signal.kind !== "leader_heartbeat") return;
    manager.heartbeat(signal.envelope.header.author, signal.body.term);
  });
  registers.events.on("decided", ({ key, value }) => {
    const decided = key === LEADER_KEY ? leaderValueCodec.decode(value) : undefined;
    if (decided) manager.learned(decided);
  });
}

/** What `/metrics` tells of the election. */
export function registerElectionMetrics(registry: MetricsRegistry, manager: ElectionManager): void {
  const gauge = (name: string, help: string, read: () => number) => registry.collected("gauge", { name, help }, read);
  const counter = (name: string, help: string, read: () => number) =>
    registry.collected("counter", { name, help }, read);
  gauge("bzzz_election_term", "The newest term known", () => manager.view().term);
  gauge("bzzz_election_leading", "1 while this node leads", () => manager.leadership() ? 1 : 0);
  gauge("bzzz_election_leader_known", "1 while a leader is known to live", () => manager.view().leader ? 1 : 0);
  counter("bzzz_election_terms_won_total", "Terms this node has won", () => manager.stats().wins);
  counter("bzzz_election_terms_lost_total", "Terms this node has lost or given back", () => manager.stats().losses);
}
