import { ContextError, ContextSearch, ContextStore, DecisionDesk, VersionIndex } from "@bzzz/context";
import { taskTextsOf } from "@bzzz/coordinator";
import { readAgeFile } from "@bzzz/crypto";
import { type ContentProviders, createUcxiServer, UCXI_BASE } from "@bzzz/ucxi";
import { nameOf } from "@bzzz/ucxl";
import { ensureToken } from "../home.ts";
import { Listener } from "../listener.ts";
import { serviceDefiner, type ServiceDefinition } from "../service.ts";
import type { NodeEnvironment, RuntimeServices } from "../services.ts";
import { DecisionPublisher } from "./decision_publisher.ts";
import { electorateOf } from "./electorate.ts";
import { createVoteSigner } from "./vote_signer.ts";

const define = serviceDefiner<RuntimeServices>();
const MIB = 1024 * 1024;

/** Context at addresses: its index, its contents, search, and the server that shows it. */
export function contextServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  const { clock, random, logger, config, paths, version } = environment;
  const child = (service: string) => logger.child({ service });
  return [
    define({
      name: "versionIndex",
      dependsOn: ["journal", "store", "readModel"],
      phase: "configuration",
      create: ({ journal, store, readModel }) =>
        new VersionIndex({ journal, store, grantAt: (entry) => readModel.grantAt(entry) }),
      start: (index) => index.start(),
      stop: (index) => index.stop(),
    }),
    define({
      name: "context",
      dependsOn: ["journal", "versionIndex", "encryptedStorage", "roles", "identity"],
      create: ({ journal, versionIndex, encryptedStorage, roles, identity }) =>
        new ContextStore({
          journal,
          index: versionIndex,
          content: encryptedStorage,
          sealer: roles.sealer,
          random,
          self: identity.identity.peerId,
          level: () => grantOf(identity, clock.nowMs()).level,
        }, { maxContentBytes: config.context.maxContentBytes }),
    }),
    define({
      name: "contextSearch",
      dependsOn: ["versionIndex", "context", "roles"],
      create: ({ versionIndex, context, roles }) =>
        new ContextSearch({ index: versionIndex, context, sealer: roles.sealer, clock, logger: child("search") }, {
          maxTextBytes: config.context.searchMemoryMb * MIB,
        }),
      stop: (search) => search.stop(),
    }),
    define({
      name: "decisionDesk",
      dependsOn: ["journal", "versionIndex", "context", "roles", "readModel", "identity", "people", "person"],
      create: ({ journal, versionIndex, context, roles, readModel, identity, people, person }) => {
        const desk = new DecisionDesk({
          context,
          index: versionIndex,
          journal,
          sealer: roles.sealer,
          clock,
          grantAt: (entry) => readModel.grantAt(entry),
          voterOf: people.voterOf,
          signVote: createVoteSigner({ local: identity, people, person, clock }),
        });
        people.events.on("person:changed", () => desk.judgeAgain());
        return desk;
      },
      start: (desk) => desk.start(),
      stop: (desk) => desk.stop(),
    }),
    define({
      name: "decisionPublisher",
      dependsOn: ["decisionDesk", "readModel", "identity", "journal"],
      create: ({ decisionDesk, readModel, identity, journal }) =>
        new DecisionPublisher({
          desk: decisionDesk,
          readModel,
          textOf: (id) => {
            const entry = journal.get(id);
            return entry?.kind === "message_posted" ? entry.body.text : "";
          },
          textsOf: (view) => taskTextsOf(view, (id) => journal.get(id)),
          clock,
          logger: child("decisions"),
          self: identity.identity.peerId,
          meshName: identity.mesh.name,
          who: () => grantOf(identity, clock.nowMs()),
        }),
      start: (publisher) => publisher.start(),
      stop: (publisher) => publisher.stop(),
    }),
    define({
      name: "ucxiServer",
      dependsOn: ["versionIndex", "context", "contextSearch", "encryptedStorage", "decisionDesk", "identity", "roles"],
      phase: "monitoring",
      create: async ({ versionIndex, context, contextSearch, encryptedStorage, decisionDesk, identity, roles }) =>
        createUcxiServer({
          backend: {
            context,
            index: versionIndex,
            search: contextSearch,
            decisions: decisionDesk,
            self: () => ({ ...grantOf(identity, clock.nowMs()), mesh: nameOf(identity.mesh.name) }),
            electorate: (audience) =>
              electorateOf(roles.directory.roles(), membersNow(identity, clock.nowMs()), audience),
            providers: contentProviders(encryptedStorage, identity),
            authorOf: (peer) => identity.membership.grantOf(peer),
            readSealedFile: readAgeFile,
          },
          clock,
          random,
          logger: child("ucxi"),
        }, {
          tokens: [
            { token: await ensureToken(paths.writeToken, random), scope: "write" },
            { token: await ensureToken(paths.readToken, random), scope: "read" },
          ],
          allowedHosts: [...config.api.allowedHosts, config.api.host],
          maxContentBytes: config.context.maxContentBytes,
          version,
        }),
      stop: (server) => server.close(),
    }),
    define({
      name: "ucxiListener",
      dependsOn: ["ucxiServer", "node"],
      phase: "monitoring",
      create: ({ ucxiServer }) =>
        Listener.prepare({ clock, logger: child("ucxi") }, (request) => ucxiServer.fetch(request), {
          hostname: config.api.host,
          port: config.ports.ucxiPort,
          name: "ucxi",
        }, () => ucxiServer.close()),
      start: (listener) => listener.start(),
      stop: (listener) => listener.stop(),
    }),
  ];
}

/**
 * One way in for the command line and the portal: the API, and the context server below its own path.
 */
export function frontDoor(
  { api, ucxiServer }: Pick<RuntimeServices, "api" | "ucxiServer">,
): (request: Request) => Promise<Response> {
  return (request) => {
    const isContext = new URL(request.url).pathname.startsWith(`${UCXI_BASE}/`);
    return isContext ? ucxiServer.fetch(request) : api.fetch(request);
  };
}

function grantOf(identity: RuntimeServices["identity"], nowMs: number): RuntimeServices["identity"]["grant"] {
  return identity.membership.grantOf(identity.identity.peerId, nowMs) ?? identity.grant;
}

function membersNow(
  { membership }: RuntimeServices["identity"],
  nowMs: number,
): RuntimeServices["identity"]["grant"][] {
  return membership.members(nowMs).flatMap(({ peer }) => membership.grantOf(peer, nowMs) ?? []);
}

/** Who holds a content now. Every member knows of every content from the entries; nobody has to be told. */
function contentProviders(
  storage: RuntimeServices["encryptedStorage"],
  identity: RuntimeServices["identity"],
): ContentProviders {
  return {
    announce: async (hash) => {
      if (await storage.local(hash)) return identity.membership.members(0).length;
      throw new ContextError("content_unavailable", "Cannot announce that content: this node does not hold it");
    },
    find: (hash) => storage.holders(hash),
  };
}
