import type { PeerId } from "@bzzz/base";
import { TASK_VALUE_CODEC, taskKey } from "@bzzz/coordinator";
import {
  type Certificate,
  decodeCertificate,
  majorityOf,
  type RosterMesh,
  verifyAcceptSignature,
} from "@bzzz/register";
import type { BodyOf } from "@bzzz/wire";

/**
 * What is wrong with the certificate of a task's decision, in words for an audit; undefined when it proves its value. Needs
 * no node: the voters of each epoch follow from the mesh's root and the certificates of their changes.
 */
export function decisionProblem(
  body: BodyOf<"task_decided">,
  mesh: Pick<RosterMesh, "meshId">,
  votersOf: (epoch: number) => readonly PeerId[] | undefined,
): string | undefined {
  const certificate = decodeCertificate(body.certificate);
  if (!certificate) return "its certificate cannot be read";
  const { key, epoch, signatures } = certificate;
  if (key !== taskKey(body.taskId)) return `its certificate is about "${key}", not about the task`;
  if (!TASK_VALUE_CODEC.decode(certificate.value)) return "the value it certifies is none of a task";
  const voters = votersOf(epoch);
  if (!voters) return `the voters of epoch ${epoch} are not known in this journal`;
  const strange = signatures.find(({ voter }) => !voters.includes(voter));
  if (strange) return `its certificate is signed by ${strange.voter}, who does not vote in epoch ${epoch}`;
  return countProblem(certificate, mesh, voters);
}

function countProblem(
  certificate: Certificate,
  { meshId }: Pick<RosterMesh, "meshId">,
  voters: readonly PeerId[],
): string | undefined {
  const { signatures } = certificate;
  const forged = signatures.find((signature) => !verifyAcceptSignature(meshId, certificate, signature));
  if (forged) return `the signature of voter ${forged.voter} is not over this value: one of them was altered`;
  const signed = new Set(signatures.map(({ voter }) => voter)).size;
  const needed = majorityOf(voters.length);
  return signed >= needed ? undefined : `its certificate has ${signed} of the ${needed} signatures that decide`;
}
