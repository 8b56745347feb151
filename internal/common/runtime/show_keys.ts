import { decodeGrant, IdentityError, type KeyLocation, listKeyFiles, loadGrant } from "@bzzz/agentid";
import type { KeysView } from "@bzzz/cli";

/**
 * Whose keys these are: from the grant and the files' first bytes, so that no passphrase is needed.
 * @throws IdentityError "grant_missing", "key_permissions"
 */
export async function showKeys(location: KeyLocation): Promise<KeysView> {
  const { home } = location;
  const bytes = await loadGrant(home);
  const grant = bytes && decodeGrant(bytes)?.grant;
  if (!grant) {
    throw new IdentityError(
      "grant_missing",
      `Cannot show keys: "${home}" has no readable grant; run "init" or "join" first`,
      {
        details: { home },
      },
    );
  }
  const files = await listKeyFiles(location);
  return {
    agent_id: grant.agentId,
    role: grant.role,
    peer_id: grant.peer,
    age_recipient: grant.ageRecipient,
    files: files.map(({ path, purpose, isLocked }) => ({ path, purpose, is_locked: isLocked })),
  };
}
