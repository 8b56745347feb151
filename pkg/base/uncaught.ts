/** Whether an error that nobody caught is dealt with, or ends the process as it would without anybody watching. */
export type UncaughtVerdict = "handled" | "fatal";

/**
 * Sees every error and rejection of this process that nobody caught, until it is disposed. `judge` must not throw; if it does,
 * the error stays fatal. Several may watch: what one has handled, those that began later do not see.
 */
export function watchUncaught(judge: (error: unknown) => UncaughtVerdict): Disposable {
  const see = (event: Event, error: unknown): void => {
    if (event.defaultPrevented) return;
    if (judge(error) === "handled") event.preventDefault();
  };
  const onError = (event: ErrorEvent): void => see(event, event.error ?? new Error(event.message));
  const onRejection = (event: PromiseRejectionEvent): void => see(event, event.reason);
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return {
    [Symbol.dispose]: () => {
      globalThis.removeEventListener("error", onError);
      globalThis.removeEventListener("unhandledrejection", onRejection);
    },
  };
}
