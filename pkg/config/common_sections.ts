import { parseAgentId } from "@bzzz/base";
import { addressFault, isPattern, parseAddress } from "@bzzz/ucxl";
import {
  ADDRESS_RULE,
  autoToggle,
  choice,
  constant,
  HOST_NAME_RULE,
  HOST_RULE,
  IP_RULE,
  lineRule,
  NAME_RULE,
  numberChoice,
  optionalText,
  optionalWholeNumber,
  port,
  text,
  textList,
  toggle,
  wholeNumber,
} from "./fields.ts";
import { section } from "./members.ts";
import type { ProfileDefaults } from "./profiles.ts";

/** No envelope of the mesh is larger (architecture section 5): no honest peer drops what another accepts. */
const MAX_ENVELOPE_BYTES = 1024 * 1024;

const AGENT_ID_RULE = {
  isValid: (id: string) => parseAgentId(id) !== undefined,
  expected: "2 to 63 of a-z 0-9 - that start with a letter or digit",
};
const UCXL_RULE = {
  isValid: (text: string) => addressFault(text) === undefined && !isPattern(parseAddress(text)),
  expected: "the UCXL address of one thing, such as ucxl://ana:architect@shop:project/*^/.ucxl/goals.yaml",
};

function buildIdentityKeys(defaults: { readonly capabilities: readonly string[] }) {
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

type IdentityKeys = ReturnType<typeof buildIdentityKeys>;

/** The keys of a node: its name and what it can do. */
export function identityKeys(defaults: { readonly capabilities: readonly string[] }): IdentityKeys {
  return buildIdentityKeys(defaults);
}

function buildCommonSections(defaults: ProfileDefaults) {
  return {
    identity: section({
      passphrase_file: optionalText(
        lineRule(1024, "the path of a file"),
        "File whose first line is the passphrase of the locked keys, for a start without a person; 0600, relative to the data directory. A built program reads it in its data directory only, or wherever the variable or --passphrase-file names it. The variable is the way for systemd's credentials.",
      ),
    }),
    ports: section({
      http_port: port(defaults.httpPort, "TCP port of the HTTP API. 0 lets the system choose a free one."),
      health_port: port(
        defaults.healthPort,
        "TCP port of health checks and metrics. 0 lets the system choose a free one.",
      ),
      ucxi_port: port(
        defaults.ucxiPort,
        "TCP port of the context server (UCXI); it binds api.host. 0 lets the system choose a free one.",
      ),
      admin_ui_port: port(
        defaults.adminUiPort,
        "TCP port of the pages for browsers, always on 127.0.0.1: the setup's (setup --page), then the portal's (interface.mode web). 0 lets the system choose a free one.",
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
    context: section({
      max_content_bytes: wholeNumber(
        4 * 1024 * 1024,
        { min: 1024, max: 64 * 1024 * 1024, unit: "bytes" },
        "Largest content that can be written at an address; a larger one is refused with status 413.",
      ),
      search_memory_mb: wholeNumber(
        32,
        { min: 1, max: 4096, unit: "MiB" },
        "Text that full-text search keeps in memory, because no word of a content may reach the disk. Beyond it the oldest versions are not found, and the answer says that it is not complete.",
      ),
    }),
    slurp: section({
      enabled: toggle(
        true,
        [true, false],
        "Whether this node derives context while it leads. What was derived before is read all the same; while a node with false leads, nothing new is derived.",
      ),
      max_depth: wholeNumber(
        10,
        { min: 1, max: 64, unit: "levels" },
        "Levels that an address inherits from, itself among them; of more, the outermost are left out, and the answer says that it is not complete.",
      ),
      cached_slices: wholeNumber(
        200,
        { min: 1, max: 10_000, unit: "slices" },
        "Derived slices that are kept opened in memory, a few kilobytes each; others are opened again when they are asked for.",
      ),
      settle_ms: wholeNumber(
        2_000,
        { min: 10, max: 600_000, unit: "milliseconds" },
        "Time in which events of one kind about one task are one, and which a leader waits for more of them before it derives.",
      ),
      retry_window_seconds: wholeNumber(
        900,
        { min: 1, max: 86_400, unit: "seconds" },
        "How long after its first failure a derivation is tried again, with growing delays; then it is a dead letter.",
      ),
      max_dead_letters: wholeNumber(
        200,
        { min: 1, max: 10_000, unit: "dead letters" },
        "Derivations that were given up and are kept to be looked at; beyond it the oldest goes.",
      ),
      replays_per_minute: wholeNumber(
        30,
        { min: 1, max: 6_000, unit: "per minute" },
        "Dead letters that are tried again in a minute when a person asks for it.",
      ),
      goals_address: optionalText(
        UCXL_RULE,
        "Address of the goals that addresses are compared with. Left out: .ucxl/goals.yaml in any task of the project, else of the project global.",
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
    election: section({
      profile: choice(
        ["default", "lan"],
        "default",
        "Times of the terms this node wins. default: a heartbeat every 5 s, a lease of 15 s, so that another leads within 20 s of a crash. lan: 0.5 s and 1.5 s, for networks where a round trip takes milliseconds and the voters' disks are quick.",
      ),
      electable: toggle(
        defaults.isElectable,
        [true, false],
        "Whether this node may lead. A portal is on a machine that sleeps, so it votes and does not stand unless told.",
      ),
      heartbeat_ms: optionalWholeNumber(
        { min: 100, max: 20_000, unit: "milliseconds" },
        "Time between two renewals of a term. Left out: that of election.profile.",
      ),
      lease_ms: optionalWholeNumber(
        { min: 300, max: 60_000, unit: "milliseconds" },
        "Lease of a term this node wins: it stops at 0.75 of it without a renewal, and others may lead after 1.25. At least three heartbeats. Left out: that of election.profile.",
      ),
    }),
    limits: section({
      messages_per_second_per_peer: wholeNumber(
        1000,
        { min: 1, max: 100_000, unit: "messages per second" },
        "Messages taken from one peer over time, a bundle counted by its entries. Beyond it the peer is read more slowly, and dropped when it goes on for seconds.",
      ),
      burst: wholeNumber(
        8000,
        { min: 1, max: 1_000_000, unit: "messages" },
        "Messages one peer may send at once before limits.messages_per_second_per_peer applies.",
      ),
      author_mb_per_day: wholeNumber(
        256,
        { min: 0, max: 1_048_576, unit: "MiB per day" },
        "History that is taken of one member in the long run; a day's worth may come at once. A member beyond it is paused: its next entries are taken when they are due. 0 is no limit. The same in the whole mesh, else its history arrives at different times.",
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
    storage: section({
      content_quota_mb: wholeNumber(
        1024,
        { min: 16, max: 1_048_576, unit: "MiB" },
        "Room for sealed content on this disk. At the limit, content that this node does not have to keep goes, the least recently used first; when all of it must stay, writing is refused.",
      ),
    }),
    security: section({
      roles_file: text(
        "roles.yaml",
        lineRule(1024, "a path"),
        "File with the own roles of the mesh, relative to the data directory. `roles apply` publishes what is in it; a node of an admin that finds it unlike the roles of the mesh says so at its start.",
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

type CommonSections = ReturnType<typeof buildCommonSections>;

/** The sections that both programs have. */
export function commonSections(defaults: ProfileDefaults): CommonSections {
  return buildCommonSections(defaults);
}

function buildPresenceKeys() {
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
    voters: numberChoice(
      [1, 3, 5],
      3,
      "Voters that the mesh shall have: of 3 one may be gone, of 5 two, of 1 none. The node of an admin makes agents voters that are steadily present; it never takes a vote away but from a revoked member. Other nodes do not use it.",
    ),
    voter_steady_seconds: wholeNumber(
      60,
      { min: 1, max: 86_400, unit: "seconds" },
      "Time an agent must have been present without a break before the node of an admin makes it a voter.",
    ),
  };
}

type PresenceKeys = ReturnType<typeof buildPresenceKeys>;

/** How presence is told and judged. */
export function presenceKeys(): PresenceKeys {
  return buildPresenceKeys();
}

function buildVersionKey() {
  return constant(1, "Version of the form of this file.");
}

type VersionKey = ReturnType<typeof buildVersionKey>;

/** The version of the form of a file. */
export function versionKey(): VersionKey {
  return buildVersionKey();
}
