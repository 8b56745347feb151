import { BzzzError } from "@bzzz/base";

/**
 * Failures of the health package: `duplicate_check` (two checks of one name), `port_in_use`, `listen_not_permitted` (the
 * program lacks the permission or the privilege) and `listen_failed` (any other refusal of the system, e.g. an address
 * that this machine does not have).
 */
export class HealthError
  extends BzzzError<"duplicate_check" | "port_in_use" | "listen_not_permitted" | "listen_failed"> {}
