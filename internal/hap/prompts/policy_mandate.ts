import {
  type DeviceCertificate,
  loadMandate,
  type Mandate,
  MANDATE_TTL_MS,
  readMandate,
  saveMandate,
  signMandate,
} from "@bzzz/agentid";
import { type Clock, hexEncode, type Random, utf8Encode } from "@bzzz/base";
import { sha256, type SigningKey } from "@bzzz/crypto";
import type { BodyOf } from "@bzzz/wire";
import type { Policy } from "./policy.ts";

/** What shows an asker that a person lets the rules of a policy approve. */
export type MandateProof = NonNullable<BodyOf<"request_answered">["proof"]>;

/** SHA-256 of a policy's text, in hexadecimal: what answers by its rules name. */
export function policyDigest(text: string): string {
  return hexEncode(sha256(utf8Encode(text)));
}

/** What the rules of a policy would approve. */
export function mandatedRules({ rules }: Policy): Mandate["rules"] {
  return rules.filter((rule) => rule.do === "allow").map(({ id, match: { action = "", target } }) => ({
    rule: id,
    action,
    ...(target === undefined ? {} : { target }),
  }));
}

/** Signs that these rules may approve, and keeps it in the data directory. On disk when it resolves. */
export async function acceptPolicy(
  clock: Pick<Clock, "nowMs">,
  keys: {
    readonly home: string;
    readonly key: SigningKey;
    readonly certificate: DeviceCertificate;
    readonly random: Random;
  },
  policy: { readonly digest: string; readonly rules: Mandate["rules"] },
): Promise<{ readonly proof: MandateProof; readonly untilMs: number }> {
  const issuedAtMs = clock.nowMs();
  const { key, certificate, home, random } = keys;
  const { digest, rules } = policy;
  const notAfterMs = issuedAtMs + MANDATE_TTL_MS;
  const mandate = signMandate(key, certificate, { policy: digest, rules: [...rules], issuedAtMs, notAfterMs });
  await saveMandate(home, mandate, { random });
  return { proof: { certificate: certificate.bytes, mandate }, untilMs: notAfterMs };
}

/** What the person has accepted of this very policy, while it lasts; undefined: nothing. */
export async function acceptedPolicy(
  home: string,
  certificate: DeviceCertificate,
  policy: { readonly digest: string; readonly nowMs: number },
): Promise<MandateProof | undefined> {
  const bytes = await loadMandate(home);
  const mandate = bytes && readMandate(bytes, certificate);
  if (!bytes || mandate?.policy !== policy.digest || mandate.notAfterMs < policy.nowMs) return undefined;
  return { certificate: certificate.bytes, mandate: bytes };
}
