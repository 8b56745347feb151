import assert from "node:assert/strict";
import { createMesh, decodeGrant, issueGrant, loadGrant, Membership, parseRole } from "@bzzz/agentid";
import { BzzzError, createSystemClock, createSystemRandom, parseAgentId } from "@bzzz/base";
import { createNodeKeys, saveGrant, saveMesh } from "@bzzz/agentid";
import { splitSecret } from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import { openStore } from "@bzzz/store";
import { homePaths } from "./home.ts";
import { AGENT_PROFILE } from "./profiles.ts";
import { collectShares } from "./recovery_shares.ts";
import { recoverRoot } from "./recover_root.ts";

const deps = {
  clock: createSystemClock(),
  random: createSystemRandom(),
  logger: createNullLogger(),
  profile: AGENT_PROFILE,
  version: "0.0.0",
};

/** The data directory of a developer, and the shares of its mesh. */
async function createMember(work: (home: string, shares: readonly string[]) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-recover-" });
  try {
    const mesh = createMesh({ name: "den", ...deps });
    const shares = await splitSecret(mesh.rootKey.exportSeed(), { shares: 3, threshold: 2 });
    const keys = await createNodeKeys({ home, binaryType: "agent" }, deps);
    const [agentId, role] = [parseAgentId("basil"), parseRole("developer")];
    assert.ok(agentId && role);
    const { bytes } = issueGrant({ key: mesh.rootKey, issuer: "root" }, {
      mesh: mesh.meshId,
      peer: keys.peerId,
      agentId,
      binaryType: "agent",
      role,
      ageRecipient: keys.age.recipient,
      issuedAtMs: deps.clock.nowMs(),
    });
    await saveGrant(home, bytes, deps);
    await saveMesh(home, mesh, deps);
    await work(home, shares);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof BzzzError && error.code === code;
}

Deno.test("enough shares make the node of a member an admin, and leave no root key behind", async () => {
  await createMember(async (home, [first, , third]) => {
    const { mesh, grant } = await recoverRoot(deps, {
      home,
      shares: [first ?? "", third ?? ""],
      passphrase: undefined,
    });

    const stored = await loadGrant(home);
    assert.ok(stored);
    const membership = new Membership(mesh);
    assert.equal(membership.addGrant(stored).status, "added");
    assert.equal(membership.grantOf(grant.peer, deps.clock.nowMs())?.level, "master");
    assert.deepEqual([grant.agentId, grant.role, grant.issuer], ["basil", "admin", "root"]);
    const files = (await Array.fromAsync(Deno.readDir(`${home}/mesh`))).map(({ name }) => name).sort();
    assert.deepEqual(files, ["grant.cbor", "mesh.json", "network.key"]);
    using store = openStore(deps, { path: homePaths(home).database });
    assert.ok(store.grants.grants().some((bytes) => decodeGrant(bytes)?.grant.id === grant.id));
  });
});

Deno.test("too few shares, those of another mesh, and a folder without a mesh change nothing", async () => {
  await createMember(async (home, [first]) => {
    const before = await loadGrant(home);
    const foreign = await splitSecret(deps.random.bytes(32), { shares: 2, threshold: 2 });
    const recover = (shares: readonly string[], at = home) =>
      recoverRoot(deps, { home: at, shares, passphrase: undefined });

    await assert.rejects(recover([first ?? ""]), hasCode("too_few_shares"));
    await assert.rejects(recover([first ?? "", first ?? ""]), hasCode("too_few_shares"));
    await assert.rejects(recover(foreign), hasCode("identity_mismatch"));
    await assert.rejects(recover(foreign, `${home}/nowhere`), hasCode("mesh_missing"));

    assert.deepEqual(await loadGrant(home), before);
  });
});

Deno.test("a person is asked until there are enough shares, and told at once of a misspelt one", async () => {
  await createMember(async (_home, [first = "", second = ""]) => {
    const answers = [first.slice(0, -1), first, first.toUpperCase(), ` ${second} `];
    const questions: string[] = [];
    const told: string[] = [];
    const shares = await collectShares({
      askSecret: (question) => {
        questions.push(question);
        return Promise.resolve(answers.shift());
      },
      readInput: () => Promise.reject(new Error("not read")),
      tell: (text) => Promise.resolve(void told.push(text)),
      file: undefined,
    });

    assert.deepEqual(shares, [first, second]);
    assert.deepEqual(questions, [
      "Recovery share 1: ",
      "Recovery share 1: ",
      "Recovery share 2 of 2: ",
      "Recovery share 2 of 2: ",
    ]);
    assert.match(told[0] ?? "", /^Cannot read the share/);
    assert.equal(told[1], "That one was given already.");
  });
});

Deno.test("shares come from a private file or from standard input, one a line", async () => {
  await createMember(async (home, shares) => {
    const collect = (file: string | undefined) =>
      collectShares({
        readInput: () => Promise.resolve(`\n${shares.join("\n")}\n`),
        tell: () => Promise.resolve(),
        file,
      });
    await Deno.writeTextFile(`${home}/shares`, shares.join("\r\n"), { mode: 0o600 });
    await Deno.writeTextFile(`${home}/open`, shares.join("\n"));
    await Deno.chmod(`${home}/open`, 0o644);

    assert.deepEqual(await collect(`${home}/shares`), shares);
    await Deno.chmod(home, 0o777); // the folder is not the shares' own: the program may read the file alone
    assert.deepEqual(await collect(`${home}/shares`), shares);
    await Deno.writeTextFile(`${home}/large`, "x".repeat(70_000), { mode: 0o600 });
    await assert.rejects(collect(`${home}/large`), hasCode("key_malformed"));
    await assert.rejects(collect(home), hasCode("key_missing"));
    assert.deepEqual(await collect("-"), shares);
    assert.deepEqual(await collect(undefined), shares, "nobody can be asked: standard input");
    await assert.rejects(collect(`${home}/open`), hasCode("key_permissions"));
    await assert.rejects(collect(`${home}/none`), hasCode("key_missing"));
  });
});
