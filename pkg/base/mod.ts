/**
 * What every other package stands on: time, chance, errors, bytes, ids, bounded waiting. Imports nothing of the project.
 *
 * @module
 */
export * from "./async.ts";
export * from "./awake_clock.ts";
export * from "./bytes.ts";
export * from "./clock.ts";
export * from "./collections.ts";
export { FairShare, heapBytesOf, type Holding } from "./fair_share.ts";
export * from "./errors.ts";
export * from "./events.ts";
export * from "./file_failure.ts";
export * from "./ids.ts";
export * from "./once.ts";
export * from "./random.ts";
export * from "./turn.ts";
export * from "./uncaught.ts";
export * from "./wall_alarms.ts";
