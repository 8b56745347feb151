import { ConfigError, formatIssues, loadRolesFile } from "@bzzz/config";
import { type AgeOpener, ageSecretOfText, createAgeOpener, type RoleDefinition } from "@bzzz/crypto";
import { resolve } from "node:path";
import { serviceDefiner, type ServiceDefinition } from "../service.ts";
import type { NodeEnvironment, RuntimeServices } from "../services.ts";
import { AccessAudit } from "./access_audit.ts";
import { AdminKey } from "./admin_key.ts";
import { RoleService } from "./role_service.ts";

const define = serviceDefiner<RuntimeServices>();

/** Who may do what, and the keys of roles. */
export function roleServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  const { clock, random, logger } = environment;
  const child = (service: string) => logger.child({ service });
  const stopped = new AbortController();
  let comparing: Promise<void> | undefined;
  let opener: Promise<AgeOpener> | undefined;
  const ownKey = (identity: RuntimeServices["identity"]) => opener ??= openOwnKey(identity);
  return [
    define({
      name: "accessAudit",
      dependsOn: ["journal"],
      create: ({ journal }) => new AccessAudit({ journal, clock, logger: child("audit") }),
      stop: (audit) => audit.settled(),
    }),
    define({
      name: "roles",
      // keys are made and handed out once the node can write and be heard
      dependsOn: ["identity", "journal", "trust", "accessAudit", "participant"],
      create: async ({ identity, journal, accessAudit }) => {
        const self = await ownKey(identity);
        return new RoleService({
          local: identity,
          journal,
          audit: accessAudit,
          self,
          clock,
          random,
          logger: child("roles"),
        });
      },
      start: (roles) => {
        roles.start();
        if (!roles.access().canAccessResource("role", "administer")) return;
        comparing = compareRolesFile(environment, roles); // a word for the log, which no start waits for
        comparing.catch((error) => logger.error("The roles file was not compared", {}, error));
      },
      stop: async (roles) => {
        await comparing?.catch(() => {}); // told
        await roles.stop();
      },
    }),
    define({
      name: "adminKey",
      dependsOn: ["identity", "journal", "node", "roles", "accessAudit", "electionManager"],
      create: async ({ identity, journal, node, roles, accessAudit, electionManager }) => {
        const { membership, identity: { peerId: peer } } = identity;
        const key = new AdminKey({
          shares: roles.shares,
          ledger: roles.ledger,
          keyring: roles.keyring,
          self: await ownKey(identity),
          peer,
          membership,
          roster: () => membership.roster(clock.nowMs()),
          leader: () => {
            const { term, leader } = electionManager.view();
            return { term, holder: leader };
          },
          journal,
          streams: node,
          audit: accessAudit,
          clock,
          logger: child("admin-key"),
        });
        const { signal } = stopped;
        // a master has the key as it is
        electionManager.events.on("leadership:gained", (held) => {
          if (membership.grantOf(peer, clock.nowMs())?.level !== "master") key.lead(held);
        }, { signal });
        return key;
      },
      start: (key) => key.start(),
      stop: async (key) => {
        stopped.abort();
        await key.stop();
      },
    }),
  ];
}

async function openOwnKey(identity: RuntimeServices["identity"]): Promise<AgeOpener> {
  const secret = ageSecretOfText(identity.keys.age.identity);
  try {
    return await createAgeOpener(secret);
  } finally {
    secret.fill(0);
  }
}

/** Tells an admin that the roles file is not what the mesh has; nothing is published unasked. */
async function compareRolesFile(
  { config, paths, logger }: NodeEnvironment,
  { directory }: Pick<RoleService, "directory">,
): Promise<void> {
  const path = resolve(paths.home, config.security.rolesFile);
  try {
    const wanted = await loadRolesFile(path, { isNamed: false, program: `bzzz-${config.binaryType}` });
    if (!wanted) return;
    const known = directory.roles().own().map(textOf);
    const isSame = wanted.length === known.length && wanted.every((role) => known.includes(textOf(role)));
    if (!isSame) {
      logger.warn('The roles of the mesh are not those of the roles file; "roles apply" publishes it', { path });
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    logger.warn(`The roles file cannot be used\n${formatIssues(error.issues)}`, { path });
  }
}

function textOf(role: RoleDefinition): string {
  const { name, level, canDecrypt, capabilities, specialization, promptTemplate } = role;
  return JSON.stringify([name, level, canDecrypt, capabilities, specialization, promptTemplate]);
}
