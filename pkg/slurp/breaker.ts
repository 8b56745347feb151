/** Keeps work from what is failing; the runtime's circuit breaker fits. */
export interface Breaker {
  readonly state: "closed" | "open" | "half_open";
  /** @throws BzzzError "breaker_open" with `details.retryAfterMs`; "timeout"; what `operation` throws */
  call<T>(
    operation: (options: { readonly signal: AbortSignal }) => Promise<T>,
    options: { readonly signal: AbortSignal },
  ): Promise<T>;
}
