import type { RequestView } from "@bzzz/api";
import { type Command, type CommandContext, EXIT, sanitiseLine, usageError } from "@bzzz/cli";
import { BzzzError, errorMessage } from "@bzzz/base";
import { formatIssues } from "@bzzz/config";
import { judge, parsePolicy, type Policy, type PolicyVerdict } from "./policy.ts";
import { acceptPolicy, mandatedRules, policyDigest } from "./policy_mandate.ts";
import { policyFile, readPolicy } from "./policy_file.ts";

/** A policy that is not there or not valid. */
class PolicyError extends BzzzError<"not_found" | "validation_failed"> {}

/** Where the policy of the configuration is; undefined: there is none. */
export type PolicyPathOf = (context: CommandContext) => Promise<string | undefined>;

/** The verbs that look at the policy. */
function lookingCommands(pathOf: PolicyPathOf): readonly Command[] {
  return [createLint(pathOf), createTest(pathOf)];
}

function createLint(pathOf: PolicyPathOf): Command {
  return {
    name: "policy lint",
    group: "people",
    summary: "Look whether a policy is valid: every mistake with its line",
    args: [{ name: "file", summary: "Another file than the one of interface.policy_path" }],
    needs: "data_dir",
    isInPortal: true,
    async run(context) {
      const { path, policy } = await load(context, pathOf);
      await context.out.item(
        { file: path, rules: policy.rules.map((rule) => ({ id: rule.id, do: rule.do })) },
        () => `${path}: ${policy.rules.length} rules, valid`,
      );
      return EXIT.ok;
    },
  };
}

function createTest(pathOf: PolicyPathOf): Command {
  return {
    name: "policy test",
    group: "people",
    summary: "What the policy says to an ask, and by which rule; nothing is decided",
    args: [
      { name: "ask", summary: "Its id, or the short one", isRequired: true },
      { name: "file", summary: "Another file than the one of interface.policy_path" },
    ],
    needs: "node",
    isInPortal: true,
    async run(context) {
      const { policy } = await load(context, pathOf);
      const client = await context.client();
      const request = await client.request(context.values.required("ask"), { signal: context.signal });
      const verdict = applied(request, judge(policy, factsOf(request)));
      await context.out.item(
        {
          request_id: request.request_id,
          do: verdict.do,
          rule: verdict.rule,
          stakes: verdict.stakes,
          reason: verdict.reason,
        },
        () =>
          `Ask ${request.short_id}: ${verdict.do}, ${verdict.stakes} stakes, ${
            verdict.rule === undefined ? "no rule names it" : `by ${verdict.rule}`
          }${verdict.reason === undefined ? "" : `: ${sanitiseLine(verdict.reason)}`}`,
      );
      return EXIT.ok;
    },
  };
}

const accept: Command = {
  name: "policy accept",
  group: "people",
  summary: "Let the rules of the policy approve in your name, for 90 days",
  details:
    "Shows every rule that allows something, and signs them with your key: without that, and after each change of the file, an " +
    "agent takes no approval by a rule. Rules that deny or raise stakes need it not. Where your key has no passphrase the node " +
    "accepts by itself what the file says.",
  needs: "data_dir",
  async run(context) {
    const { text, policy, path } = await load(context, configuredPolicy);
    const rules = mandatedRules(policy);
    if (context.ask && !context.out.isJson) {
      const lines = rules.map((rule) =>
        `${sanitiseLine(rule.rule)}: ${sanitiseLine(rule.action)}${
          rule.target ? ` at ${sanitiseLine(rule.target)}` : ""
        }`
      );
      await context.out.text([`${path} lets ${rules.length} rules approve:`, ...lines].join("\n"));
      if ((await context.ask("type y to accept: "))?.trim() !== "y") throw usageError("Nothing was accepted");
    } else if (context.globals.passphraseFile === undefined) {
      throw usageError("Cannot accept a policy unseen: run it on a terminal, or give --passphrase-file");
    }
    const { untilMs } = await context.hooks().withPersonKey(
      context.globals,
      (keys) => acceptPolicy(context.clock, keys, { digest: policyDigest(text), rules }),
    );
    await context.out.item(
      { file: path, rules: rules.map(({ rule }) => rule), until_ms: untilMs },
      () => `Accepted until ${context.format.date(untilMs)}`,
    );
    return EXIT.ok;
  },
};

/** What a rule may not decide, people are asked. */
function applied(request: RequestView, verdict: PolicyVerdict): PolicyVerdict {
  const decision = verdict.do === "allow" ? "approve" : verdict.do;
  const isPersons = request.human_present === true || request.to.quorum !== undefined ||
    !request.allow.includes(decision);
  return isPersons ? { ...verdict, do: "ask", reason: undefined } : verdict;
}

function factsOf(request: RequestView): Parameters<typeof judge>[1] {
  return {
    kind: request.kind,
    action: request.action?.verb,
    target: request.action?.target,
    from: request.from.agent_id,
    fromRole: request.from.role,
    // what the asker proposed is not told once a rule has raised it, and raising it again changes nothing
    stakes: request.stakes,
  };
}

async function configuredPolicy(context: CommandContext): Promise<string | undefined> {
  const { config, home } = await context.hooks().loadConfig(context.globals);
  const path = config.binaryType === "hap" ? config.interface.policyPath : undefined;
  return path === undefined ? undefined : policyFile(path, home);
}

async function load(
  context: CommandContext,
  pathOf: PolicyPathOf,
): Promise<{ readonly path: string; readonly text: string; readonly policy: Policy }> {
  const named = context.values.text("file");
  const path = named ?? await pathOf(context);
  if (path === undefined) {
    throw usageError("Cannot look at the policy: interface.policy_path names none, and no file is given");
  }
  const text = await read(path);
  if (text === undefined) throw new PolicyError("not_found", `Cannot read "${path}": there is no such file`);
  const parsed = parsePolicy(text, path);
  if (parsed.ok) return { path, text, policy: parsed.policy };
  throw new PolicyError("validation_failed", `Cannot use the policy:\n${formatIssues(parsed.issues)}`);
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readPolicy(path);
  } catch (cause) {
    const isClosed = cause instanceof Deno.errors.NotCapable; // a view of a running node has given the data directory up
    const why = isClosed ? "this view may not read there; ask in a shell: bzzz-hap policy test" : errorMessage(cause);
    throw new PolicyError("validation_failed", `Cannot read "${path}": ${why}`, { cause });
  }
}

/** Looking at the policy, and accepting it. */
export const POLICY_COMMANDS: readonly Command[] = [...lookingCommands(configuredPolicy), accept];

/** Looking at the policy in a prompt, which knows where it is. */
export function policyCommandsAt(path: string | undefined): readonly Command[] {
  return lookingCommands(() => Promise.resolve(path));
}
