import { judgeAnswer, loadApprovalKey } from "@bzzz/agentid";
import { ApiClient } from "@bzzz/api";
import type { RequestView } from "@bzzz/hmmm";
import type { ExitStatus } from "@bzzz/cli";
import { EXIT } from "@bzzz/cli";
import { frontDoor, homePaths, keepPageLink, type NodeContext, type RuntimeServices, VERSION } from "@bzzz/runtime";
import { REQUEST_STAKES, TOPICS } from "@bzzz/wire";
import { HAPExecution, type TerminalInterface } from "./execution.ts";
import { librariesOfConfig } from "./libraries.ts";
import { createInterface, editorOf, interfaceModeOf } from "./interfaces.ts";
import { languagesOf } from "./prompts/word_request.ts";
import { WordingDesk } from "./prompts/wording_desk.ts";
import { acceptedPolicy, acceptPolicy, mandatedRules } from "./prompts/policy_mandate.ts";
import { policyFile, readPolicy } from "./prompts/policy_file.ts";
import { PolicyDesk } from "./prompts/policy_desk.ts";
import { screenLook } from "./screen_settings.ts";

/** The portal without an interface: a peer that keeps the journal and answers the API, until it is stopped. */
class NoInterface implements TerminalInterface {
  readonly #ended = Promise.withResolvers<ExitStatus>();
  readonly done: Promise<ExitStatus> = this.#ended.promise;

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#ended.resolve(EXIT.ok);
    return Promise.resolve();
  }
}

/** What `bzzz-hap` does on top of the shared services: its prompt, over the API of the node in this very process. */
export function createHapExecution(
  services: Readonly<RuntimeServices>,
  context: NodeContext,
): HAPExecution<RuntimeServices> {
  const { config } = context;
  const hasInterface = config.interface.mode !== "headless" && config.interface.autoStartInterface;
  const token = hasInterface ? Deno.readTextFileSync(homePaths(context.home).writeToken).trim() : "";
  const path = config.binaryType === "hap" ? config.interface.policyPath : undefined;
  const wordings = createWordingDesk(services, context);
  const policy = path === undefined
    ? undefined
    : createPolicyDesk(services, context, { path: policyFile(path, context.home), stakesOf: wordings.stakesOf });
  if (!policy) services.readModel.stakesOf = wordings.raised;
  return new HAPExecution<RuntimeServices>({
    companions: [wordings.desk, ...(policy ? [policy] : [])],
    interfaceOf: () => hasInterface ? createPortal(services, context, token) : new NoInterface(),
  });
}

interface Wordings {
  readonly desk: WordingDesk;
  /** What the asker proposes, or what its wording demands at least. */
  readonly stakesOf: (view: RequestView) => RequestView["stakes"];
  readonly raised: (view: RequestView) => { stakes: RequestView["stakes"]; rule: string } | undefined;
}

function createWordingDesk({ readModel, logger }: Readonly<RuntimeServices>, context: NodeContext): Wordings {
  const { prompts: library } = librariesOfConfig(context.config, context.home);
  const languages = languagesOf(context.env);
  const desk = new WordingDesk({
    clock: context.clock,
    logger: logger.child({ service: "prompts" }),
    library,
    languages,
  });
  readModel.wordingOf = ({ kind }, wording) => desk.word({ kind, wording });
  const stakesOf = ({ kind, stakes, wording }: RequestView) => {
    const least = wording && desk.stakesOf({ kind, wording });
    return least !== undefined && REQUEST_STAKES.indexOf(least) > REQUEST_STAKES.indexOf(stakes) ? least : stakes;
  };
  const raised = (view: RequestView) => {
    const stakes = stakesOf(view);
    return stakes === view.stakes ? undefined : { stakes, rule: `wording ${view.wording?.id}` };
  };
  return { desk, stakesOf, raised };
}

function createPolicyDesk(
  services: Readonly<RuntimeServices>,
  { clock, random, home }: NodeContext,
  { path, stakesOf }: { readonly path: string; readonly stakesOf: Wordings["stakesOf"] },
): PolicyDesk {
  const { readModel, people, person, journal, identity: { membership, identity, grant }, logger } = services;
  const desk = new PolicyDesk({
    clock,
    logger: logger.child({ service: "policy" }),
    inbox: readModel.inbox,
    self: identity.peerId,
    authority: () => membership.grantOf(identity.peerId, clock.nowMs()) ?? grant,
    grantOf: (peer) => membership.grantOf(peer, clock.nowMs()),
    stakesOf,
    read: () => readPolicy(path),
    mandate: async (policy, digest) => {
      const state = await person.state();
      if (state.type === "none") return undefined;
      const { certificate } = state.files;
      const known = await acceptedPolicy(home, certificate, { digest, nowMs: clock.nowMs() });
      // a key without a passphrase is used by whoever runs this node: nobody need be asked
      if (known || state.type !== "open") return known;
      const key = await loadApprovalKey(home, {});
      const rules = mandatedRules(policy);
      return (await acceptPolicy(clock, { home, key, certificate, random }, { digest, rules })).proof;
    },
    humanOf: (body) => {
      const nowMs = clock.nowMs();
      const grant = membership.grantOf(identity.peerId, nowMs);
      const claim = {
        mesh: identity.mesh,
        author: identity.peerId,
        seq: Number.MAX_SAFE_INTEGER,
        hlcMs: nowMs,
        grant,
        body,
      };
      const judged = judgeAnswer(people.book, claim);
      return judged.ok ? judged.proof : undefined;
    },
    append: async (body, { taskId: task }) => {
      await journal.append({ kind: "request_answered", topic: TOPICS.coordination, body, ...(task ? { task } : {}) });
    },
    onChanged: (listener, options) => readModel.events.on("request:changed", ({ view }) => listener(view), options),
  });
  readModel.stakesOf = (view) => {
    const { stakes, rule } = desk.verdict(view);
    if (stakes === view.stakes) return undefined;
    const raisedByWording = stakesOf(view) === stakes && view.wording;
    return { stakes, rule: raisedByWording ? `wording ${raisedByWording.id}` : rule ?? "" };
  };
  return desk;
}

function createPortal(
  services: Readonly<RuntimeServices>,
  { clock, random, env, profile, config, home, interrupts }: NodeContext,
  token: string,
): TerminalInterface {
  // no port and no network: the requests go straight into the API of this process
  const client = new ApiClient({ fetch: frontDoor(services), clock, random }, {
    baseUrl: "http://localhost",
    token,
  });
  const program = { name: "bzzz-hap", binaryType: profile.binaryType, version: VERSION } as const;
  const libraries = librariesOfConfig(config, home);
  const editor = editorOf(config, { clock, home });
  const holdInterrupts = () => interrupts.hold();
  return createInterface({ client, clock, random, program, env, libraries, editor, holdInterrupts }, {
    mode: interfaceModeOf(config),
    look: () => screenLook(config, { home, env }),
    page: { port: config.ports.adminUiPort, keepLink: (link) => keepPageLink(home, link) },
  });
}
