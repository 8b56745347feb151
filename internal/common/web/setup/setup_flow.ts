import { BzzzError, hexEncode, utf8Encode } from "@bzzz/base";
import {
  actionsOf,
  copyProblem,
  describeChange,
  enterMesh,
  type GlobalFlags,
  type InitResult,
  isRestoring,
  type NewPerson,
  nextQuestion,
  parseAnswers,
  type PersonSheet,
  portsOf,
  portsProblem,
  type ProgramHooks,
  type Question,
  questionsFor,
  readAnswer,
  settingsOf,
  type SetupAnswers,
  type SetupFacts,
  type SetupHooks,
  type SetupKey,
  type SetupPageResult,
  type TypedPassphrases,
} from "@bzzz/cli";
import { sha256 } from "@bzzz/crypto";

/** What a setup does its work with. */
export interface SetupFlowDeps {
  readonly desk: Omit<SetupHooks, "readAnswers">;
  readonly hooks: Pick<ProgramHooks, "init" | "join" | "wordsOfShares">;
  readonly globals: GlobalFlags;
  /** Ends a join that waits. */
  readonly signal: AbortSignal;
  /** The port of the page itself: free once the setup has ended. */
  readonly ownPort: () => number;
}

/** Somebody else is at it: another form of the same setup. */
export class SetupBusyError extends BzzzError<"busy"> {}

/** What will be done, as it was shown. */
export interface SetupPlan {
  /** What it is made of. */
  readonly answers: SetupAnswers;
  readonly actions: readonly string[];
  readonly configPath: string;
  readonly isConfigThere: boolean;
  /** As `diff -u`; empty when nothing changes. */
  readonly change: readonly string[];
  readonly configText: string;
  readonly needsToken: boolean;
  /** Of the person's own key, which is restored. */
  readonly needsShares: boolean;
  readonly needsPassphrase: "no" | "new" | "known";
  /** Whether the keys of a portal's person may have a passphrase of their own; with one of the node they have that. */
  readonly offersOwnPassphrase: boolean;
  /** The same for the same plan only. */
  readonly digest: string;
}

/** Shares of the root key of a new mesh, which exist nowhere else; any `threshold` of them make it again. */
export interface MeshShares {
  readonly meshName: string;
  readonly threshold: number;
  readonly shares: readonly string[];
}

/** What the person is to write down before the setup ends. */
export interface ToKeep {
  /** Of a mesh that was created. */
  readonly mesh: MeshShares | undefined;
  /** Of their own key, where they asked for it; a running node prints another with `identity export`. */
  readonly sheet: PersonSheet | undefined;
}

/** Secrets of one attempt; they are kept nowhere. */
export interface SetupSecrets {
  readonly token: string;
  /** Of the person's own key; none: it is a new one. */
  readonly personShares: readonly string[];
  readonly passphrases: TypedPassphrases;
}

/**
 * The setup from answers to its end, without a page: what is known, what will be done, and doing it once. Answers are kept between runs
 * by the desk; secrets are not among them.
 */
export class SetupFlow {
  readonly #deps: SetupFlowDeps;
  readonly #done = Promise.withResolvers<SetupPageResult>();
  #facts: SetupFacts;
  #answers: SetupAnswers;
  #made: InitResult | undefined;
  #sheet: PersonSheet | undefined;
  #person: NewPerson | undefined;
  #result: SetupPageResult | undefined;
  #isWorking = false;
  #isFinished = false;

  private constructor(deps: SetupFlowDeps, facts: SetupFacts, answers: SetupAnswers) {
    this.#deps = deps;
    this.#facts = facts;
    this.#answers = answers;
  }

  /** Begins where the last one was left. @throws CliError "config_invalid" when the answers it left cannot be read */
  static async begin(deps: SetupFlowDeps, options: { readonly isBegunAnew: boolean }): Promise<SetupFlow> {
    const { desk, globals } = deps;
    const saved = options.isBegunAnew ? undefined : await desk.loadProgress(globals);
    const answers = saved === undefined
      ? {}
      : parseAnswers(saved, "the setup that was left (setup --again forgets it)");
    return new SetupFlow(deps, await desk.facts(globals), answers);
  }

  get facts(): SetupFacts {
    return this.#facts;
  }

  get answers(): SetupAnswers {
    return this.#answers;
  }

  /** Everything that a form asks: a name for a mesh too, which only some need. */
  get questions(): readonly Question[] {
    return questionsFor(this.#facts, { mesh: "create" });
  }

  /** What is to be shown until the person has kept it. */
  get toKeep(): ToKeep | undefined {
    if (!this.#result || this.#isFinished || !(this.#made || this.#sheet)) return undefined;
    return { mesh: this.unkeptShares, sheet: this.#sheet };
  }

  /** The shares of a new mesh, also when what followed the making of it has failed. */
  get unkeptShares(): MeshShares | undefined {
    const made = this.#isFinished ? undefined : this.#made;
    return made && { meshName: made.mesh_name, threshold: made.recovery_threshold, shares: made.recovery_shares };
  }

  /** Whose portal was made. */
  get person(): NewPerson | undefined {
    return this.#person;
  }

  /** Resolves once everything is done and the person has seen it. */
  get done(): Promise<SetupPageResult> {
    return this.#done.promise;
  }

  /** Takes the answers of a form: those that can be used are kept, the others come back with what is wrong. */
  async take(lineOf: (key: SetupKey) => string): Promise<ReadonlyMap<SetupKey, string>> {
    const { desk, globals, ownPort } = this.#deps;
    const problems = new Map<SetupKey, string>();
    let answers: SetupAnswers = {};
    for (const question of this.questions) {
      const { key } = question;
      if (!questionsFor(this.#facts, answers).some((one) => one.key === key)) continue;
      const reading = readAnswer(answers, question, lineOf(key));
      if ("problem" in reading) problems.set(key, reading.problem);
      else answers = reading.answers;
    }
    for (const key of ["first_port", "p2p_port"] as const) {
      const { [key]: port, ...rest } = answers;
      const wanted = portsOf({ [key]: port }).filter((one) => one !== ownPort());
      const taken = await desk.takenPorts(globals, wanted);
      if (taken.length === 0) continue;
      problems.set(key, portsProblem(taken));
      answers = rest;
    }
    this.#answers = answers;
    await desk.saveProgress(globals, JSON.stringify(answers));
    return problems;
  }

  /** What the answers lead to; undefined while one is missing. @throws BzzzError when the configuration could not be used */
  async plan(): Promise<SetupPlan | undefined> {
    const [facts, answers] = [this.#facts, this.#answers];
    if (nextQuestion(facts, answers)) return undefined;
    const { desk, globals } = this.#deps;
    const config = await desk.planConfig(globals, settingsOf(facts, answers));
    const actions = actionsOf(facts, answers);
    const isNew = facts.member === undefined;
    const asksForPassphrase = isNew && globals.passphraseFile === undefined;
    const needsPassphrase = !asksForPassphrase
      ? "no"
      : facts.areKeysLocked
      ? "known"
      : answers.lock_keys
      ? "new"
      : "no";
    return {
      answers,
      actions,
      configPath: config.path,
      isConfigThere: config.isThere,
      change: describeChange(config.before, config.after),
      configText: config.after,
      needsToken: isNew && answers.mesh === "join",
      needsShares: isRestoring(facts, answers),
      needsPassphrase,
      offersOwnPassphrase: asksForPassphrase && needsPassphrase === "no" && facts.binaryType === "hap",
      digest: hexEncode(sha256(utf8Encode(JSON.stringify([actions, config.before, config.after])))),
    };
  }

  /**
   * Does what was planned. What fails can be tried again; a mesh that was made is not made twice.
   * @throws SetupBusyError while another attempt is at it, and whatever kept it from being done
   */
  async carryOut(plan: SetupPlan, secrets: SetupSecrets): Promise<void> {
    if (this.#isWorking || this.#result) {
      throw new SetupBusyError("busy", "Cannot do it twice: it is being done, or was done, from another form");
    }
    this.#isWorking = true;
    try {
      await this.#carryOut(plan, secrets);
    } finally {
      this.#isWorking = false;
    }
    if (!this.toKeep) this.finish();
  }

  /** What is wrong with the person's copy of the sheet; undefined when it restores their key. */
  async copyProblem(copies: readonly string[]): Promise<string | undefined> {
    return await copyProblem(this.#deps.hooks, copies, this.#sheet?.words ?? "");
  }

  /** The person has seen what there is to be seen. */
  finish(): void {
    if (!this.#result) return;
    this.#isFinished = true;
    this.#done.resolve(this.#result);
  }

  async #carryOut(plan: SetupPlan, { token, personShares, passphrases }: SetupSecrets): Promise<void> {
    const { desk, hooks, globals, signal } = this.#deps;
    const [facts, { answers }] = [this.#facts, plan]; // not the answers of now: another tab may have sent others
    const outcome = await enterMesh(hooks, { facts, answers }, {
      globals,
      token: () => Promise.resolve(token),
      personShares: () => Promise.resolve(personShares),
      typed: passphrases,
      signal,
    });
    if (outcome.type === "created") this.#made = outcome.made;
    if (outcome.type !== "stayed") {
      const entered = outcome.type === "created" ? outcome.made : outcome.joined;
      this.#person = entered.person;
      this.#sheet = entered.person_sheet;
    }
    this.#facts = await desk.facts(globals); // a member from here on, whatever happens to the file
    if (plan.change.length > 0 || !plan.isConfigThere) await desk.writeConfig(globals, plan.configText);
    await desk.saveProgress(globals, undefined);
    this.#result = {
      agentId: outcome.agentId,
      configPath: plan.configPath,
      ...(passphrases.node === undefined ? {} : { passphrase: passphrases.node }),
    };
  }
}
