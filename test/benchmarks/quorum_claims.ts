import { createSystemClock, createSystemRandom, createUlid } from "@bzzz/base";
import { createCodec, registerKey, type RegisterNode, type RegisterRules } from "@bzzz/register";
import { z } from "zod";

const clock = createSystemClock();
const random = createSystemRandom();

const claimSchema = z.object({ version: z.int(), holder: z.string(), token: z.int(), leaseMs: z.int() });
type Claim = z.infer<typeof claimSchema>;

/** Claims as tasks have them: a holder, a token that grows, a lease. */
const RULES: RegisterRules<Claim, { readonly version: number }> = {
  prefix: "bench",
  value: createCodec(() => claimSchema),
  command: createCodec(() => z.object({ version: z.int() })),
  decide: (_key, previous, { version }, actor) =>
    (previous?.version ?? 0) === version
      ? { next: { version: version + 1, holder: actor, token: (previous?.token ?? 0) + 1, leaseMs: 30_000 } }
      : { refuse: "version" },
  check: () => ({ ok: true }),
  leaseId: ({ holder, token }) => `${holder}/${token}`,
};

/** Has fresh claims decided by the node's quorum. */
export function createClaimer(registers: RegisterNode): { claim(): Promise<void>; otherVoters(): number } {
  const claims = registers.use(RULES);
  return {
    claim: async () => {
      const key = registerKey("bench", createUlid(clock.nowMs(), random));
      const outcome = await claims.submit(key, { version: 0 }, { timeoutMs: 30_000 });
      if (outcome.type !== "decided") throw new Error(`A claim was not decided: ${JSON.stringify(outcome)}`);
    },
    otherVoters: () => {
      const roster = registers.roster();
      return roster?.step === "stable" ? roster.voters.length - 1 : 0;
    },
  };
}
