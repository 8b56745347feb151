import {
  decodeGrant,
  type Grant,
  IdentityError,
  loadGrant,
  loadMesh,
  loadNodeKeys,
  Membership,
  type MeshRecord,
  type NodeKeys,
  SharedAgentIdentity,
} from "@bzzz/agentid";
import { type Bytes, type Clock, parseAgentId } from "@bzzz/base";
import type { BinaryType } from "@bzzz/agentid";
import { setupNeeded } from "./needs_setup.ts";

/** Everything that makes this node itself: keys, mesh, grant, and what it knows of the others. */
export interface LocalIdentity {
  readonly keys: NodeKeys;
  readonly mesh: MeshRecord;
  readonly identity: SharedAgentIdentity;
  readonly grant: Grant;
  readonly grantBytes: Bytes;
  readonly membership: Membership;
}

/** What `loadLocalIdentity` reads. */
export interface IdentityOptions {
  readonly home: string;
  readonly binaryType: BinaryType;
  /** `agent.id` of the configuration; must be the grant's when it is given. */
  readonly configuredAgentId: string | undefined;
  /** Of the key file, where it is locked. */
  readonly passphrase?: string;
}

/**
 * Reads who this node is and checks that it all belongs together.
 * @throws IdentityError "mesh_missing", "key_missing", "key_permissions", "key_malformed", "grant_missing", "grant_expired", "identity_mismatch", "wrong_passphrase", …
 */
export async function loadLocalIdentity(
  deps: { clock: Pick<Clock, "nowMs"> },
  options: IdentityOptions,
): Promise<LocalIdentity> {
  const { home, binaryType } = options;
  const lock = options.passphrase === undefined ? {} : { passphrase: options.passphrase };
  // read side by side, and judged one after the other
  const readingGrant = loadGrant(home);
  const readingKeys = loadNodeKeys({ home, binaryType }, lock);
  for (const reading of [readingGrant, readingKeys]) reading.catch(() => {}); // what is wrong before it is told instead
  const mesh = await loadMesh(home);
  if (!mesh) throw setupNeeded(home, binaryType);
  const grantBytes = await readingGrant;
  const grant = grantBytes && decodeGrant(grantBytes)?.grant;
  if (!grantBytes || !grant) {
    throw new IdentityError("grant_missing", `Cannot run: "${home}" has no readable grant; join the mesh again`, {
      details: { home },
    });
  }
  assertConfigured(grant, options);
  const keys = await readingKeys;
  const membership = new Membership(mesh);
  membership.addGrant(grantBytes);
  const identity = new SharedAgentIdentity(keys.signingKey, grant);
  if (deps.clock.nowMs() > grant.notAfterMs) {
    throw new IdentityError(
      "grant_expired",
      `Cannot run as "${grant.agentId}": its grant ended on ${
        new Date(grant.notAfterMs).toISOString()
      }; ask an admin for an invite`,
    );
  }
  return { keys, mesh, identity, grant, grantBytes, membership };
}

function assertConfigured(grant: Grant, options: IdentityOptions): void {
  if (grant.binaryType !== options.binaryType) {
    throw new IdentityError(
      "identity_mismatch",
      `Cannot run: "${options.home}" is the data directory of bzzz-${grant.binaryType} ("${grant.agentId}"); ` +
        `expected one of bzzz-${options.binaryType}; give another --home`,
    );
  }
  const wanted = options.configuredAgentId;
  if (wanted !== undefined && parseAgentId(wanted) !== grant.agentId) {
    throw new IdentityError(
      "identity_mismatch",
      `Cannot run as "${wanted}": the grant in "${options.home}" names "${grant.agentId}"; change agent.id in the ` +
        "configuration, or join under the other name",
    );
  }
}
