import { IdentityError } from "@bzzz/agentid";
import { type AgentId, parseAgentId, type Random } from "@bzzz/base";
import type { BinaryProfile } from "./profiles.ts";

/** A name for who did not choose one: the program's word and four hexadecimal digits (reference 2.6). */
export function defaultAgentId(profile: Pick<BinaryProfile, "binaryType">, random: Random): AgentId {
  const suffix = Array.from(random.bytes(2), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${profile.binaryType}-${suffix}` as AgentId; // fits AGENT_ID by construction
}

/** The agent id in `text`. @throws IdentityError "invalid_agent_id" with what is expected */
export function requireAgentId(text: string): AgentId {
  const id = parseAgentId(text);
  if (id) return id;
  throw new IdentityError(
    "invalid_agent_id",
    `Cannot use agent id ${JSON.stringify(text)}: expected 2 to 63 of a-z, 0-9 and "-", not "-" first`,
  );
}
