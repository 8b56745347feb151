import { parseAgentId } from "@bzzz/base";
import { z } from "zod";
import {
  ADDRESS_RULE,
  autoToggle,
  choice,
  constant,
  HOST_NAME_RULE,
  HOST_RULE,
  IP_RULE,
  lineRule,
  mapList,
  NAME_RULE,
  optionalText,
  port,
  section,
  text,
  textList,
  toggle,
  wholeNumber,
} from "./fields.ts";
import type { ProfileDefaults } from "./profiles.ts";

/** No envelope of the mesh is larger (architecture section 5): no honest peer drops what another accepts. */
const MAX_ENVELOPE_BYTES = 1024 * 1024;
const WEB_HINT = "web is not available in this version; use terminal or headless";

const AGENT_ID_RULE = {
  isValid: (id: string) => parseAgentId(id) !== undefined,
  expected: "2 to 63 of a-z 0-9 - that start with a letter or digit",
};
const VARIABLE_RULE = {
  isValid: (name: string) => /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) && !name.startsWith("BZZZ_"),
  expected: "the name of an environment variable, not one of BZZZ_*",
};

function identityKeys(defaults: { readonly capabilities: readonly string[] }) {
  return {
    id: optionalText(
      AGENT_ID_RULE,
      "Name of this node in the mesh. It must be the name in the node's grant; when it is left out, the grant's name is used.",
    ),
    capabilities: textList(
      defaults.capabilities,
      NAME_RULE,
      { max: 32, what: "capabilities" },
      "What this node says it can do, in its agent record and its presence. Tasks that require a capability go only to nodes that have it.",
    ),
  };
}

function commonSections(defaults: ProfileDefaults) {
  return {
    ports: section({
      http_port: port(defaults.httpPort, "TCP port of the HTTP API. 0 lets the system choose a free one."),
      health_port: port(
        defaults.healthPort,
        "TCP port of health checks and metrics. 0 lets the system choose a free one.",
      ),
      ucxi_port: port(
        defaults.ucxiPort,
        "TCP port reserved for the context server of a later version. Nothing listens on it yet; it is checked for conflicts now, so that an update does not bring one.",
      ),
      admin_ui_port: port(
        defaults.adminUiPort,
        "TCP port reserved for the setup page of a later version. Nothing listens on it yet; it is checked for conflicts now, so that an update does not bring one.",
      ),
    }),
    network: section({
      listen_host: text(
        "0.0.0.0",
        IP_RULE,
        "Address the P2P port binds. The default is every interface, so that nodes of a LAN find each other; strangers fail at the network key. 127.0.0.1 keeps the node to this host.",
      ),
      p2p_port: port(defaults.p2pPort, "TCP port for other nodes. 0 lets the system choose a free one."),
      announce: textList(
        [],
        ADDRESS_RULE,
        { max: 16, what: "addresses" },
        "Addresses told to other nodes in place of the local ones: for NAT, port forwarding and containers.",
      ),
      bootstrap: textList(
        [],
        ADDRESS_RULE,
        { max: 256, what: "addresses" },
        "Addresses dialled at the start and again whenever the connection is lost. DNS names are resolved anew at each attempt.",
      ),
      mdns: autoToggle(
        "Finding nodes on the local network by multicast. auto means on, but off in a container. A network without multicast is no error.",
      ),
      max_connections: wholeNumber(
        128,
        { min: 1, max: 10_000 },
        "Connections to other nodes, in and out; more are refused.",
      ),
      max_connections_per_host: wholeNumber(
        64,
        { min: 1, max: 10_000 },
        "Connections to nodes behind one IP address; more are refused. Not more than network.max_connections.",
      ),
    }),
    api: section({
      host: text(
        "127.0.0.1",
        HOST_RULE,
        "Address the HTTP API binds. Beyond loopback, put TLS in front of it: the bearer token travels as it is.",
      ),
      allowed_hosts: textList(
        [],
        HOST_NAME_RULE,
        { max: 32, what: "host names" },
        "Names accepted in the Host header beside loopback names and api.host; other requests are refused.",
      ),
      max_body_bytes: wholeNumber(
        1024 * 1024,
        { min: 1024, max: 16 * 1024 * 1024, unit: "bytes" },
        "Largest body of a request; a larger one is refused with status 413.",
      ),
    }),
    health: section({
      host: text(
        "127.0.0.1",
        HOST_RULE,
        "Address the health port binds. Kubernetes probes need 0.0.0.0.",
      ),
    }),
    journal: section({
      retention: section({
        coordination_days: wholeNumber(
          0,
          { min: 0, max: 36_500, unit: "days" },
          "Age at which bodies of task entries are dropped from this node's store. Headers and signatures stay, so the history stays verifiable. 0 keeps them for ever. Use one value in the whole mesh: a node that keeps longer refuses history from which others have dropped bodies.",
        ),
        hmmm_days: wholeNumber(
          0,
          { min: 0, max: 36_500, unit: "days" },
          "Age at which bodies of discussion entries are dropped from this node's store, as above. 0 keeps them for ever. Grants and agent records are audit entries and are never dropped.",
        ),
      }),
      sync_interval_seconds: wholeNumber(
        10,
        { min: 1, max: 3600, unit: "seconds" },
        "Time between two comparisons of the history with a random peer. It bounds how long an entry that gossip lost stays missing.",
      ),
    }),
    limits: section({
      messages_per_second_per_peer: wholeNumber(
        1000,
        { min: 1, max: 100_000, unit: "messages per second" },
        "Messages taken from one peer over time. Beyond it the peer is read more slowly, and dropped when it goes on for seconds.",
      ),
      burst: wholeNumber(
        8000,
        { min: 1, max: 1_000_000, unit: "messages" },
        "Messages one peer may send at once before limits.messages_per_second_per_peer applies.",
      ),
      max_send_bytes: wholeNumber(
        defaults.maxSendBytes,
        { min: 1024, max: MAX_ENVELOPE_BYTES, unit: "bytes" },
        "Largest envelope this node sends. Every node accepts up to 1048576.",
      ),
      handler_timeout_seconds: wholeNumber(
        defaults.handlerTimeoutSeconds,
        { min: 1, max: 600, unit: "seconds" },
        "Time a handler of one message has; then it is cancelled, logged and counted.",
      ),
      memory_limit_mb: wholeNumber(
        defaults.memoryLimitMb,
        { min: 64, max: 65_536, unit: "MiB" },
        "Memory this process is laid out for: near it the node sheds load and its memory check degrades. The limit of the heap itself is given at launch.",
      ),
    }),
    logging: section({
      level: choice(
        ["error", "warn", "info", "debug", "trace"],
        "info",
        "The least weighty records that are written.",
        { warning: "write warn", fatal: "write error", verbose: "write debug" },
      ),
      format: choice(
        ["json", "text", "auto"],
        "auto",
        "Form of the records. auto is text on a terminal and JSON lines elsewhere.",
      ),
      file: optionalText(
        lineRule(1024, "a path"),
        "File the records are appended to, relative to the data directory; created with mode 0600. Left out, records go to standard error, or to a file in the data directory while the portal uses the terminal.",
      ),
    }),
  };
}

function presenceKeys() {
  return {
    presence_interval_seconds: wholeNumber(
      5,
      { min: 1, max: 300, unit: "seconds" },
      "Time between two presence signals of this node.",
    ),
    presence_timeout_seconds: wholeNumber(
      15,
      { min: 2, max: 3600, unit: "seconds" },
      "Silence after which another node counts as failed. At least twice coordination.presence_interval_seconds.",
    ),
  };
}

function versionKey() {
  return constant(1, "Version of the form of this file.");
}

function buildAgentSchema(defaults: ProfileDefaults) {
  return z.strictObject({
    version: versionKey(),
    binary_type: constant("agent", "Program this file is for. The other program refuses it."),
    agent: section({
      ...identityKeys({ capabilities: ["general"] }),
      models: textList(
        [],
        lineRule(128, "the name of a model"),
        { max: 32, what: "models" },
        "Names of the models behind this agent, told to others in its agent record and its presence.",
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
        web: "web is not available in this version, and an agent has no interface for people",
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
        "Time a task stays with a holder that is no longer present; then another agent takes it over.",
      ),
    }),
    executor: section({
      kind: choice(
        ["mock", "process"],
        "mock",
        "How tasks are executed: mock gives a deterministic result for trials, process starts a program of executor.process.commands.",
      ),
      process: section({
        commands: mapList(
          {
            name: z.string({ error: NAME_RULE.expected }).refine(NAME_RULE.isValid, { error: NAME_RULE.expected }),
            argv: z.array(
              z.string({ error: "a program or an argument, as text" })
                .refine((part) => !part.includes("\0"), { error: "a text without NUL characters" }),
              { error: "a list: the program, then its arguments" },
            ).min(1, { error: "at least the program" }).max(64, { error: "at most 64 elements" })
              .refine((argv) => argv[0] !== "", { error: "a program in the first place" }),
          },
          { max: 32, expected: "a list of at most 32 maps with name and argv", identifiedBy: "name" },
          "Allow-list: the only programs a task can start, without a shell. The command whose name is among the capabilities a task requires is taken, otherwise the first one. As a variable or a flag: JSON.",
        ),
        timeout_seconds: wholeNumber(
          600,
          { min: 1, max: 86_400, unit: "seconds" },
          "Time one execution may take, without waiting for people; then its process group is killed and the task failed.",
        ),
        max_output_bytes: wholeNumber(
          512 * 1024,
          { min: 1024, max: 16 * 1024 * 1024, unit: "bytes" },
          "Output one execution may write, stdout and stderr together; beyond it the process group is killed and the task failed.",
        ),
        memory_limit_mb: wholeNumber(
          1024,
          { min: 16, max: 1_048_576, unit: "MiB" },
          "Memory the processes of one execution may use together, sampled; beyond it the process group is killed and the task failed. Enforced on Linux and where `ps` works.",
        ),
        env: textList(
          ["PATH", "LANG", "TZ"],
          VARIABLE_RULE,
          { max: 64, what: "names of variables" },
          "Allow-list: variables of this process that are handed to the program. Beside them it has only PATH, HOME and TMPDIR, the last two its work folder.",
        ),
      }),
    }),
  });
}

function buildHapSchema(defaults: ProfileDefaults) {
  return z.strictObject({
    version: versionKey(),
    binary_type: constant("hap", "Program this file is for. The other program refuses it."),
    agent: section(identityKeys({ capabilities: [] })),
    interface: section({
      mode: choice(
        ["terminal", "headless"],
        "terminal",
        "Kind of interface. terminal is a prompt on standard input, if that is a terminal; headless has none and is used through the HTTP API and one-shot commands.",
        { web: WEB_HINT },
      ),
      auto_start_interface: toggle(
        true,
        [true, false],
        "Whether `run` opens the interface by itself. false keeps the node running without one.",
      ),
    }),
    ...commonSections(defaults),
    coordination: section(presenceKeys()),
  });
}

/** The schema of the file of `bzzz-agent`. */
export type AgentConfigSchema = ReturnType<typeof buildAgentSchema>;
/** The schema of the file of `bzzz-hap`. */
export type HapConfigSchema = ReturnType<typeof buildHapSchema>;

/** The only definition of the file of `bzzz-agent`: strict, with its defaults. */
export function createAgentSchema(defaults: ProfileDefaults): AgentConfigSchema {
  return buildAgentSchema(defaults);
}

/** The only definition of the file of `bzzz-hap`. */
export function createHapSchema(defaults: ProfileDefaults): HapConfigSchema {
  return buildHapSchema(defaults);
}
