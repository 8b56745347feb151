/**
 * Cells that a quorum of voters changes by compare-and-set: CASPaxos (Rystsov 2018, arXiv:1802.07000), one register a key,
 * without a log and without a leader. Claims of tasks, the leadership and the voters themselves are registers.
 *
 * A package above gives the rules of its prefix and uses the register that it gets:
 *
 * ```ts
 * const tasks = registers.use(taskRules);
 * const outcome = await tasks.submit(registerKey("task", taskId), { type: "claim", version: 0 }, { signal });
 * if (outcome.type === "decided") await publish(outcome.certificate);
 * ```
 *
 * @module
 */
export { type Ballot, ballotAfter, compareBallots } from "./ballot.ts";
export {
  acceptStatement,
  type Certificate,
  countSignatures,
  decodeCertificate,
  encodeCertificate,
  majorityOf,
  verifyAcceptSignature,
  verifyCertificate,
  type VoterSignature,
} from "./certificate.ts";
export { type Codec, createCodec } from "./codec.ts";
export { type Command, openCommand, signCommand } from "./command.ts";
export {
  HEDGE_AFTER_MS,
  HOLDER_STOPS_AFTER_LEASES,
  LEASE_ID_BYTES,
  MAX_VALUE_BYTES,
  REGISTER_PROTOCOL,
  TAKEOVER_AFTER_LEASES,
  VOTER_COUNTS,
} from "./constants.ts";
export { RegisterError, type RegisterErrorCode } from "./errors.ts";
export { type ByteRules, toByteRules } from "./byte_rules.ts";
export { LeaseClock } from "./lease_clock.ts";
export { type Accepted, contentOf, NOTHING, type VoterReply, type VoterRequest } from "./messages.ts";
export { judgeProbe } from "./probing.ts";
export { advanceProposal, beginProposal } from "./proposal.ts";
export type {
  Confirmation,
  Failure,
  ProposalEffect,
  ProposalEvent,
  ProposalInput,
  ProposalOutcome,
  ProposalPhase,
  ProposalState,
  ProposalStep,
  ProposalWork,
} from "./proposal_types.ts";
export { answerAsVoter, type VoterCell, type VoterContext, type VoterRecord, type VoterStep } from "./voter.ts";
export { createRegisterNode } from "./node.ts";
export type { RegisterNode, RegisterNodeDeps, RegisterStats, RosterChange } from "./node_types.ts";
export { readRosterHistory, type RosterMesh, storeGenesis } from "./roster_log.ts";
export { leaveSeat, readSeat, takeSeat } from "./seat.ts";
export { nameOf, parseRegisterKey, prefixOf, type RegisterKey, registerKey, ROSTER_KEY } from "./keys.ts";
export type {
  CallOptions,
  Decision,
  LocalFacts,
  ProbeOutcome,
  ReadOutcome,
  Refused,
  Register,
  RegisterEvents,
  RegisterRules,
  RegisterService,
  SubmitOutcome,
  Undecided,
  UndecidedReason,
  Verdict,
} from "./types.ts";
export {
  isNextRoster,
  openGenesis,
  rosterCodec,
  signGenesis,
  verifyRosterStep,
  type Voter,
  type VoterRoster,
  votersOf,
} from "./voter_roster.ts";
