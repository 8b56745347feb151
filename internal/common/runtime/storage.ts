import type { Config } from "@bzzz/config";
import { createJournal, type JournalOptions, type RetentionPolicy } from "@bzzz/journal";
import { openStore } from "@bzzz/store";
import { TOPICS } from "@bzzz/wire";
import { GossipPort } from "./p2p.ts";
import { serviceDefiner, type ServiceDefinition } from "./service.ts";
import type { NodeEnvironment, RuntimeServices } from "./services.ts";
import { TaskDecisions } from "./task_decisions.ts";
import { TrustService } from "./trust.ts";
import { People } from "./people/people.ts";
import { PersonKeys } from "./people/person_keys.ts";
import { MeshReadModel } from "./read_model.ts";
import { guardSeat } from "./voters/seat_guard.ts";

const MS_PER_SECOND = 1000;
const BYTES_PER_MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60_000;
const define = serviceDefiner<RuntimeServices>();

/** How long bodies are kept, by the configuration; topics it does not name are kept for ever. */
export function retentionPolicy(config: Config): RetentionPolicy {
  const { coordinationDays, hmmmDays } = config.journal.retention;
  return {
    ...(coordinationDays > 0 ? { [TOPICS.coordination]: { keepMs: coordinationDays * DAY_MS } } : {}),
    ...(hmmmDays > 0 ? { [TOPICS.hmmm]: { keepMs: hmmmDays * DAY_MS } } : {}),
  };
}

/** How much of one author is taken; 0 in the configuration is no limit. */
export function authorQuota({ limits }: Pick<Config, "limits">): Pick<JournalOptions, "authorBytesPerDay"> {
  return limits.authorMbPerDay === 0 ? {} : { authorBytesPerDay: limits.authorMbPerDay * BYTES_PER_MIB };
}

/** The database, the author logs in it, and what is folded from them. */
export function storageServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  const { clock, random, logger, config, paths } = environment;
  const child = (service: string) => logger.child({ service });
  return [
    define({
      name: "store",
      dependsOn: [],
      phase: "configuration",
      create: () => openStore({ clock, logger: child("store") }, { path: paths.database }),
      stop: (store) => store.close(),
      health: (store) => {
        const { state, message } = store.health();
        return state === "ok" ? { ok: true } : { ok: false, code: `store_${state}`, message: message ?? state };
      },
    }),
    define({
      name: "seat",
      dependsOn: ["store"],
      phase: "configuration",
      create: ({ store }) => guardSeat({ store, random, logger: child("registers") }, paths.voterMark),
      start: ({ named }) => named, // written while the other services were made
      stop: ({ named }) => named.catch(() => {}), // told by the start, where there was one
    }),
    define({ name: "gossipPort", dependsOn: [], phase: "configuration", create: () => new GossipPort() }),
    define({
      name: "journal",
      dependsOn: ["store", "identity", "gossipPort"],
      phase: "configuration",
      create: ({ store, identity, gossipPort }) => {
        const options: JournalOptions = {
          mesh: identity.mesh.meshId,
          reservationPath: paths.reservation,
          retention: retentionPolicy(config),
          maxFrameBytes: config.limits.maxSendBytes,
          ...authorQuota(config),
        };
        return createJournal({
          store,
          key: identity.keys.signingKey,
          gate: identity.membership,
          clock,
          random,
          logger: child("journal"),
          publish: gossipPort.publish,
        }, options);
      },
      stop: (journal) => journal.stop(),
      health: ({ state }) =>
        state === "ready" ? { ok: true } : { ok: false, code: `journal_${state}`, message: JOURNAL_STATES[state] },
    }),
    define({
      name: "trust",
      dependsOn: ["store", "identity", "journal"],
      phase: "configuration",
      create: ({ store, identity, journal }) =>
        new TrustService({ local: identity, store, journal, clock, random, logger: child("trust") }),
      start: (trust) => {
        trust.standing.assertHeard();
        trust.publishPending();
      },
      health: (trust) => trust.standing.health(),
      stop: (trust) => trust.stop(),
    }),
    define({
      name: "decisions",
      dependsOn: ["identity"],
      phase: "configuration",
      create: ({ identity }) => new TaskDecisions(identity.mesh),
    }),
    define({
      name: "people",
      dependsOn: ["journal", "identity", "trust"],
      phase: "configuration",
      create: ({ journal, identity }) => new People({ journal, membership: identity.membership, clock }),
      start: (people) => people.start(),
      stop: (people) => people.stop(),
    }),
    define({
      name: "person",
      dependsOn: ["people", "journal", "identity"],
      phase: "configuration",
      create: ({ people, journal, identity: { mesh: { meshId: mesh } } }) =>
        new PersonKeys({ clock, random, logger: child("person"), journal, book: people.book }, {
          home: paths.home,
          mesh,
          limits: config.binaryType === "hap"
            ? {
              forMs: config.person.unlockSeconds * MS_PER_SECOND,
              idleMs: config.person.idleLockSeconds * MS_PER_SECOND,
            }
            : { forMs: 0, idleMs: 0 },
        }),
      start: (person) => person.start(),
      stop: (person) => person.stop(),
    }),
    define({
      name: "readModel",
      dependsOn: ["journal", "identity", "decisions", "people"],
      phase: "configuration",
      create: ({ journal, identity, decisions, people }) =>
        new MeshReadModel({ journal, membership: identity.membership, clock, decisions, people }),
      start: (model) => model.start(),
      stop: (model) => model.stop(),
    }),
  ];
}

const JOURNAL_STATES = {
  must_catch_up:
    "This node's log may be older than what it has published (a crash, a restored backup); it asks its peers first. " +
    'When it stays so, nobody has the rest: "Backup and restore" of docs/operate.md says how to go on without it',
  forked: "This node's key wrote two histories; it must be replaced",
  stopped: "The journal has stopped",
} as const;
