import { diffLines } from "@bzzz/ucxl";
import type { SetupAnswers } from "./answers.ts";
import type { SetupFacts } from "./questions.ts";

/** What the answers make of the configuration: dotted keys and their values. */
export function settingsOf(facts: SetupFacts, answers: SetupAnswers): Readonly<Record<string, unknown>> {
  const settings: Record<string, unknown> = {};
  const set = (key: string, value: unknown) => {
    if (value !== undefined) settings[key] = value;
  };
  const first = answers.first_port;
  if (first !== undefined) {
    ["http_port", "health_port", "ucxi_port", "admin_ui_port"].forEach((name, i) =>
      set(`ports.${name}`, first === 0 ? 0 : first + i)
    );
  }
  set("network.p2p_port", answers.p2p_port);
  if (facts.binaryType === "hap") {
    set("interface.mode", answers.interface);
    set("interface.bell", answers.bell);
    set("interface.desktop_notifications", answers.desktop_notifications);
  } else set("agent.capabilities", answers.capabilities);
  return settings;
}

/** The ports the answers ask for; 0 is never taken. */
export function portsOf({ first_port: first, p2p_port: p2p }: SetupAnswers): readonly number[] {
  return [
    ...(first === undefined ? [] : [0, 1, 2, 3].map((i) => first && first + i)),
    ...(p2p === undefined ? [] : [p2p]),
  ]
    .filter((port) => port > 0);
}

/** What is said about ports that another program holds. */
export function portsProblem(taken: readonly number[]): string {
  const which = taken.length === 1 ? `port ${taken[0]} is` : `ports ${taken.join(", ")} are`;
  return `Cannot use these ports: ${which} in use by another program; choose others, or 0`;
}

/** Whether the person's key is one that they have already. A member's is not touched: `identity restore` is for that. */
export function isRestoring(facts: SetupFacts, answers: SetupAnswers): boolean {
  return facts.member === undefined && facts.binaryType === "hap" && answers.own_key === "restore";
}

/** What will be done, in sentences. */
export function actionsOf(facts: SetupFacts, answers: SetupAnswers): readonly string[] {
  const { member } = facts;
  const keys = answers.lock_keys ? "keys locked with a passphrase" : "keys that only this user can read";
  return [
    member
      ? `You stay ${member.agentId} of mesh ${member.meshName}.`
      : answers.mesh === "join"
      ? `Join a mesh as ${answers.agent_id ?? facts.defaultAgentId}, with ${keys}; the token is asked for then.`
      : `Create mesh ${answers.mesh_name ?? "bzzz"} with you as ${
        answers.agent_id ?? facts.defaultAgentId
      }, with ${keys}.`,
    ...(isRestoring(facts, answers)
      ? ["Restore your own key from shares of its recovery sheet; they are asked for then."]
      : []),
    ...(answers.recovery_sheet ? ["Show a recovery sheet of your own key, for you to keep."] : []),
  ];
}

/** How the configuration changes, in the form of `diff -u`; empty when it does not. */
export function describeChange(before: string, after: string): readonly string[] {
  const signs = { same: " ", removed: "-", added: "+" } as const;
  return diffLines(before, after).flatMap((hunk) => [
    `@@ line ${hunk.afterLine} @@`,
    ...hunk.lines.map((line) => `${signs[line.type]}${line.text.replace(/\n$/, "")}`),
  ]);
}
