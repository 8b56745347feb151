import type { Command } from "./command.ts";
import { LEASE_ID_BYTES } from "./constants.ts";
import type { RegisterKey } from "./keys.ts";
import type { Decision, LocalFacts, RegisterRules, Verdict } from "./types.ts";

/** The rules of one prefix over bytes, as voters and proposers use them: they compare values and never look into them. */
export interface ByteRules {
  readonly prefix: string;
  decide(key: RegisterKey, previous: Uint8Array | undefined, command: Command): Decision<Uint8Array>;
  check(key: RegisterKey, previous: Uint8Array | undefined, command: Command, local: LocalFacts): Verdict;
  leaseId(value: Uint8Array): string | undefined;
}

/**
 * Rules over bytes. Bytes that this version does not understand are refused ("unknown_command", "unknown_value"), so a voter
 * never votes for what it cannot judge.
 */
export function toByteRules<V, C>(rules: RegisterRules<V, C>): ByteRules {
  const read = (bytes: Uint8Array | undefined) => bytes === undefined ? undefined : rules.value.decode(bytes);
  return {
    prefix: rules.prefix,
    decide: (key, previous, { body, actor, nonce }) => {
      const command = rules.command.decode(body);
      if (command === undefined) return { refuse: "unknown_command" };
      const value = read(previous);
      if (previous !== undefined && value === undefined) return { refuse: "unknown_value" };
      const decision = rules.decide(key, value, command, actor, nonce.subarray(0, LEASE_ID_BYTES).toHex());
      return "next" in decision ? { next: rules.value.encode(decision.next) } : decision;
    },
    check: (key, previous, { body, actor }, local) => {
      const command = rules.command.decode(body);
      return command === undefined
        ? { refuse: "unknown_command" }
        : rules.check(key, read(previous), command, actor, local);
    },
    leaseId: (bytes) => {
      const value = rules.value.decode(bytes);
      return value === undefined ? undefined : rules.leaseId(value);
    },
  };
}
