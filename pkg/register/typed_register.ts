import type { MeshId, PeerId, Random } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import type { Codec } from "./codec.ts";
import { signCommand } from "./command.ts";
import type { RegisterKey } from "./keys.ts";
import type {
  CallOptions,
  ProbeOutcome,
  ReadOutcome,
  Refused,
  Register,
  RegisterRules,
  SubmitOutcome,
} from "./types.ts";
import type { WireOutcome } from "./wire.ts";

/** Calls over bytes. */
export interface ByteCalls {
  submit(command: Uint8Array, options: CallOptions): Promise<WireOutcome>;
  probe(command: Uint8Array, options: CallOptions): Promise<WireOutcome>;
  read(key: RegisterKey, options: CallOptions): Promise<WireOutcome>;
}

/** Who signs the commands. */
export interface CommandSigner {
  readonly signingKey: SigningKey;
  readonly mesh: MeshId;
  readonly self: PeerId;
  readonly random: Random;
}

/** The registers of one prefix in the form of its rules. */
export function createTypedRegister<V, C>(
  rules: RegisterRules<V, C>,
  signer: CommandSigner,
  calls: ByteCalls,
): Register<V, C> {
  const { signingKey, mesh, self, random } = signer;
  const sign = (key: RegisterKey, command: C) =>
    signCommand(signingKey, mesh, { key, actor: self, body: rules.command.encode(command) }, random);
  return {
    submit: async (key, command, options = {}): Promise<SubmitOutcome<V>> => {
      const outcome = await calls.submit(sign(key, command), options);
      if (outcome.type !== "decided") return toRefusal(rules, outcome);
      const value = rules.value.decode(outcome.certificate.value);
      // Decided in a form that only a newer version knows.
      if (value === undefined) return { type: "refused", code: "unknown_value" };
      return { type: "decided", value, certificate: outcome.certificate, isNew: outcome.isNew };
    },
    probe: async (key, command, options = {}): Promise<ProbeOutcome<V>> => {
      const outcome = await calls.probe(sign(key, command), options);
      return outcome.type === "would_accept" ? outcome : toRefusal(rules, outcome);
    },
    read: async (key, options = {}): Promise<ReadOutcome<V>> => {
      const outcome = await calls.read(key, options);
      if (outcome.type === "absent") return { type: "value", value: undefined };
      if (outcome.type === "undecided") return outcome;
      if (outcome.type !== "decided") return { type: "undecided", reason: "no_voter" };
      const { certificate } = outcome;
      return { type: "value", value: rules.value.decode(certificate.value), certificate };
    },
  };
}

function toRefusal<V>(
  rules: { readonly value: Codec<V> },
  outcome: WireOutcome,
): Refused<V> | Extract<WireOutcome, { readonly type: "undecided" }> {
  if (outcome.type === "undecided") return outcome;
  if (outcome.type !== "refused") return { type: "refused", code: "nothing_there" };
  const value = outcome.value && rules.value.decode(outcome.value);
  return {
    type: "refused",
    code: outcome.code,
    ...(value === undefined ? {} : { value }),
    ...(outcome.retryAfterMs === undefined ? {} : { retryAfterMs: outcome.retryAfterMs }),
  };
}
