/**
 * One thread of a campaign: gets jobs, one after another, and answers each.
 *
 * @module
 */
import { runJob } from "./job.ts";
import type { Job } from "./protocol.ts";

// `self` of a worker; the program's own types know the window alone.
const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Job>) => void) | null;
  postMessage(message: unknown): void;
};

scope.onmessage = ({ data }) => {
  runJob(data).then(
    (result) => scope.postMessage({ type: "done", result }),
    (error) => scope.postMessage({ type: "failed", job: data, reason: String(error?.stack ?? error) }),
  );
};
