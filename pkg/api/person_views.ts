/**
 * People, their keys and devices, as the API tells them.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";

const atMs = z.int().min(0);
/** As much as a terminal takes. */
const passphrase = z.string().min(1).max(1_024);

const person = z.string().describe("The root key of the person, in hexadecimal");
const words = z.string().describe("Six words that stand for the root key: compare them over another way than the mesh");

export const identityViewSchema = z.object({
  state: z.enum(["none", "open", "locked", "unlocked"])
    .describe("Whether this node can sign for its person; open: the key has no passphrase, none: there is no key"),
  unlocked_until_ms: atMs.optional(),
  person: person.optional(),
  words: words.optional(),
  is_admitted: z.boolean().describe("Whether the mesh takes this device's word for that person's"),
  problem: z.string().optional().describe("Why it does not"),
  has_root: z.boolean().describe("Whether the key that certifies devices is on this machine"),
  devices: z.array(z.object({
    peer_id: z.string(),
    agent_id: z.string().optional(),
    is_self: z.boolean(),
    valid_until_ms: atMs,
    problem: z.string().optional().describe("Why it does not decide for the person"),
  })),
}).openapi("Identity");
/** The person of a node, and what their keys can do now. */
export type IdentityView = z.infer<typeof identityViewSchema>;

export const personViewSchema = z.object({
  peer_id: z.string(),
  agent_id: z.string(),
  state: z.enum(["admitted", "announced", "changed", "none"]).describe(
    "admitted: its answers count; announced: it shows a person's key that no admin has admitted; changed: it shows another key than the admitted one",
  ),
  person: person.optional(),
  words: words.optional(),
}).openapi("Person");
/** Whose portal a member is. */
export type PersonView = z.infer<typeof personViewSchema>;

export const unlockSchema = z.strictObject({ passphrase }).openapi("Unlock");
export const passphraseChangeSchema = z.strictObject({
  old: passphrase.optional().describe("Of a key that is locked"),
  next: passphrase.optional().describe("Left out: no passphrase from then on"),
}).openapi("PassphraseChange");
/** A new passphrase of a person's keys, checked. */
export type PassphraseChangeInput = z.output<typeof passphraseChangeSchema>;
export const rootUseSchema = z.strictObject({ passphrase: passphrase.optional() }).openapi("RootUse");
/** What using the root key takes, checked. */
export type RootUseInput = z.output<typeof rootUseSchema>;
export const revokeDeviceSchema = z.strictObject({
  device: z.string().min(1).max(128).describe("Peer id or agent id"),
  reason: z.string().max(256).default(""),
  passphrase: passphrase.optional(),
}).openapi("RevokeDevice");
/** Which device decides no more, checked. */
export type RevokeDeviceInput = z.output<typeof revokeDeviceSchema>;
export const admitPersonSchema = z.strictObject({
  words: z.string().min(1).max(200).describe("The six words, as the person says them"),
}).openapi("AdmitPerson");
