import type { Command } from "@bzzz/cli";
import { LinePortal } from "./terminal/line_portal.ts";
import { createProcessTerminal, type TerminalEnvironment } from "./terminal/process_terminal.ts";

/** `bzzz-hap portal`: the prompt on a node that runs already, in this process or as a service. Several may be open. */
export function createPortalCommand(deps: { env: TerminalEnvironment }): Command {
  return {
    name: "portal",
    group: "people",
    summary: "The prompt, on the running node",
    needs: "node",
    async run(context) {
      const { program, clock, signal, format } = context;
      const client = await context.client();
      await client.status({ signal }); // no node: one clear message instead of a prompt that cannot do anything
      const portal = new LinePortal({ terminal: createProcessTerminal(deps.env), client, clock, program, format });
      const onAbort = () => void portal.stop(); // `done` below resolves with it
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        await portal.start();
        return await portal.done;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
  };
}
