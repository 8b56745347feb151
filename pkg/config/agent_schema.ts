import { acpSection } from "./acp_section.ts";
import { choice, constant, lineRule, NAME_RULE, optionalText, textList, toggle, wholeNumber } from "./fields.ts";
import { configFile, section } from "./members.ts";
import { processSection } from "./process_section.ts";
import type { ProfileDefaults } from "./profiles.ts";
import { modelSection } from "./model_section.ts";
import { commonSections, identityKeys, presenceKeys, versionKey } from "./common_sections.ts";
import { githubSection } from "./github_section.ts";

function buildAgentSchema(defaults: ProfileDefaults) {
  return configFile({
    version: versionKey(),
    binary_type: constant("agent", "Program this file is for. The other program refuses it."),
    agent: section({
      ...identityKeys({ capabilities: ["general"] }),
      models: textList(
        [],
        lineRule(128, "the name of a model"),
        { max: 32, what: "models" },
        "Names of the models behind this agent, told to others in its agent record and its presence. Not with executor.kind model, which tells the models that it finds.",
      ),
      max_tasks: wholeNumber(
        3,
        { min: 1, max: 64, unit: "tasks" },
        "Tasks this agent works on at the same time; at the limit it takes no more.",
      ),
    }),
    interface: section({
      mode: choice(["headless"], "headless", "Kind of interface: an agent has none.", {
        terminal: "an agent has no interface for people; start bzzz-hap for one",
        web: "an agent has no interface for people; start bzzz-hap for one",
      }),
      auto_start_interface: toggle(false, [false], "An agent has no interface to start.", {
        true: "an agent has no interface for people; start bzzz-hap for one",
      }),
    }),
    ...commonSections(defaults),
    coordination: section({
      ...presenceKeys(),
      lease_seconds: wholeNumber(
        30,
        { min: 5, max: 86_400, unit: "seconds" },
        "Time a claim lasts unless it is renewed, every third of it. The holder stops at 0.75 of it, another may have the task at 1.25.",
      ),
    }),
    tasks: section({ github: githubSection() }),
    executor: section({
      kind: choice(
        ["mock", "process", "model", "acp"],
        "mock",
        "How tasks are executed: mock gives a deterministic result for trials, process starts a program of executor.process.commands, model asks a language model of executor.model, acp has the coding agent of executor.acp.argv do it.",
      ),
      process: processSection(),
      acp: acpSection(),
      model: modelSection(),
      help: section({
        model: toggle(
          false,
          [true, false],
          "Have a model of executor.model answer calls for help (hmmm call) that this agent can help with, also where executor.kind is another. The question goes to the server of the models, the answer to every member.",
        ),
        timeout_seconds: wholeNumber(
          60,
          { min: 1, max: 3_600, unit: "seconds" },
          "Time one answer may take; it is what the caller is told before the first answer has shown how long they take.",
        ),
        per_hour: wholeNumber(
          30,
          { min: 1, max: 3_600, unit: "per hour" },
          "Answers of the model in an hour, one at a time; to calls beyond the agent says only that it can help.",
        ),
      }),
      summary: section({
        command: optionalText(
          NAME_RULE,
          "Name of the command of executor.process.commands that sums long contents up while this node leads, for derived context; with executor.process's limits of output and memory. Left out: summaries are what rules find, without a model.",
        ),
        model: toggle(
          false,
          [true, false],
          "Have a model of executor.model sum long contents up while this node leads, also where executor.kind is another; instead of a command. One with the capability summary is preferred. The contents go to the server of the models.",
        ),
        timeout_seconds: wholeNumber(
          20,
          { min: 1, max: 50, unit: "seconds" },
          "Time one summary may take; then it is stopped, the process group of a command is killed, and what rules found stands. Three failures in ten minutes pause it for a minute.",
        ),
        per_hour: wholeNumber(
          60,
          { min: 1, max: 3_600, unit: "per hour" },
          "Summaries that are asked for in an hour, 50 of them at once at most; contents beyond wait for their turn.",
        ),
      }),
    }),
  });
}

/** The schema of the file of `bzzz-agent`. */
export type AgentConfigSchema = ReturnType<typeof buildAgentSchema>;

/** The only definition of the file of `bzzz-agent`: strict, with its defaults. */
export function createAgentSchema(defaults: ProfileDefaults): AgentConfigSchema {
  return buildAgentSchema(defaults);
}
