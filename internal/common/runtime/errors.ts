import { BzzzError, type Clock, errorMessage } from "@bzzz/base";
import type { BinaryType } from "@bzzz/agentid";
import { type ExitStatus, exitStatusOf } from "@bzzz/cli";

/** What can go wrong in the runtime itself. The first five are the specification's (section 9.1). */
export const RUNTIME_ERROR_CODES = [
  "config_invalid",
  "p2p_init_failed",
  "dht_unavailable",
  "election_failed",
  "service_start_failed",
  "service_stop_failed",
  "service_duplicate",
  "service_unknown",
  "service_cycle",
  "service_not_ready",
  "lifecycle_misused",
  "profile_unknown",
  "instance_running",
  "lock_unavailable",
  "deployment_invalid",
  "keys_unreadable",
  "store_damaged",
  "node_unreachable",
  "interrupted",
  "defect",
] as const;
/** A code of a `RuntimeError`. */
export type RuntimeErrorCode = (typeof RUNTIME_ERROR_CODES)[number];

/** Beside the cause: who, which service, when. */
export interface RuntimeErrorOptions {
  readonly binaryType?: BinaryType | undefined;
  readonly serviceName?: string | undefined;
  /** Wall time, milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** A failure of the runtime (specification section 9.1). `binaryType` is undefined where the program is not known yet. */
export class RuntimeError extends BzzzError<RuntimeErrorCode> {
  readonly binaryType: BinaryType | undefined;
  readonly serviceName: string | undefined;
  readonly timestampMs: number;

  constructor(code: RuntimeErrorCode, message: string, options: RuntimeErrorOptions) {
    const { binaryType, serviceName, timestampMs, cause, details } = options;
    super(code, message, {
      details: { ...details, binaryType, service: serviceName },
      ...(cause === undefined ? {} : { cause }),
    });
    this.binaryType = binaryType;
    this.serviceName = serviceName;
    this.timestampMs = timestampMs;
  }

  /** The status a program ends with because of this; see `exitStatusOf`. */
  get exitStatus(): ExitStatus {
    return exitStatusOf(this);
  }
}

/** The specification's `NewRuntimeError`: stamped by `clock`, message "Cannot <what>: <why>". */
export function createRuntimeError(
  clock: Pick<Clock, "nowMs">,
  code: RuntimeErrorCode,
  what: string,
  options: { cause?: unknown; why?: string; binaryType?: BinaryType | undefined; serviceName?: string } = {},
): RuntimeError {
  const { cause, why, binaryType, serviceName } = options;
  const found = why ?? (cause === undefined ? code : errorMessage(cause));
  return new RuntimeError(code, `Cannot ${what}: ${found}`, {
    binaryType,
    serviceName,
    timestampMs: clock.nowMs(),
    cause,
  });
}
