import assert from "node:assert/strict";
import { BzzzError } from "@bzzz/base";
import { exitStatusOf } from "@bzzz/cli";
import { ROOT, runIfInstalled } from "./files.ts";

const PROGRAMS = ["agent", "hap"];
const analyze = await runIfInstalled("systemd-analyze", "--version");
if (!analyze) Deno.stdout.writeSync(new TextEncoder().encode("systemd: verify skipped, needs systemd-analyze\n"));

/** The settings of a unit; a key that stands twice keeps both values. */
function read(program: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of Deno.readTextFileSync(`${ROOT}deployments/systemd/bzzz-${program}.service`).split("\n")) {
    const match = /^([A-Za-z]+)=(.*)$/.exec(line);
    if (match) settings.set(match[1] ?? "", [...settings.get(match[1] ?? "") ?? [], match[2] ?? ""]);
  }
  return settings;
}

for (const program of PROGRAMS) {
  Deno.test({
    name: `systemd: bzzz-${program}.service has no mistake that systemd knows`,
    ignore: !analyze,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "bzzz-unit-" });
      try {
        // systemd wants the program to exist; here any program will do.
        const unit = await Deno.readTextFile(`${ROOT}deployments/systemd/bzzz-${program}.service`);
        const path = `${folder}/bzzz-${program}.service`;
        await Deno.writeTextFile(path, unit.replace(`/usr/bin/bzzz-${program}`, "/bin/true"));
        const good = await runIfInstalled("systemd-analyze", "verify", "--man=no", path);
        await Deno.writeTextFile(
          path,
          unit.replace("KillMode=", "KilMode=").replace(`/usr/bin/bzzz-${program}`, "/bin/true"),
        );
        const bad = await runIfInstalled("systemd-analyze", "verify", "--man=no", path);

        // A warning about an unknown key leaves the status at 0: what counts is that it is silent about this unit.
        const about = (text: string) =>
          text.split("\n").filter((line) => line.includes(path) || line.includes("bzzz-"));
        assert.deepEqual(about(good?.stderr ?? ""), []);
        assert.match(bad?.stderr ?? "", /KilMode/);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });

  Deno.test(`systemd: bzzz-${program} drains, is private and does not restart into the same mistake`, () => {
    const unit = read(program);

    assert.deepEqual(unit.get("ExecStart"), [`/usr/bin/bzzz-${program} run`]);
    assert.ok(Number(unit.get("TimeoutStopSec")?.[0]) >= 30, "the drain takes at most 25 s");
    const final = unit.get("RestartPreventExitStatus")?.[0]?.split(" ") ?? [];
    assert.deepEqual(final, ["2", "3", "4", "8", "13", "14"]);
    for (
      const code of ["usage", "mesh_missing", "wrong_passphrase", "config_invalid", "grant_missing", "store_corrupt"]
    ) {
      assert.ok(final.includes(`${exitStatusOf(new BzzzError(code, "Cannot run"))}`), code);
    }
    assert.deepEqual(unit.get("StateDirectoryMode"), ["0700"]);
    assert.ok(unit.get("Environment")?.includes(`BZZZ_HOME=%S/bzzz-${program}`), "a data folder of its own");
    assert.equal(unit.has("MemoryDenyWriteExecute"), false, "the runtime compiles at run time");
    assert.match(unit.get("RestrictAddressFamilies")?.[0] ?? "", /AF_NETLINK/, "libp2p lists the network interfaces");
  });
}
