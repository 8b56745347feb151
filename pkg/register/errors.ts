import { BzzzError } from "@bzzz/base";

/**
 * - `register_protocol`: a peer sent what is no message of the protocol
 * - `register_ended`: the stream, or this node, ended before the answer came
 * - `register_busy`: too many requests wait for one peer, or for this node
 * - `register_misused`: a mistake of the calling code: two sets of rules for one prefix, a value that is too large
 */
export type RegisterErrorCode = "register_protocol" | "register_ended" | "register_busy" | "register_misused";

/** A failure of the machinery; what a register decides is never an exception. */
export class RegisterError extends BzzzError<RegisterErrorCode> {}
