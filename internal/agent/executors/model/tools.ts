import { once } from "@bzzz/base";
import type { ToolCall, ToolSpec } from "@bzzz/model";
import { MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, REQUEST_STAKES } from "@bzzz/wire";
import { z } from "zod";

const MAX_REASON_CHARACTERS = 4_000;
const MAX_ADDRESS_CHARACTERS = 2_560;

/** Made when a model is asked first: most agents have none. */
const schemas = once(() => ({
  ask_person: z.strictObject({
    title: z.string().min(1).max(MAX_TITLE_CHARACTERS).describe("The question in a few words"),
    body: z.string().max(MAX_TEXT_CHARACTERS).default("").describe("What the person must know to answer"),
    choices: z.array(z.string().min(1).max(200)).min(1).max(64).optional()
      .describe("The person picks one of these; without them they write freely"),
    approval: z.strictObject({
      verb: z.string().min(1).max(64).describe("One word, such as publish"),
      target: z.string().max(MAX_ADDRESS_CHARACTERS).default("").describe("What it is done to"),
      effect: z.string().max(4_096).default("").describe("What happens then"),
    }).optional().describe("The person approves exactly this or denies it; not together with choices"),
    stakes: z.enum(REQUEST_STAKES).optional().describe("How much a wrong answer would cost"),
  }).refine(({ choices, approval }) => !choices || !approval, "choices and approval exclude each other"),
  read_context: z.strictObject({
    address: z.string().min(1).max(MAX_ADDRESS_CHARACTERS)
      .describe("A UCXL address, such as ucxl://any:any@shop:checkout/*^/notes.md with names instead of any"),
  }),
  finish: z.strictObject({
    summary: z.string().min(1).describe("The result in one or two sentences"),
    output: z.string().default("").describe("The whole result"),
  }),
  give_up: z.strictObject({
    reason: z.string().min(1).max(MAX_REASON_CHARACTERS).describe("Why it cannot be done"),
    retryable: z.boolean().default(false).describe("Whether another try may succeed"),
  }),
}));
type Schemas = ReturnType<typeof schemas>;

const DESCRIPTIONS: Readonly<Record<ToolName, string>> = {
  ask_person:
    "Asks the people of the mesh and waits for the answer, for days if need be. An approval permits what it names; you " +
    "cannot do it yourself, say in the result that it may be done.",
  read_context: "Reads the content at an address of the mesh's context, as far as who posted the task may read it.",
  finish: "Ends the task with its result.",
  give_up: "Ends the task without a result.",
};

/** Tools that a model may be offered. */
export type ToolName = keyof Schemas;

/** A call whose arguments are in order. */
export type ToolUse =
  | { readonly name: "ask_person"; readonly args: z.output<Schemas["ask_person"]> }
  | { readonly name: "read_context"; readonly args: z.output<Schemas["read_context"]> }
  | { readonly name: "finish"; readonly args: z.output<Schemas["finish"]> }
  | { readonly name: "give_up"; readonly args: z.output<Schemas["give_up"]> };

/** What a server is told of each tool. */
const specs = once((): Readonly<Record<ToolName, ToolSpec>> => {
  const specOf = (name: ToolName): ToolSpec => {
    const { $schema: _, ...parameters } = z.toJSONSchema(schemas()[name], { io: "input" });
    return { name, description: DESCRIPTIONS[name], parameters };
  };
  return {
    ask_person: specOf("ask_person"),
    read_context: specOf("read_context"),
    finish: specOf("finish"),
    give_up: specOf("give_up"),
  };
});

/** The tools of those names, as a server is told of them. */
export function toolSpecs(names: readonly ToolName[]): readonly ToolSpec[] {
  return names.map((name) => specs()[name]);
}

/** What a model wants, or what is wrong with its call, in words for the model. */
export function parseCall(
  call: Pick<ToolCall, "name" | "argumentsText">,
  offered: readonly ToolName[],
): { readonly ok: true; readonly use: ToolUse } | { readonly ok: false; readonly problem: string } {
  const name = offered.find((known) => known === call.name);
  if (name === undefined) {
    const found = JSON.stringify(call.name.slice(0, 64));
    return { ok: false, problem: `there is no tool ${found}, expected one of ${offered.join(", ")}` };
  }
  let value: unknown;
  try {
    value = JSON.parse(call.argumentsText);
  } catch {
    return { ok: false, problem: `the arguments of ${name} are no JSON` };
  }
  const parsed = schemas()[name].safeParse(value);
  // the schema is the one of this name
  if (parsed.success) return { ok: true, use: { name, args: parsed.data } as ToolUse };
  const issues = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join(".") || "all"}: ${message}`);
  return { ok: false, problem: `the arguments of ${name} do not fit: ${issues.join("; ")}` };
}
