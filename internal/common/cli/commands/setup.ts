import { CliError, usageError } from "../errors.ts";
import { EXIT, type ExitStatus } from "../exit.ts";
import { goOnWith } from "../go_on.ts";
import { sanitiseLine } from "../sanitise.ts";
import { parseAnswers, SETUP_STEPS, type SetupAnswers, type SetupStep } from "../setup/answers.ts";
import { enterMesh } from "../setup/carry_out.ts";
import { actionsOf, describeChange, portsOf, portsProblem, settingsOf } from "../setup/plan.ts";
import { beginPractice, practise } from "../setup/practice.ts";
import {
  nextQuestion,
  type Question,
  questionsFor,
  readAnswer,
  type SetupFacts,
  takeBack,
} from "../setup/questions.ts";
import type { NewPerson } from "../hook_types.ts";
import type { Command, CommandContext } from "../types.ts";
import { personLines, warnOfPerson } from "./begin.ts";
import { showSheet } from "./recovery_sheet.ts";

const BEL = "\x07";

const setup: Command = {
  name: "setup",
  group: "begin",
  summary: "Set this node up, question by question",
  details:
    "Asks, shows what it will do and how the configuration changes, and does it only then. After Ctrl-C it goes on where it " +
    "was. --from takes the answers of a YAML file instead; a join token comes on standard input then, and recovery shares with --shares-file. --page asks on a page for " +
    "the browsers of this machine.",
  flags: [
    { name: "page", type: "boolean", summary: "On a page in a browser of this machine (ports.admin_ui_port)" },
    { name: "from", type: "string", value: "FILE", summary: "Answers in YAML instead of questions" },
    {
      name: "shares-file",
      type: "string",
      value: "FILE",
      summary: 'Recovery shares of your own key where that is restored, one a line; "-" is standard input',
    },
    { name: "step", type: "string", value: "STEP", choices: [...SETUP_STEPS, "practice"], summary: "Only this one" },
    { name: "dry-run", type: "boolean", summary: "Show what would be done, and do nothing" },
    { name: "again", type: "boolean", summary: "Forget the answers of a setup that was left" },
    { name: "yes", type: "boolean", summary: "Do it without asking, also over a configuration that is there" },
  ],
  needs: "data_dir",
  async run(context) {
    const { values, globals } = context;
    if (values.has("page")) return await onPage(context);
    const wanted = values.text("step");
    if (wanted === "practice") return await practice(context);
    const step = SETUP_STEPS.find((one) => one === wanted);
    const desk = context.hooks().setup;
    const file = values.text("from");
    const facts = await desk.facts(globals);
    const answers = file === undefined
      ? await interview(context, facts, step)
      : withFallbacks(facts, parseAnswers(await desk.readAnswers(file), file));
    const taken = await desk.takenPorts(globals, portsOf(answers));
    if (taken.length > 0) throw new CliError("port_in_use", portsProblem(taken));
    const config = await desk.planConfig(globals, settingsOf(facts, answers));
    await tellPlan(context, facts, answers, config);
    if (values.has("dry-run")) {
      await context.note("Nothing was done (--dry-run).");
      return EXIT.ok;
    }
    await confirm(context, { isOverwriting: config.isThere && config.before !== config.after });
    await carryOut(context, facts, answers);
    if (config.before !== config.after || !config.isThere) await desk.writeConfig(globals, config.after);
    await desk.saveProgress(globals, undefined);
    await context.out.item(
      { home: facts.home, config_path: config.path, agent_id: answers.agent_id ?? facts.member?.agentId },
      () => [`Set up in ${facts.home}`, `Configuration: ${config.path}`],
    );
    await tellNext(context);
    if (facts.binaryType !== "hap" || !context.ask || file !== undefined) return EXIT.ok;
    const answer = await context.ask("Practise with three asks of a tutor, two minutes? [yes] ");
    return answer === undefined || /^n/i.test(answer.trim()) ? EXIT.ok : await practice(context);
  },
};

/** Asks until everything is known. What is known already is kept after every answer. */
async function interview(
  context: CommandContext,
  facts: SetupFacts,
  step: SetupStep | undefined,
): Promise<SetupAnswers> {
  const { globals, ask } = context;
  const desk = context.hooks().setup;
  if (!ask) throw usageError("Cannot ask: this is no terminal; give the answers with --from FILE");
  const saved = context.values.has("again") || step !== undefined ? undefined : await desk.loadProgress(globals);
  let answers: SetupAnswers = saved === undefined ? {} : parseAnswers(saved, "the setup that was left");
  if (saved !== undefined) await context.note("Going on with the setup that was left; back takes an answer back.");
  else {await context.note(
      "Enter takes what is in brackets; back takes an answer back. Nothing is done before you agree.",
    );}
  for (let question = nextQuestion(facts, answers, step); question; question = nextQuestion(facts, answers, step)) {
    const ring = question.key === "bell" ? BEL : "";
    const line = await ask(`${ring}${question.text} [${question.fallback}] `);
    if (line === undefined) throw new CliError("cancelled", "Nothing was done; run setup again to go on");
    if (line.trim().toLowerCase() === "back") answers = takeBack(facts, answers, step);
    else answers = await take(context, answers, question, line);
    if (step === undefined) await desk.saveProgress(globals, JSON.stringify(answers));
  }
  return answers;
}

/** The answers with this one, or as they were when it cannot be used. */
async function take(
  context: CommandContext,
  answers: SetupAnswers,
  question: Question,
  line: string,
): Promise<SetupAnswers> {
  const reading = readAnswer(answers, question, line);
  if ("problem" in reading) {
    await context.note(reading.problem);
    return answers;
  }
  const value = reading.answers;
  const ports = question.key === "first_port"
    ? portsOf({ first_port: value.first_port })
    : question.key === "p2p_port"
    ? portsOf({ p2p_port: value.p2p_port })
    : [];
  const taken = await context.hooks().setup.takenPorts(context.globals, ports);
  if (taken.length === 0) return value;
  await context.note(portsProblem(taken));
  return answers;
}

function withFallbacks(facts: SetupFacts, given: SetupAnswers): SetupAnswers {
  let answers = given;
  for (let question = nextQuestion(facts, answers); question; question = nextQuestion(facts, answers)) {
    const reading = readAnswer(answers, question, "");
    if ("problem" in reading) {
      throw new CliError("config_invalid", `Cannot use the answers: ${question.key}: ${reading.problem}`);
    }
    answers = reading.answers;
  }
  const asked = questionsFor(facts, answers).map(({ key }) => key);
  const useless = Object.keys(given).filter((key) => !asked.some((one) => one === key));
  if (useless.length === 0) return answers;
  const why = facts.member
    ? `this node is ${facts.member.agentId} of mesh ${facts.member.meshName} already`
    : "nothing asks for them";
  throw new CliError("config_invalid", `Cannot use the answers ${useless.join(", ")}: ${why}; leave them out`);
}

async function tellPlan(
  context: CommandContext,
  facts: SetupFacts,
  answers: SetupAnswers,
  config: { readonly path: string; readonly before: string; readonly after: string; readonly isThere: boolean },
): Promise<void> {
  for (const line of actionsOf(facts, answers)) await context.note(sanitiseLine(line));
  const change = describeChange(config.before, config.after);
  if (change.length === 0) return await context.note(`${config.path} stays as it is.`);
  await context.note(
    config.isThere ? `${config.path} changes:` : `${config.path} is written, different from its defaults in:`,
  );
  for (const line of change) await context.note(line);
}

/** @throws CliError "cancelled"; "usage" where nobody can be asked and something would be overwritten */
async function confirm(context: CommandContext, options: { readonly isOverwriting: boolean }): Promise<void> {
  if (context.values.has("yes")) return;
  if (context.values.text("from") !== undefined && !options.isOverwriting) return;
  if (!context.ask) throw usageError("Cannot change a configuration that is there without asking: add --yes");
  const answer = await context.ask("Do this? yes or no: ");
  if (!/^y(es)?$/i.test(answer?.trim() ?? "")) {
    throw new CliError("cancelled", "Nothing was done; run setup again to go on");
  }
}

async function carryOut(context: CommandContext, facts: SetupFacts, answers: SetupAnswers): Promise<void> {
  const { globals, signal } = context;
  const outcome = await enterMesh(context.hooks(), { facts, answers }, {
    globals,
    signal,
    token: async () => {
      const token = context.values.text("from") === undefined && context.ask
        ? await context.ask("Join token: ")
        : await context.readInput?.();
      if (token?.trim()) return token.trim();
      throw usageError("Cannot join: there is no token; paste it, or give it on standard input");
    },
    personShares: () => sharesOf(context, answers),
  });
  if (outcome.type === "stayed") return;
  if (outcome.type === "joined") {
    const { mesh_name: mesh, agent_id: me, role } = outcome.joined;
    await context.note(`Joined mesh ${sanitiseLine(mesh)} as ${me}, ${sanitiseLine(role)}`);
    await tellPerson(context, outcome.joined.person);
    return await showSheet(context, outcome.joined.person_sheet);
  }
  const { made } = outcome;
  await context.note(`Created mesh ${made.mesh_name}; you are ${made.agent_id}.`);
  await tellPerson(context, made.person);
  await context.note(
    `Recovery shares (any ${made.recovery_threshold} restore the root key; shown once, keep them apart):`,
  );
  for (const share of made.recovery_shares) await context.out.text(share);
  await showSheet(context, made.person_sheet);
}

/** The shares of the key that is to be restored, and whose words they make. */
async function sharesOf(context: CommandContext, answers: SetupAnswers): Promise<readonly string[]> {
  const file = context.values.text("shares-file");
  if (file === undefined && (context.values.text("from") !== undefined || !context.ask)) {
    throw usageError("Cannot restore your key: there are no shares; give a file with --shares-file FILE");
  }
  if (file === "-" && answers.mesh === "join" && (context.values.text("from") !== undefined || !context.ask)) {
    throw usageError("Cannot restore your key: standard input has the token; give the shares with --shares-file FILE");
  }
  const shares = await context.hooks().readPersonShares(file);
  await context.note(`Restoring the key of these words: ${await context.hooks().wordsOfShares(shares)}`);
  return shares;
}

async function tellPerson(context: CommandContext, person: NewPerson | undefined): Promise<void> {
  for (const line of personLines(person)) await context.note(line);
  await warnOfPerson(context, person);
}

/** The same on a page; the person agrees there. */
async function onPage(context: CommandContext): Promise<ExitStatus> {
  const { values, globals, signal } = context;
  const useless = ["from", "shares-file", "step", "dry-run", "yes"].filter((name) => values.has(name));
  if (useless.length > 0) {
    throw usageError(`Cannot use --${useless[0]} with --page: the page asks everything; leave one of them out`);
  }
  const isBegunAnew = values.has("again");
  const { agentId, configPath } = await context.hooks().setupOnPage({ globals, isBegunAnew, signal });
  await context.out.item({ config_path: configPath, agent_id: agentId }, () => [
    `Set up as ${agentId}`,
    `Configuration: ${configPath}`,
  ]);
  await tellNext(context);
  return EXIT.ok;
}

async function tellNext(context: CommandContext): Promise<void> {
  await context.note(
    `Next: ${goOnWith(context, "run")} · ${goOnWith(context, "doctor")} · ${context.program.name} help`,
  );
}

async function practice(context: CommandContext): Promise<ExitStatus> {
  if (!context.ask) throw usageError("Cannot practise: this is no terminal");
  let step = beginPractice();
  while (true) {
    for (const line of step.said) await context.out.text(line);
    if (step.isOver) return EXIT.ok;
    const line = await context.ask("> ");
    if (line === undefined) return EXIT.ok;
    step = practise(step.practice, line);
  }
}

/** Setting a node up by questions. */
export const SETUP_COMMANDS: readonly Command[] = [setup];
