// The completion of both built programs, in the shells themselves.
import assert from "node:assert/strict";
import { ISOLATED, programEnvironment, programPath, runOk } from "../helpers/programs.ts";
import { hasTmux, TmuxWindow } from "../helpers/tmux.ts";

const PROGRAMS = ["bzzz-agent", "bzzz-hap"] as const;
type Program = typeof PROGRAMS[number];

async function hasShell(shell: string): Promise<boolean> {
  try {
    return (await new Deno.Command(shell, { args: ["--version"], stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Ignored, with the reason in its name, where something is missing. */
function only(
  name: string,
  needs: Readonly<Record<string, boolean>>,
): { readonly name: string; readonly ignore: boolean } {
  const missing = Object.keys(needs).filter((one) => !needs[one]);
  return missing.length === 0
    ? { name, ignore: false }
    : { name: `${name} (there is no ${missing.join(" and no ")})`, ignore: true };
}

/** What is typed, and what is completed to or offered; both programs have these. */
const COMMON: readonly (readonly [typed: string, expected: string])[] = [
  ["compl", "completion"], // a verb
  ["task po", "post"], // its second word
  ["completion z", "zsh"], // a fixed argument
  ["task list --js", "--json"], // a flag of every verb
  ["invite --ro", "--role"], // a flag of its own
  ["--home /tmp task po", "post"], // flags with values stand anywhere
  ["task list --log-level de", "debug"],
];
const OWN: Readonly<Record<Program, readonly (readonly [string, string])[]>> = {
  "bzzz-agent": [["setup --step po", "ports"]],
  "bzzz-hap": [["portal --mode w", "web"], ["form rev", "review-request"], ["send --template rev", "review-request"]],
};

/** The programs by their names, a data directory, and the script of each. */
async function withPrograms(
  shell: string,
  body: (
    place: { folder: string; env: Record<string, string>; scriptOf: (program: Program) => string },
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: `bzzz-${shell}-` });
  try {
    const home = `${folder}/home`;
    await Deno.mkdir(`${folder}/bin`);
    await runOk("bzzz-hap", ["init", "--home", home, "--agent-id", "ana"]);
    for (const program of PROGRAMS) {
      await Deno.symlink(programPath(program), `${folder}/bin/${program}`);
      await Deno.writeTextFile(`${folder}/${program}.${shell}`, await runOk(program, ["completion", shell]));
    }
    const { PATH = "", ...rest } = { ...programEnvironment(), ...ISOLATED };
    const env = {
      ...rest,
      PATH: `${folder}/bin:${PATH}`,
      HOME: folder,
      BZZZ_HOME: home,
      TERM: "tmux-256color",
      LANG: "C.UTF-8",
    };
    await body({ folder, env, scriptOf: (program) => `${folder}/${program}.${shell}` });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  ...only("completion: fish offers verbs, flags and values of both programs", { fish: await hasShell("fish") }),
  fn: async () => {
    await withPrograms("fish", async ({ env, scriptOf }) => {
      for (const program of PROGRAMS) {
        const offered = async (typed: string): Promise<string[]> => {
          const { success, stdout, stderr } = await new Deno.Command("fish", {
            args: ["--no-config", "-c", `source ${scriptOf(program)}; complete -C '${program} ${typed}'`],
            env,
            clearEnv: true,
          }).output();
          assert.ok(success, new TextDecoder().decode(stderr));
          assert.equal(new TextDecoder().decode(stderr), "");
          return new TextDecoder().decode(stdout).split("\n").map((line) => line.split("\t")[0] ?? "").filter(Boolean);
        };
        for (const [typed, expected] of [...COMMON, ...OWN[program]]) {
          assert.deepEqual(await offered(typed), [expected], `${program} ${typed}`);
        }
        const verbs = await offered("");
        for (const verb of ["inbox", "task", "setup"]) assert.ok(verbs.includes(verb), `${program}: ${verbs}`);
        assert.ok(!verbs.includes("post"), "no second word in the place of the first");
        assert.deepEqual(await offered("no-such-verb "), [], "nothing behind what is no verb");
      }
    });
  },
});

Deno.test({
  ...only("completion: zsh completes verbs, flags and values of both programs, sourced and as a function of fpath", {
    zsh: await hasShell("zsh"),
    tmux: await hasTmux(),
  }),
  fn: async () => {
    await withPrograms("zsh", async ({ folder, env, scriptOf }) => {
      await Deno.mkdir(`${folder}/fpath`);
      for (const program of PROGRAMS) await Deno.copyFile(scriptOf(program), `${folder}/fpath/_${program}`);
      const ways = [
        `autoload -U compinit; compinit -u -D; ${PROGRAMS.map((one) => `source ${scriptOf(one)}`).join("; ")}`,
        `fpath=(${folder}/fpath $fpath); autoload -U compinit; compinit -u -D`,
      ];
      for (const way of ways) {
        await using view = await TmuxWindow.open(["zsh", "-f", "-i"], {
          columns: 140,
          rows: 30,
          env: { ...env, PS1: "zsh%% " },
          endBy: "SIGHUP",
        });
        await view.shows("zsh%");
        await view.type(`${way}; PS1='ready> '; clear`);
        await view.press("Enter");
        await view.shows(/^ready> *$/m);
        for (const program of PROGRAMS) {
          for (const [typed, expected] of [...COMMON, ...OWN[program]]) {
            const line = `${program} ${typed}`;
            await view.type(line);
            await view.press("Tab");
            await view.shows(new RegExp(`^ready> ${line.replace(/\S+$/, expected)} *$`, "m"));
            await view.press("C-u");
            await view.shows(/^ready> *$/m);
          }
        }
        await view.type("bzzz-hap ta");
        await view.press("Tab");
        await view.shows(/task +-- task …/);
      }
    });
  },
});
