import { decodeGrant, loadGrant, loadMesh, loadPerson } from "@bzzz/agentid";
import type { CheckResult } from "@bzzz/cli";
import type { Clock } from "@bzzz/base";

const WARN_BEFORE_MS = 30 * 24 * 60 * 60_000;

/** What `doctor` says of the person of a portal's data directory, by its files alone. */
export async function checkPerson(
  { home, clock }: { readonly home: string; readonly clock: Pick<Clock, "nowMs"> },
): Promise<Omit<CheckResult, "name">> {
  const mesh = await loadMesh(home);
  const bytes = await loadGrant(home);
  const grant = bytes && decodeGrant(bytes)?.grant;
  if (!mesh || !grant) return { status: "warning", found: "no mesh yet", fix: "bzzz-hap join" };
  const files = await loadPerson(home, mesh.meshId);
  if (!files || files.certificate.peer !== grant.peer) {
    return {
      status: "warning",
      found: "nobody's key is here: what is decided here counts for nothing",
      fix: "bzzz-hap identity create, then have an admin run verify for you",
    };
  }
  const { certificate, isLocked, hasRoot } = files;
  const until = new Date(certificate.notAfterMs).toISOString().slice(0, 10);
  const found = `${isLocked ? "locked" : "NOT LOCKED"}, device until ${until}${
    hasRoot ? "" : ", root key kept elsewhere"
  }`;
  if (!isLocked) {
    return {
      status: "warning",
      found: `${found}: every program of this user can decide for the person`,
      fix: "bzzz-hap identity passphrase",
    };
  }
  return certificate.notAfterMs - clock.nowMs() < WARN_BEFORE_MS
    ? { status: "warning", found, fix: "bzzz-hap identity renew" }
    : { status: "ok", found };
}
