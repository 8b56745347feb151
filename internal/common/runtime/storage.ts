import type { Config } from "@bzzz/config";
import { createJournal, type JournalOptions, type RetentionPolicy } from "@bzzz/journal";
import { openStore } from "@bzzz/store";
import { TOPICS } from "@bzzz/wire";
import { GossipPort } from "./p2p.ts";
import { serviceDefiner, type ServiceDefinition } from "./service.ts";
import type { NodeEnvironment, RuntimeServices } from "./services.ts";
import { TrustService } from "./trust.ts";
import { MeshReadModel } from "./read_model.ts";

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
      start: (trust) => trust.assertStanding(),
      health: (trust) => trust.health(),
      stop: (trust) => trust.stop(),
    }),
    define({
      name: "readModel",
      dependsOn: ["journal", "identity"],
      phase: "configuration",
      create: ({ journal, identity }) => new MeshReadModel({ journal, membership: identity.membership, clock }),
      start: (model) => model.start(),
      stop: (model) => model.stop(),
    }),
  ];
}

const JOURNAL_STATES = {
  must_catch_up:
    "This node's log may be older than what it has published (a crash, a restored backup); it asks its peers first",
  forked: "This node's key wrote two histories; it must be replaced",
  stopped: "The journal has stopped",
} as const;
