/**
 * The roles of a mesh and their keys: which roles there are, which age key each has, who was given it, and sealing content
 * for them. Folds over entries and pure plans; who publishes the entries is the runtime.
 *
 * @module
 */
export { RoleDirectory, type RolesEntry } from "./directory.ts";
export { RoleError, type RoleErrorCode } from "./errors.ts";
export { Keyring, type KeyringDeps, type KeyringEvents } from "./keyring.ts";
export { type KeyHolder, type RoleKey, type RoleKeyEntry, RoleKeyLedger } from "./ledger.ts";
export type { EntryOrder } from "./order.ts";
export { PatientSealer, type PatientSealerDeps } from "./patient_sealer.ts";
export { entitledHolders, exposure, isEntitled, type KeyMember, type KeyPlan, keyRolesOf, planKeys } from "./plan.ts";
export {
  planShares,
  shareHolders,
  ShareLedger,
  type SharesEntry,
  type ShareSet,
  shareThreshold,
} from "./share_ledger.ts";
export { type ContentSealer, RoleSealer, type RoleSealerDeps } from "./sealer.ts";
