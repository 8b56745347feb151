import { assertNever, type PeerId } from "@bzzz/base";
import type { BodyOf } from "@bzzz/wire";
import { CLOCK_TOLERANCE_MS } from "../constants.ts";
import type { PersonId } from "../schemas.ts";
import type { DeviceFault, PersonBook } from "./person_book.ts";
import { type DeviceCertificate, readPersonRecord } from "./person_record.ts";
import { answerContentDigest, type Mandate, readDecision, readMandate } from "./signed_answer.ts";
import type { MeshId } from "@bzzz/base";

/**
 * Why an answer is no decision of a person.
 *
 * - "no_person": the grant of its author names nobody. "unsigned": it shows no proof, or half of one.
 * - "malformed": what it shows is not what a root key or a device of it signed.
 * - "other_device": the certificate is for another node. "altered": the device signed another answer than this one.
 * - "wrong_role": it was signed as another role than the grant's. "stale": signed at another time than it was told.
 * - "not_mandated": the rule is not one that the person let approve.
 * - the rest: what `PersonBook.deviceFault` says of the device.
 */
export type PersonFault =
  | DeviceFault
  | "no_person"
  | "unsigned"
  | "malformed"
  | "other_device"
  | "altered"
  | "wrong_role"
  | "stale"
  | "not_mandated";

/** An answer and who told it, as the journal has checked it. */
export interface AnswerClaim {
  readonly mesh: MeshId;
  readonly author: PeerId;
  readonly seq: number;
  /** Wall clock of the entry. */
  readonly hlcMs: number;
  /** The author's grant at that time. */
  readonly grant: { readonly person?: PersonId | undefined; readonly role: string } | undefined;
  readonly body: BodyOf<"request_answered">;
}

/** That a person decided something, and with what. */
export interface PersonProof {
  /** The first root key of the person: the same for all their devices, before and after a rotation. */
  readonly person: PersonId;
  readonly certificate: DeviceCertificate;
  /** What the person signed: this very answer, or what rules may approve. */
  readonly by: { readonly type: "decision" } | { readonly type: "mandate"; readonly rules: Mandate["rules"] };
}

/** The proof, or why there is none. */
export type PersonJudgement =
  | { readonly ok: true; readonly proof: PersonProof }
  | { readonly ok: false; readonly fault: PersonFault };

/** Whether a person decided this, as of the moment at which it was told. Pure but for what the book knows. */
export function judgeAnswer(book: PersonBook, claim: AnswerClaim): PersonJudgement {
  const { body } = claim;
  const device = judgeDevice(book, claim, body.proof);
  if (!device.ok) return device;
  const { person, certificate } = device;
  const signed = body.auto ? judgeMandate(claim, certificate) : judgeDecision(claim, certificate);
  if (typeof signed === "string") return { ok: false, fault: signed };
  return { ok: true, proof: { person, certificate, by: signed } };
}

/** Whose device `proof` shows, or why its author speaks for nobody: what answers and votes have in common. */
export function judgeDevice(
  book: PersonBook,
  { mesh, author, seq, hlcMs, grant }: Omit<AnswerClaim, "body">,
  proof: { readonly certificate: Uint8Array } | undefined,
):
  | { readonly ok: true; readonly person: PersonId; readonly certificate: DeviceCertificate }
  | { readonly ok: false; readonly fault: PersonFault } {
  const refuse = (fault: PersonFault) => ({ ok: false, fault } as const);
  if (grant?.person === undefined) return refuse("no_person");
  if (!proof) return refuse("unsigned");
  const certificate = readPersonRecord(proof.certificate, mesh);
  if (certificate?.type !== "certificate") return refuse("malformed");
  if (certificate.peer !== author) return refuse("other_device");
  const fault = book.deviceFault(grant.person, certificate, { seq, atMs: hlcMs });
  return fault ? refuse(fault) : { ok: true, person: book.originOf(grant.person), certificate };
}

/**
 * Why a proof that was good when it was told must not be acted on at `nowMs`; undefined: it may. `grant` is the author's
 * as it stands now: another person may have been admitted in its place.
 */
export function proofFault(
  book: PersonBook,
  proof: PersonProof,
  now: { readonly grant: { readonly person?: PersonId | undefined } | undefined; readonly nowMs: number },
): PersonFault | undefined {
  const { grant, nowMs } = now;
  if (grant?.person === undefined) return "no_person";
  return book.deviceFault(grant.person, proof.certificate, { atMs: nowMs });
}

/** A fault in words, for a person. */
export function personFaultText(fault: PersonFault): string {
  switch (fault) {
    case "no_person":
      return "no person has been admitted for that node";
    case "unsigned":
      return "it is not signed by a person";
    case "malformed":
      return "its proof is not signed by a person's keys";
    case "other_device":
      return "its certificate is for another device";
    case "altered":
      return "the person signed another answer";
    case "wrong_role":
      return "the person signed it in another role";
    case "stale":
      return "it was signed at another time than it was told";
    case "not_mandated":
      return "the person did not let that rule decide";
    case "other_person":
      return "its certificate is another person's";
    case "disputed":
      return "two keys claim to be that person";
    case "rotated":
      return "the person has replaced the key behind it";
    case "device_revoked":
      return "the person has revoked the device";
    case "expired":
      return "the certificate of the device has ended";
    default:
      return assertNever(fault);
  }
}

function judgeDecision(
  { body, grant, hlcMs }: AnswerClaim,
  certificate: DeviceCertificate,
): PersonProof["by"] | PersonFault {
  if (!body.proof?.decision) return "unsigned";
  const decision = readDecision(body.proof.decision, certificate);
  if (!decision) return "malformed";
  const isThis = decision.requestId === body.requestId && decision.requestDigest === body.requestDigest &&
    decision.decision === body.decision && decision.content === answerContentDigest(body);
  if (!isThis) return "altered";
  if (decision.role !== grant?.role) return "wrong_role";
  return Math.abs(decision.atMs - hlcMs) > CLOCK_TOLERANCE_MS ? "stale" : { type: "decision" };
}

function judgeMandate({ body, hlcMs }: AnswerClaim, certificate: DeviceCertificate): PersonProof["by"] | PersonFault {
  if (!body.proof?.mandate) return "unsigned";
  const mandate = readMandate(body.proof.mandate, certificate);
  if (!mandate) return "malformed";
  const rules = mandate.rules.filter(({ rule }) => rule === body.auto?.rule);
  if (mandate.policy !== body.auto?.policy || rules.length === 0) return "not_mandated";
  const isInTime = hlcMs >= mandate.issuedAtMs - CLOCK_TOLERANCE_MS && hlcMs <= mandate.notAfterMs + CLOCK_TOLERANCE_MS;
  return isInTime ? { type: "mandate", rules } : "expired";
}
