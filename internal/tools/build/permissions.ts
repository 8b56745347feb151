/**
 * What each program may touch, as one table. The self-extracting header expands it when a program starts (exact data
 * folder and configuration file); `deno compile` bakes it in (the folder it is started in, and the system's folders).
 *
 * @module
 */

/** What a program may do beyond its own folders. */
export interface ProgramPermissions {
  /**
   * Environment variables it sees; every other one reads as unset, so that a library cannot harvest secrets. The agent
   * sees all: its configuration names the variables it hands to the programs it starts, which would inherit them anyway.
   */
  readonly env: readonly string[] | "all";
  /** Facts about the machine: the network interfaces are libp2p's, the rest is for `doctor`, presence and the disk check. */
  readonly sys: readonly string[];
  /** Whether it starts other programs. Which ones is decided by the allow-list of its configuration. */
  readonly run: boolean;
  /** Addresses that are refused even though a mesh dials unknown peers: the metadata services of clouds. */
  readonly denyNet: readonly string[];
}

const PORTAL_ENV = [
  "BZZZ_*",
  "ACCESSIBLE",
  "HOME",
  "PATH",
  "USER",
  "SHELL",
  "LANG",
  "LC_*",
  "TZ",
  "TERM",
  "COLORTERM",
  "COLUMNS",
  "LINES",
  "NO_COLOR",
  "FORCE_COLOR",
  "TMPDIR",
  "XDG_*",
] as const;

const SYS = [
  "networkInterfaces",
  "hostname",
  "osRelease",
  "cpus",
  "loadavg",
  "systemMemoryInfo",
  "statfs",
  "uid",
  "gid",
  "homedir",
] as const;

const DENY_NET = ["169.254.169.254", "[fd00:ec2::254]"] as const;

/** The table. */
export const PERMISSIONS: Readonly<Record<"agent" | "hap", ProgramPermissions>> = {
  agent: { env: "all", sys: SYS, run: true, denyNet: DENY_NET },
  hap: { env: PORTAL_ENV, sys: SYS, run: false, denyNet: DENY_NET },
};

/** `BZZZ_NET=lan`: every address to listen on, the private IPv4 networks, and mDNS; names come from `BZZZ_NET_HOSTS`. */
export const LAN_NET: readonly string[] = [
  "0.0.0.0",
  "127.0.0.0/8",
  "localhost",
  "[::1]",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "224.0.0.251:5353",
];

/**
 * The signal of a request fires when its client has gone. As Deno 2.9.6 does it without, it fires after each answer as well,
 * and the first use of it is told on standard error.
 */
const REQUEST_SIGNALS = "--unstable-no-legacy-abort";

/** Flags that keep the runtime from looking at anything but the program: no configuration, no registry, no questions. */
export const CLOSED_WORLD: readonly string[] = [
  "--no-config",
  "--no-lock",
  "--no-npm",
  "--no-remote",
  "--cached-only",
  "--no-prompt",
  REQUEST_SIGNALS,
];

/** The flags that are the same at every start; paths and the network are not among them. */
export function fixedFlags(permissions: ProgramPermissions): string[] {
  return [
    ...(permissions.env === "all" ? ["--allow-env"] : ["--ignore-env", `--allow-env=${permissions.env.join(",")}`]),
    `--allow-sys=${permissions.sys.join(",")}`,
    ...(permissions.run ? ["--allow-run"] : []),
    `--deny-net=${permissions.denyNet.join(",")}`,
  ];
}

/**
 * The flags of a `deno compile`d program. They cannot depend on its arguments: "." is the folder it is started in
 * (`WorkingDirectory=` of a service), so the data folder must be that folder or lie under /var/lib/bzzz.
 */
export function compiledFlags(permissions: ProgramPermissions): string[] {
  return [
    REQUEST_SIGNALS,
    ...fixedFlags(permissions),
    "--allow-net",
    "--allow-read=.,/etc/bzzz,/var/lib/bzzz",
    "--allow-write=.,/var/lib/bzzz",
  ];
}
