// One story on built programs: a plan, an objection, a question, an approval, the decision at its address (S-12, S-15, S-17, S-18, S-19).
import assert from "node:assert/strict";
import type { RequestView } from "@bzzz/api";
import { waitFor } from "@bzzz/base/testing";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { filesWith } from "../helpers/needles.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { type Finished, run } from "../helpers/programs.ts";

const WORKER = new URL("story/archivist.sh", import.meta.url).pathname;
const TITLE = "make room on the shelf";
const SECRET = "the marker 5d20 of nobody below a reviewer";
const AUDIENCE = ["--audience", "reviewer"];

interface Listed {
  readonly record?: { readonly title: string; readonly summary?: string; readonly outcome?: string };
  readonly version: { readonly address: string };
}

/** The people and agents of the story, each spoken to by its own program's verbs. */
class Story implements AsyncDisposable {
  readonly mesh: TestMesh;
  readonly shelf: string;

  private constructor(mesh: TestMesh, shelf: string) {
    this.mesh = mesh;
    this.shelf = shelf;
  }

  /** An admin, an agent that works, one that looks at its plans, an observer; ana has joined and is away. */
  static async begin(): Promise<Story> {
    const mesh = await TestMesh.create("boss", { env: { BZZZ_AGENT_CAPABILITIES: "lead" } });
    const shelf = await Deno.makeTempDir({ dir: mesh.folder, prefix: "shelf-" });
    for (const name of ["archive-2019", "archive-2020"]) await Deno.writeTextFile(`${shelf}/${name}`, name);
    await mesh.add("archivist", {
      through: "boss",
      env: {
        BZZZ_AGENT_CAPABILITIES: "archive",
        BZZZ_EXECUTOR_KIND: "process",
        BZZZ_EXECUTOR_PROCESS_COMMANDS: JSON.stringify([{ name: "archive", argv: ["/bin/sh", WORKER] }]),
        BZZZ_EXECUTOR_PROCESS_ENV: "SHELF",
        SHELF: shelf,
      },
    });
    await mesh.add("critic", { through: "boss", env: { BZZZ_AGENT_CAPABILITIES: "review" } });
    await mesh.add("olga", { through: "boss", role: "observer", program: "bzzz-hap" });
    await mesh.join("ana", { through: "boss", role: "reviewer", program: "bzzz-hap" });
    await mesh.connected("boss", "archivist", "critic", "olga");
    return new Story(mesh, shelf);
  }

  tries(who: string, args: readonly string[], stdin?: string): Promise<Finished> {
    const { program, home } = this.mesh.node(who);
    return run(program, [...args, "--home", home], stdin === undefined ? {} : { stdin });
  }

  async says(who: string, args: readonly string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await this.tries(who, args, stdin);
    assert.equal(code, 0, `${who}: ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  async lines<T>(who: string, args: readonly string[]): Promise<T[]> {
    const text = await this.says(who, [...args, "--json"]);
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as T);
  }

  /** The ask with that title in ana's inbox. */
  async inInbox(title: string): Promise<RequestView> {
    return await waitFor(
      async () => (await this.lines<RequestView>("ana", ["inbox"])).find((ask) => ask.title === title),
      {
        timeoutMs: PATIENCE_MS,
        what: `"${title}" in ana's inbox`,
        state: () => this.mesh.node("archivist").log.slice(-2000),
      },
    );
  }

  async taskIs(task: string, state: string): Promise<void> {
    const api = await this.mesh.node("boss").api();
    let last = "";
    await waitFor(async () => (last = (await api.task(task)).state) === state, {
      timeoutMs: PATIENCE_MS,
      what: `the task to be ${state}`,
      state: () => `${last}\n${this.mesh.node("archivist").log.slice(-3000)}`,
    });
  }

  /** A decision as soon as it is there and can be read by `who`. */
  async decision(who: string, title: string): Promise<Listed> {
    return await waitFor(
      async () => (await this.lines<Listed>(who, ["decide", "list"])).find((one) => one.record?.title === title),
      { timeoutMs: PATIENCE_MS, what: `the decision "${title}" at ${who}` },
    );
  }

  async archives(): Promise<string[]> {
    return (await Array.fromAsync(Deno.readDir(this.shelf))).map(({ name }) => name).sort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.mesh[Symbol.asyncDispose]();
  }
}

Deno.test("S-12, S-15, S-17, S-18, S-19 planned, objected to, asked, answered, approved, done, and found again", async (t) => {
  await using story = await Story.begin();
  let task = "";
  let address = "";

  await t.step("S-12 the agent tells its plan, a peer objects, and nothing is done", async () => {
    const post = ["task", "post", TITLE, "--capability", "archive", "--plan-window", "15s", "--json"];
    task = JSON.parse(await story.says("boss", post)).task_id;
    await story.taskIs(task, "discussing");
    await waitFor(
      async () => (await story.tries("critic", ["hmmm", "plan", task])).stdout.includes("Run the command"),
      {
        timeoutMs: PATIENCE_MS,
        what: "the plan at the critic",
      },
    );

    await story.says("critic", ["hmmm", "object", task, "nobody", "was", "asked"]);

    await story.taskIs(task, "blocked");
    assert.deepEqual(await story.archives(), ["archive-2019", "archive-2020"]);
  });

  await t.step("S-15 ana was away: what waited is in her inbox, and she lets the work begin", async () => {
    const began = performance.now();
    await story.mesh.start("ana");
    const objection = await story.inInbox(`Objection to the plan of: ${TITLE}`);
    note(`in the inbox ${Math.round(performance.now() - began)} ms after the portal was started`);
    assert.match(await story.says("ana", ["hmmm", "thread", task]), /critic .*objection.* nobody was asked/);

    await story.says("ana", ["approve", objection.short_id, "--digest", objection.digest.slice(-16)]);

    const question = await story.inInbox("Which archive is not needed?");
    await story.says("ana", ["answer", question.short_id, "archive-2019"]);
  });

  await t.step("S-17 the risky action is done once, and only after the digest of what was shown", async () => {
    const ask = await story.inInbox("delete archive-2019");
    const shown = await story.says("ana", ["show", ask.short_id]);
    assert.match(shown, /archive\.delete/);
    assert.match(shown, /the archive is gone for good/);
    const approve = (...digest: string[]) => story.tries("ana", ["approve", ask.short_id, ...digest]);

    const unseen = await approve();
    assert.deepEqual([unseen.code, /unseen: give --digest/.test(unseen.stderr)], [2, true], unseen.stderr);
    const wrong = await approve("--digest", "0123456789abcdef");
    assert.deepEqual([wrong.code, /not of what it shows now/.test(wrong.stderr)], [8, true], wrong.stderr);
    assert.deepEqual(await story.archives(), ["archive-2019", "archive-2020"], "nothing yet");
    assert.equal((await approve("--digest", ask.digest.slice(-16))).code, 0);

    await story.taskIs(task, "completed");
    assert.deepEqual(await story.archives(), ["archive-2020"]);
    // the task was completed at another node: what came of the approval reaches this one by itself
    const done = await waitFor(async () => {
      const [one] = await story.lines<RequestView>("ana", ["show", ask.short_id]);
      return one?.performed && one;
    }, { timeoutMs: PATIENCE_MS, what: "what came of the approval" });
    assert.deepEqual([done.answer?.decision, done.performed?.outcome], ["approve", "done"]);
  });

  await t.step("S-18 the decision is at its address, for its roles alone", async () => {
    ({ version: { address } } = await story.decision("ana", "delete archive-2019"));
    assert.ok(address.startsWith(`ucxl://ana:reviewer@test:${task.toLowerCase()}/`), address);
    const result = await story.decision("boss", TITLE);
    assert.ok(result.version.address.startsWith(`ucxl://archivist:developer@test:${task.toLowerCase()}/`));

    const first = await story.decision("boss", "delete archive-2019");
    assert.deepEqual([first.version.address, first.record?.outcome], [address, "approval"]);
    assert.equal(JSON.parse(await story.says("boss", ["ucxl", "get", address])).task_id, task);
    await waitFor(async () => (await story.tries("olga", ["ucxl", "history", address])).code === 0, {
      timeoutMs: PATIENCE_MS,
      what: "the version at olga",
    });
    const refused = await story.tries("olga", ["ucxl", "get", address]);
    assert.equal(refused.code, 4, refused.stderr);
  });

  await t.step(
    "S-19 what is added later is a version; history and difference show it, the first one stays",
    async () => {
      const before = await story.says("ana", ["ucxl", "get", address]);
      const { revision } = JSON.parse(await story.says("ana", ["ucxl", "get", address, "--json"]));
      const amended = `${JSON.stringify({ ...JSON.parse(before), summary: SECRET }, undefined, 2)}\n`;
      await story.says("ana", ["ucxl", "put", address, "-", "--if-match", revision, ...AUDIENCE], amended);

      await waitFor(async () => (await story.lines("boss", ["ucxl", "history", address])).length === 2, {
        timeoutMs: PATIENCE_MS,
        what: "the second version at boss",
      });
      const authors =
        (await story.lines<{ n: number; author: { agent_id: string } }>("boss", ["ucxl", "history", address]))
          .map((version) => [version.n, version.author.agent_id]);
      assert.deepEqual(authors, [[1, "ana"], [2, "ana"]]);
      const difference = await story.says("boss", ["ucxl", "diff", address]);
      assert.ok(difference.includes(`/summary: "" → "${SECRET}"`), difference);
      assert.equal(await story.says("boss", ["ucxl", "get", address.replace("/*^/", "/~~1/")]), before);
      const past = await story.tries("boss", ["ucxl", "get", address.replace("/*^/", "/~~2/")]);
      assert.deepEqual([past.code, /versions 1 to 2; the nearest is 1/.test(past.stderr)], [3, true], past.stderr);
      await waitFor(async () => (await story.lines("olga", ["ucxl", "history", address])).length === 2, {
        timeoutMs: PATIENCE_MS,
        what: "the second version at olga",
      });
      assert.deepEqual(await filesWith(story.mesh.home("olga"), SECRET), []);
      assert.notDeepEqual(await filesWith(story.mesh.home("olga"), TITLE), [], "the search finds what is in the clear");
    },
  );

  await t.step("S-31 and every signature of it holds", async () => {
    for (const name of ["archivist", "ana"]) {
      await story.mesh.node(name).stop();
      await story.mesh.verify(name);
    }
  });
});
