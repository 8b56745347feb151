import type { InitResult, JoinResult, TypedPassphrases } from "../hook_types.ts";
import type { ProgramHooks } from "../hooks.ts";
import type { GlobalFlags } from "../types.ts";
import type { SetupAnswers } from "./answers.ts";
import { isRestoring } from "./plan.ts";
import type { SetupFacts } from "./questions.ts";

const JOIN_TIMEOUT_MS = 60_000;

/** What came of the part of a setup that is about the mesh. */
export type SetupOutcome =
  | { readonly type: "stayed"; readonly agentId: string }
  | { readonly type: "joined"; readonly agentId: string; readonly joined: JoinResult }
  | { readonly type: "created"; readonly agentId: string; readonly made: InitResult };

/**
 * Creates the mesh, or joins it, as the answers say; a member stays what it is. The configuration is not touched.
 * @throws what `init` and `join` reject with
 */
export async function enterMesh(
  hooks: Pick<ProgramHooks, "init" | "join">,
  { facts, answers }: { readonly facts: SetupFacts; readonly answers: SetupAnswers },
  options: {
    readonly globals: GlobalFlags;
    /** Asked for when it is needed. */
    readonly token: () => Promise<string>;
    /** Asked for when the person's key is to be restored. */
    readonly personShares: () => Promise<readonly string[]>;
    /** Without them, whoever makes the keys asks. */
    readonly typed?: TypedPassphrases;
    readonly signal: AbortSignal;
  },
): Promise<SetupOutcome> {
  if (facts.member) return { type: "stayed", agentId: facts.member.agentId };
  const { globals, typed, signal } = options;
  const common = {
    globals,
    agentId: answers.agent_id,
    isLocked: answers.lock_keys === true,
    isForced: false,
    hasSheet: answers.recovery_sheet === true,
    typed,
    ...(isRestoring(facts, answers) ? { personShares: await options.personShares() } : {}),
  };
  if (answers.mesh === "join") {
    const joined = await hooks.join(await options.token(), { ...common, timeoutMs: JOIN_TIMEOUT_MS, signal });
    return { type: "joined", agentId: joined.agent_id, joined };
  }
  const made = await hooks.init({
    ...common,
    meshName: answers.mesh_name,
    isRootKeyKept: false,
    shares: undefined,
    threshold: undefined,
  });
  return { type: "created", agentId: made.agent_id, made };
}
