import { type Bytes, hexEncode, once } from "@bzzz/base";
import { sha256, type SigningKey } from "@bzzz/crypto";
import { type BodyOf, encodeCbor, ID_SCHEMAS, REQUEST_DECISIONS } from "@bzzz/wire";
import { z } from "zod";
import { MAX_MANDATE_RULES, TRUST_VERSION } from "../constants.ts";
import { atMs, meshId, peerId, role } from "../schemas.ts";
import { readByDevice, signByDevice } from "./device_record.ts";
import type { DeviceCertificate } from "./person_record.ts";

const digest = once(() => z.string().regex(/^[0-9a-f]{64}$/));
const pattern = once(() => z.string().min(1).max(2560));

/** What a device signs when its person has decided: this answer to this request, as this, at this time. */
const decisionSchema = once(() =>
  z.object({
    v: z.literal(TRUST_VERSION),
    mesh: meshId(),
    certificate: digest(),
    device: peerId(),
    role: role(),
    requestId: ID_SCHEMAS.requestId(),
    requestDigest: digest(),
    decision: z.enum(REQUEST_DECISIONS),
    content: digest(),
    atMs: atMs(),
  })
);
/** A decision as its device signed it. */
export type SignedDecision = z.infer<ReturnType<typeof decisionSchema>>;

/** What a device signs when its person lets the rules of a policy approve: which actions, and until when. */
const mandateSchema = once(() =>
  z.object({
    v: z.literal(TRUST_VERSION),
    mesh: meshId(),
    certificate: digest(),
    device: peerId(),
    // of the policy's file, as answers by its rules name it
    policy: digest(),
    rules: z.array(z.object({ rule: z.string().min(1).max(128), action: pattern(), target: pattern().optional() }))
      .max(MAX_MANDATE_RULES),
    issuedAtMs: atMs(),
    notAfterMs: atMs(),
  })
);
/** What rules may approve in a person's name. */
export type Mandate = z.infer<ReturnType<typeof mandateSchema>>;

type AnswerBody = BodyOf<"request_answered">;

/** SHA-256 over what an answer says; every field that anybody acts on is in it, in this order. */
export function answerContentDigest(body: AnswerBody): string {
  const { text, choice, reason, values, editedDigest, scope, untilMs } = body;
  const fields = [text, choice, reason, values, editedDigest, scope, untilMs].map((field) => field ?? null);
  return hexEncode(sha256(encodeCbor(["bzzz/answer-content/1", ...fields])));
}

/** Signs a person's decision with the key of a device, and can sign nothing else. @throws IdentityError "invalid_person" */
export function signDecision(
  key: SigningKey,
  certificate: DeviceCertificate,
  answer: { readonly body: AnswerBody; readonly role: string; readonly atMs: number },
): Bytes {
  const { body, role, atMs } = answer;
  return signByDevice(key, "decision", certificate, decisionSchema(), {
    role,
    requestId: body.requestId,
    requestDigest: body.requestDigest,
    decision: body.decision,
    content: answerContentDigest(body),
    atMs,
  });
}

/** Signs that rules of a policy may approve. @throws IdentityError "invalid_person" */
export function signMandate(
  key: SigningKey,
  certificate: DeviceCertificate,
  fields: Pick<Mandate, "policy" | "rules" | "issuedAtMs" | "notAfterMs">,
): Bytes {
  return signByDevice(key, "mandate", certificate, mandateSchema(), fields);
}

/** The decision in `bytes`, if the device of `certificate` signed it. */
export function readDecision(bytes: Uint8Array, certificate: DeviceCertificate): SignedDecision | undefined {
  return readByDevice(bytes, "decision", certificate, decisionSchema());
}

/** The mandate in `bytes`, if the device of `certificate` signed it. */
export function readMandate(bytes: Uint8Array, certificate: DeviceCertificate): Mandate | undefined {
  return readByDevice(bytes, "mandate", certificate, mandateSchema());
}
