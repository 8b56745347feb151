import { ApiClient } from "@bzzz/api";
import { createSystemRandom } from "@bzzz/base";
import { type Command, type CommandContext, EXIT, type ExitStatus, type NodeEndpoint, usageError } from "@bzzz/cli";
import { keepPageLink } from "@bzzz/runtime/main";
import { librariesOfConfig, readHidden } from "./libraries.ts";
import {
  createInterface,
  editorCommandOf,
  editorOf,
  INTERFACE_MODES,
  type InterfaceMode,
  interfaceModeOf,
} from "./interfaces.ts";
import { wordsOf } from "./screen/text_editor.ts";
import { screenLook } from "./screen_settings.ts";
import { createProcessTerminal, type TerminalEnvironment } from "./terminal/process_terminal.ts";
import { canUseSocket, dropViewPermissions } from "./view_permissions.ts";

/**
 * `bzzz-hap portal`, and `bzzz-hap` alone: a view of the node that runs on this data directory, or that node itself in this process where
 * none runs. Several views may be open.
 */
export function createPortalCommand(deps: { env: TerminalEnvironment }): Command {
  return {
    name: "portal",
    aliases: ["tui"],
    group: "people",
    summary: "The portal: on the running node, or with one in this process",
    details:
      "Where a node runs on this data directory the portal is a view of it and leaves it running; otherwise the node runs in " +
      "this process and ends with the portal.",
    flags: [
      {
        name: "mode",
        type: "string",
        value: "MODE",
        choices: ["terminal", "plain", "web"],
        summary: "A full screen, lines, or a page for the browsers of this machine (interface.mode)",
      },
      { name: "plain", type: "boolean", summary: "The same as --mode plain" },
      { name: "observe", type: "boolean", summary: "Only look: nothing can be sent; needs a running node" },
    ],
    needs: "data_dir",
    run(context) {
      const wanted = context.values.has("plain") ? "plain" : context.values.text("mode");
      const mode = INTERFACE_MODES.find((one) => one === wanted);
      return open(context, deps.env, { mode, isObserver: context.values.has("observe") });
    },
  };
}

/** `bzzz-hap web`, or `web open`: the portal as a page, with the link that lets a browser in (design, portal C.10). */
export function createWebCommand(deps: { env: TerminalEnvironment }): Command {
  return {
    name: "web",
    aliases: ["web open"],
    group: "people",
    summary: "The portal as a page for the browsers of this machine; shows the link to it",
    details: "The same as portal --mode web. The link works once; Enter shows another.",
    needs: "data_dir",
    run: (context) => open(context, deps.env, { mode: "web", isObserver: false }),
  };
}

async function open(
  context: CommandContext,
  env: TerminalEnvironment,
  { mode, isObserver }: { readonly mode: InterfaceMode | undefined; readonly isObserver: boolean },
): Promise<ExitStatus> {
  const hooks = context.hooks();
  const hasPerson = createProcessTerminal(env).input !== "none";
  // A service that starts a second time is refused with the reason, as it was: there is nobody to show anything to.
  const endpoint = hasPerson ? await hooks.findNode(context.globals) : undefined;
  if (endpoint) return await attach(context, env, { mode, isObserver, endpoint });
  if (isObserver) {
    throw usageError("Cannot observe: no node runs on this data directory; start one, or leave --observe out");
  }
  const { config, home } = await hooks.loadConfig(context.globals);
  screenLook(config, { env, home }); // its mistakes are told before the node starts
  return await hooks.run({ globals: context.globals, interfaceMode: mode, signal: context.signal });
}

async function attach(
  context: CommandContext,
  env: TerminalEnvironment,
  options: {
    readonly mode: InterfaceMode | undefined;
    readonly isObserver: boolean;
    readonly endpoint: NodeEndpoint;
  },
): Promise<ExitStatus> {
  const { program, clock, signal, format } = context;
  const { config, home } = await context.hooks().loadConfig(context.globals);
  const mode = options.mode ?? interfaceModeOf(config);
  const look = screenLook(config, { env, home, isObserver: options.isObserver });
  const random = createSystemRandom();
  let client = await context.client();
  await client.status({ signal }); // a node that does not answer: one clear message instead of a screen that cannot do anything
  const libraries = librariesOfConfig(config, home);
  await readHidden(libraries, home);
  const [editorProgram] = wordsOf(editorCommandOf(config));
  await dropViewPermissions(home, editorProgram);
  if (options.endpoint.socketPath !== undefined && !await canUseSocket(home)) {
    client = new ApiClient(
      { fetch: (request) => fetch(request), clock, random },
      options.endpoint,
    );
  }
  const editor = editorOf(config, { clock, home });
  const holdInterrupts = () => context.hooks().holdInterrupts();
  const portal = createInterface({ client, clock, random, program, env, format, libraries, editor, holdInterrupts }, {
    mode,
    look: () => look,
    isObserver: options.isObserver,
    page: { port: config.ports.adminUiPort, keepLink: (link) => keepPageLink(home, link) },
  });
  const onAbort = () => void portal.stop(); // `done` below resolves with it
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await portal.start();
    if (signal.aborted) return EXIT.interrupted;
    return await portal.done;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
