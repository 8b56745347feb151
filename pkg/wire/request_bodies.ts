/**
 * Bodies of the entries that make up a request to a person (design of the portal, C.2). What came after the first version
 * is optional: a node that does not know it leaves it out and shows the rest.
 *
 * @module
 */
import { once } from "@bzzz/base";
import { z } from "zod";
import { agentId, atMs, bytes, entryId, MAX_LIST_ITEMS, name, requestId, taskId, text, title } from "./fields.ts";

/** Kinds of a request to a person. */
export const REQUEST_KINDS = ["question", "approval", "choice", "form", "review", "auth", "notice"] as const;

/** What may be answered to a request. An approval of an edited action is an approval that carries the edited action. */
export const REQUEST_DECISIONS = ["answer", "approve", "deny", "choose"] as const;

/** What may be done with a request beside deciding it. */
export const REQUEST_OFFERS = ["edit", "escalate"] as const;

/** How much is asked of a person's attention; a policy raises it, never lowers it. */
export const REQUEST_STAKES = ["low", "normal", "high"] as const;

/** For how long an approval is valid: for this one time, for the same action in the same task, or until a time. */
export const ANSWER_SCOPES = ["once", "task", "until"] as const;

/** What somebody who may answer a request does with it without answering. */
export const REQUEST_ACTS = ["claim", "snooze", "escalate"] as const;

/** Arguments of an action. */
export const MAX_ACTION_ARGUMENTS = 64;
/** Longest schema of a form, as JSON text. */
export const MAX_FORM_SCHEMA_CHARACTERS = 16_384;
/** Longest chain of agents that asked each other before a person was asked. */
export const MAX_DELEGATION_CHAIN = 8;

/** Longest signed record of a person. */
const MAX_RECORD_BYTES = 32 * 1024;
/** What somebody signed with another key than that of the entry. */
export const signedRecord: () => z.ZodType<Uint8Array> = once(() =>
  bytes().refine(
    (b) => b.byteLength > 0 && b.byteLength <= MAX_RECORD_BYTES,
    "expected a signed record",
  )
);
const digest = once(() => z.string().regex(/^[0-9a-f]{64}$/));
const argument = once(() =>
  z.object({
    name: name(),
    value: z.union([z.string().max(8192), z.number(), z.boolean()]),
  })
);

/** What would be done, for an approval. Arguments keep their order and their names: they are what is signed. */
const action = once(() =>
  z.object({
    verb: name(),
    target: z.string().max(2560),
    args: z.array(argument()).max(MAX_ACTION_ARGUMENTS),
    effect: z.string().max(4096),
    reversible: z.boolean().optional(),
    cost: z.string().max(200).optional(),
  })
);
/** What would be done, for an approval. */
export type RequestAction = z.infer<ReturnType<typeof action>>;

/** To whom a request goes: a person, a role, everybody; with a quorum `n` of them must agree. */
const addressee = once(() =>
  z.object({
    human: agentId().optional(),
    role: name().optional(),
    quorum: z.object({ n: z.int().min(1).max(MAX_LIST_ITEMS), of: z.int().min(1).max(MAX_LIST_ITEMS) })
      .refine(({ n, of }) => n <= of, "expected n to be at most of").optional(),
  })
);

/** The schemas of these bodies, each made when it is needed. */
export const REQUEST_BODIES = {
  // A request as it is asked.
  request_opened: () =>
    z.object({
      requestId: requestId(),
      kind: z.enum(REQUEST_KINDS),
      to: addressee(),
      title: title(),
      body: text(),
      taskId: taskId().optional(),
      allow: z.array(z.enum(REQUEST_DECISIONS)).min(1).max(REQUEST_DECISIONS.length),
      stakes: z.enum(REQUEST_STAKES),
      choices: z.array(z.string().min(1).max(200)).min(1).max(MAX_LIST_ITEMS).optional(),
      deadlineMs: atMs().optional(),
      // "approve" is not a legal value: silence never approves (C.2)
      onTimeout: z.enum(["hold", "deny", "escalate"]),
      supersedes: requestId().optional(),
      // who asked the asker, the first of them in front; the asker's word, nobody proves it
      onBehalfOf: z.array(agentId()).max(MAX_DELEGATION_CHAIN).optional(),
      // only these people may answer, whatever else the request says
      eligible: z.array(agentId()).min(1).max(MAX_LIST_ITEMS).optional(),
      thread: z.string().min(1).max(128).optional(),
      refs: z.array(z.string().min(1).max(2560)).max(MAX_LIST_ITEMS).optional(),
      action: action().optional(),
      // a flat JSON Schema as text: its names are its own, and are not renamed
      schema: z.string().max(MAX_FORM_SCHEMA_CHARACTERS).optional(),
      // missing: it may be escalated, the action may not be edited
      offers: z.array(z.enum(REQUEST_OFFERS)).max(REQUEST_OFFERS.length).optional(),
      // no policy may decide it: a person must
      humanPresent: z.boolean().optional(),
      // who must have signed an answer that is acted on: a person's device; missing: an asker from before there were such
      signedBy: z.literal("person").optional(),
      // a wording of the reader's own library that says this better
      wording: z.object({ id: name(), params: z.array(argument()).max(MAX_ACTION_ARGUMENTS) }).optional(),
    }),

  // A decision.
  request_answered: () =>
    z.object({
      requestId: requestId(),
      requestDigest: digest(),
      decision: z.enum(REQUEST_DECISIONS),
      text: text().optional(),
      choice: z.string().max(200).optional(),
      reason: z.string().max(4096).optional(),
      // of a form: one JSON object as text
      values: text().optional(),
      // approved is this instead of what was asked
      editedAction: action().optional(),
      editedDigest: digest().optional(),
      scope: z.enum(ANSWER_SCOPES).optional(),
      untilMs: atMs().optional(),
      // decided by a rule of the node's policy, without a person; the digest is of the policy's file
      auto: z.object({ rule: z.string().min(1).max(128), policy: digest() }).optional(),
      // that a person decided it: the certificate of their device with the decision as it signed it, or with what it lets
      // the rules of a policy approve (records of `@bzzz/agentid`)
      proof: z.object({
        certificate: signedRecord(),
        decision: signedRecord().optional(),
        mandate: signedRecord().optional(),
      }).optional(),
    }),

  // What somebody who may answer does with a request instead: says that they read it, puts it off, hands it on.
  request_handled: () =>
    z.object({
      requestId: requestId(),
      requestDigest: digest(),
      act: z.enum(REQUEST_ACTS),
      // of a snooze: until when; a time that has passed ends it
      untilMs: atMs().optional(),
      // of an escalation: who may answer now, too; nobody named: everybody who may decide
      to: z.object({ human: agentId().optional(), role: name().optional() }).optional(),
      reason: z.string().max(1024).optional(),
    }),

  // An approval is taken back: what it permits is not done from now on. A "no", so that nobody need sign it.
  request_revoked: () => z.object({ requestId: requestId(), answer: entryId(), reason: z.string().max(1024) }),

  // An asker goes on without asking anew: an approval for longer than once covers it. Of the request that it was given for.
  request_covered: () => z.object({ requestId: requestId(), answer: entryId() }),

  // What came of an approval.
  request_performed: () =>
    z.object({
      requestId: requestId(),
      answer: entryId(),
      outcome: z.enum(["done", "failed"]),
      text: z.string().max(4096),
    }),
} as const;
