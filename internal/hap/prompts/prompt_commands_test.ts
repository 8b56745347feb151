import assert from "node:assert/strict";
import { createLibraries } from "../libraries.ts";
import { createTestPortal, MemoryTerminal } from "../testing.ts";

const LATER = `id: later
title: Not now
quick_replies:
  - { key: n, deny: "Not this week." }
  - { key: a, answer: "As you think." }
  - { key: v, deny: "Not {{what}}." }
params: { what: text }
`;

Deno.test("a reply answers any ask; one with values fits only asks that name its wording", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-prompts-" });
  try {
    await Deno.writeTextFile(`${folder}/later.yaml`, LATER);
    await Deno.writeTextFile(`${folder}/broken.yaml`, "id: broken\n");
    const terminal = new MemoryTerminal("lines");
    const { portal, mesh } = createTestPortal(terminal, createLibraries({ templates: "/nowhere", prompts: folder }));
    const plain = mesh.openRequest({ allow: ["answer", "deny"] });
    const named = mesh.openRequest({
      allow: ["answer", "deny"],
      title: "as asked",
      wording: {
        id: "later",
        params: [{ name: "what", value: "x" }],
        listed: {
          version: 1,
          title: "Not now",
          checklist: ["is it late?"],
          quick_replies: [{ key: "v", decision: "deny", text: 'Not "x".' }],
        },
      },
    });
    const other = mesh.openRequest({ title: "sell all", wording: { id: "trust-me", params: [] } });
    terminal.type(
      `prompts list\nprompts lint\nprompt later x ${plain.request_id}\nprompt later v ${plain.request_id}\n`,
    );
    terminal.type(`prompt later n ${plain.request_id}\nprompt later v ${named.request_id}\ninbox --all\n`);
    terminal.type(`show ${named.request_id}\nshow ${other.request_id}\nprompt broken n ${other.request_id}\n`);
    terminal.end();

    await portal.start();
    await portal.done;

    const { written } = terminal;
    assert.match(written, /later +v1 +any +3 +Not now/);
    assert.match(written, /Cannot use the prompts:.*broken\.yaml.*title/s);
    assert.match(written, /the replies of later are n, a, v/);
    assert.match(written, /values of the wording "later", which it does not name/);
    assert.equal(mesh.requestMap.get(plain.request_id)?.answer?.reason, "Not this week.");
    assert.equal(mesh.requestMap.get(named.request_id)?.answer?.reason, 'Not "x".');
    assert.match(
      written,
      /Wording: later v1 of your library; in quotes is the asker's word\n {2}Not now\n {2}\[ \] is it late\?/,
    );
    assert.match(written, /Title: as asked/, "what is signed stands there whole");
    assert.match(written, /Wording: trust-me, unlisted wording: /);
    assert.match(written, /sell all \(unlisted wording\)/);
    assert.match(written, /Cannot use prompt "broken":\n.*broken\.yaml/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
