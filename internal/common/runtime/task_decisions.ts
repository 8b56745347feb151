import { LruMap, type MeshId, type PeerId, TypedEventTarget } from "@bzzz/base";
import { type DecisionReader, TASK_VALUE_CODEC, taskKey, type TaskValue } from "@bzzz/coordinator";
import {
  decodeCertificate,
  openGenesis,
  type RosterMesh,
  verifyCertificate,
  verifyRosterStep,
  type VoterRoster,
  votersOf,
} from "@bzzz/register";
import type { BodyOf } from "@bzzz/wire";

/** Why a certificate proves nothing; `voters_unknown` may change when this node hears of the epoch. */
export type DecisionProblem =
  | "certificate_malformed"
  | "wrong_key"
  | "voters_unknown"
  | "not_certified"
  | "value_malformed";

/** Values that were read lately: the read model and the agent read the same entry, one after the other. */
const MAX_READ = 256;

/** The value that a `task_decided` entry proves, or why it proves none. Pure but for `votersOf`. */
export function readTaskDecision(
  body: Pick<BodyOf<"task_decided">, "taskId" | "certificate">,
  mesh: MeshId,
  votersOf: (epoch: number) => readonly PeerId[] | undefined,
): { readonly value: TaskValue } | { readonly problem: DecisionProblem } {
  const certificate = decodeCertificate(body.certificate);
  if (!certificate) return { problem: "certificate_malformed" };
  const key = taskKey(body.taskId);
  if (certificate.key !== key) return { problem: "wrong_key" };
  const voters = votersOf(certificate.epoch);
  if (!voters) return { problem: "voters_unknown" };
  if (!verifyCertificate(certificate, { mesh, key, voters })) return { problem: "not_certified" };
  const value = TASK_VALUE_CODEC.decode(certificate.value);
  return value ? { value } : { problem: "value_malformed" };
}

/** The voters of each epoch, from the records that prove them: the root's word, and a certificate for each step. */
export function votersByEpoch(
  history: readonly Uint8Array[],
  mesh: RosterMesh,
): ReadonlyMap<number, readonly PeerId[]> {
  const voters = new Map<number, readonly PeerId[]>();
  let roster: VoterRoster | undefined;
  for (const record of history) {
    const certificate = roster && decodeCertificate(record);
    roster = roster
      ? certificate && verifyRosterStep(roster, certificate, mesh.meshId) || roster
      : openGenesis(mesh, record);
    if (roster) voters.set(roster.epoch, votersOf(roster));
  }
  return voters;
}

/** Reads decisions for the folds of a node, each once, by the voters it knows of. */
export class TaskDecisions {
  /** More voters are known than before: what could not be judged is to be read again. */
  readonly events: TypedEventTarget<{ "voters:learned": undefined }> = new TypedEventTarget();
  readonly #mesh: RosterMesh;
  readonly #read = new LruMap<Uint8Array, TaskValue>(MAX_READ);
  #voters: ReadonlyMap<number, readonly PeerId[]> = new Map();

  constructor(mesh: RosterMesh) {
    this.#mesh = mesh;
  }

  /** Takes the whole history of the voters, as the registers have it. */
  learn(history: readonly Uint8Array[]): void {
    const voters = votersByEpoch(history, this.#mesh);
    const isNew = voters.size > this.#voters.size;
    this.#voters = voters;
    if (isNew) this.events.emit("voters:learned", undefined);
  }

  /** The voters of an epoch; undefined while this node has not heard of it. */
  votersOf(epoch: number): readonly PeerId[] | undefined {
    return this.#voters.get(epoch);
  }

  readonly read: DecisionReader = (body) => {
    // the journal hands the same decoded body to every listener
    const known = this.#read.get(body.certificate);
    if (known) return known;
    const result = readTaskDecision(body, this.#mesh.meshId, (epoch) => this.#voters.get(epoch));
    if ("problem" in result) return undefined;
    this.#read.set(body.certificate, result.value);
    return result.value;
  };
}
