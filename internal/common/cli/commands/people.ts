import { EXIT } from "../exit.ts";
import type { Command } from "../types.ts";
import { ANSWER_COMMANDS } from "./answers.ts";
import { REQUEST_COMMANDS } from "./requests.ts";

/** Says whether the person is there; the same for all three. */
function presenceVerb(name: "away" | "busy" | "back", summary: string): Command {
  const person = name === "back" ? "here" : name;
  return {
    name,
    group: "people",
    summary,
    needs: "node",
    isInPortal: true,
    async run(context) {
      const agent = await (await context.client()).setPerson(person, { signal: context.signal });
      await context.out.item(agent, () => `You are ${person}.`);
      return EXIT.ok;
    },
  };
}

/** The inbox of a person, and whether they are there. */
export const PEOPLE_COMMANDS: readonly Command[] = [
  presenceVerb("away", "Say that you are away: only asks of high stakes call you"),
  presenceVerb("busy", "Say that you are busy: only asks of high stakes call you"),
  presenceVerb("back", "Say that you are here again"),
  ...REQUEST_COMMANDS,
  ...ANSWER_COMMANDS,
];
