import type { ApiClient } from "@bzzz/api";
import { shortTaskId } from "@bzzz/cli";
import { UcxiClient } from "@bzzz/ucxi";
import type { Outgoing } from "./outgoing.ts";

/** What was sent: its id or address. */
export interface Sent {
  readonly what: Outgoing["what"];
  readonly id: string;
  /** By which a person names it. */
  readonly shortId: string;
}

/** Sends it through the node. @throws ApiError when the node refuses */
export async function sendOutgoing(
  outgoing: Outgoing,
  deps: { readonly client: ApiClient; readonly signal?: AbortSignal },
): Promise<Sent> {
  const { client, signal } = deps;
  const options = signal ? { signal } : {};
  const { what } = outgoing;
  /** People name a task by the end of its id. */
  const whole = async <K extends string>(key: K, task: unknown): Promise<{ [P in K]?: string }> =>
    typeof task !== "string" ? {} : { [key]: (await client.task(task, options)).task_id } as { [P in K]?: string }; // K
  switch (what) {
    case "message": {
      const { input } = outgoing;
      const { id } = await client.postMessage({ ...input, ...await whole("task_id", input.task_id) }, options);
      return { what, id, shortId: id };
    }
    case "ask": {
      const { input } = outgoing;
      const asked = await client.ask({ ...input, ...await whole("task_id", input.task_id) }, options);
      return { what, id: asked.request_id, shortId: asked.short_id };
    }
    case "task": {
      const { task_id: id } = await client.postTask(outgoing.input, options);
      return { what, id, shortId: shortTaskId(id) };
    }
    case "decision": {
      const { input } = outgoing;
      const { version: { address } } = await new UcxiClient(client.connection, client.connection)
        .propose({ ...input, ...await whole("task", input["task"]) }, options);
      return { what, id: address, shortId: address };
    }
  }
}
