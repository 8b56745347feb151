import { utf8Encode } from "@bzzz/base";
import { isHarmless } from "@bzzz/cli";
import assert from "node:assert/strict";
import { createTestPage, TEST_ASK } from "./testing.ts";

const PLAN = "ucxl://basil:developer@shop:pay/*^/plan.md";
const ADDRESS = new URLSearchParams({ address: PLAN });

/** What nobody types, but somebody sends. */
const NONSENSE: readonly string[] = [
  "",
  " \r\n ",
  `<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202egnp\u200b\x1b]52;c;AAAA\x07`,
  "x".repeat(20_000),
  "a\0b\ud800c",
  "-1",
  "1e999",
  "__proto__",
  "ucxl://",
];

interface WholeForm {
  readonly action: string;
  readonly hidden: Readonly<Record<string, string>>;
  readonly names: readonly string[];
}

/** The forms of a page that are sent, with the names of all their fields and buttons. */
function wholeForms(text: string): readonly WholeForm[] {
  return [...text.matchAll(/<form method="post" action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].map(([, action, inner]) => {
    const fields = [...(inner ?? "").matchAll(/<(?:input|textarea|select|button)\b([^>]*)>/g)].map(([, all = ""]) => ({
      name: / name="([^"]*)"/.exec(all)?.[1] ?? "",
      value: / value="([^"]*)"/.exec(all)?.[1] ?? "",
      isHidden: all.includes('type="hidden"'),
    }));
    return {
      action: action ?? "",
      hidden: Object.fromEntries(fields.filter(({ isHidden }) => isHidden).map(({ name, value }) => [name, value])),
      names: fields.flatMap(({ name, isHidden }) => isHidden || name === "" ? [] : [name]),
    };
  });
}

Deno.test("every form of every page takes nonsense: a page says what is wrong, nothing breaks, nothing comes back alive", async () => {
  await using page = createTestPage({ isBasils: true });
  const browser = await page.login();
  await page.ucxi.client.put(PLAN, utf8Encode("one\n"), { audience: ["developer"] });
  const task = await page.client.postTask({ title: "count" });
  const form = { type: "object", properties: { hours: { type: "integer" } }, required: ["hours"] };
  const action = { verb: "repo.push", target: "main", args: [{ name: "n", value: 1 }], effect: "", reversible: true };
  const asks = [
    page.mesh.openRequest({ ...TEST_ASK, allow: ["approve", "edit", "escalate"], action }),
    page.mesh.openRequest({ ...TEST_ASK, allow: ["deny"] }),
    page.mesh.openRequest({ kind: "choice", allow: ["choose"], choices: ["a", "b"] }),
    page.mesh.openRequest({ kind: "form", allow: ["answer"], form }),
  ].map(({ request_id: id }) => `/asks/${id}`);
  await page.client.createInvite({ role: "developer" });
  const { version } = await page.ucxi.client.propose({ title: "Use k=8", summary: "", citations: [] });
  const paths = [
    ...asks,
    `${asks[0]}/approve`,
    `${asks[0]}/edit`,
    "/rooms/hmmm",
    "/forms/question",
    `/tasks/${task.task_id}`,
    "/help",
    "/threads?thread=help/1",
    `/decisions/at?${new URLSearchParams({ address: version.address })}`,
    `/patches/new?${ADDRESS}`,
    `/context/write?${ADDRESS}`,
    "/slurp",
    "/mesh",
    "/mesh/invites",
    "/mesh/members/revoke?member=12D3KooWAgent",
    "/you",
  ];
  const sent = new Set<string>();
  for (const path of paths) {
    const { text } = await browser.get(path);
    for (const { action: to } of wholeForms(text).filter(({ action }) => action !== "/logout")) {
      for (const nonsense of NONSENSE) {
        // anew for each: what was sent before may have done something
        const fresh = wholeForms((await browser.get(path)).text).find((form) => form.action === to);
        if (!fresh) break; // done, and gone
        const filled = Object.fromEntries(fresh.names.map((name) => [name, nonsense]));
        const got = await browser.post(to, { ...filled, ...fresh.hidden });
        const what = `${to}: ${JSON.stringify(nonsense.slice(0, 40))}`;
        sent.add(to);
        assert.ok(got.status < 500, `${what}: ${got.status} ${got.text}`);
        assert.doesNotMatch(got.text, /<script>|<img/, what);
        if (got.status !== 303) assert.match(got.text, /<h1>/, what);
      }
    }
    assert.deepEqual(page.problems, [], path);
  }
  const kinds = new Set([...sent].map((to) => to.replace(/[0-9A-Z]{26}/, "ID")));
  assert.ok(kinds.size >= 26, [...kinds].join(" "));
});

Deno.test("every form is refused without its token, and with that of another form", async () => {
  await using page = createTestPage({ isBasils: true });
  const browser = await page.login();
  await page.ucxi.client.put(PLAN, utf8Encode("one\n"));
  const task = await page.client.postTask({ title: "count" });
  await page.client.createInvite({ role: "developer" });
  const before = page.mesh.entries.length;
  const logout = (await browser.form("/", "/logout")).fields["form"] ?? "";
  const paths = [
    `/tasks/${task.task_id}`,
    "/help",
    "/threads?thread=help/1",
    `/patches/new?${ADDRESS}`,
    `/context/write?${ADDRESS}`,
    "/slurp",
    "/mesh",
    "/mesh/invites",
    "/mesh/members/revoke?member=12D3KooWAgent",
  ];
  for (const path of paths) {
    for (const { action, hidden } of wholeForms((await browser.get(path)).text)) {
      if (action === "/logout") continue;
      const { form: _, ...rest } = hidden;
      assert.equal((await browser.post(action, rest)).status, 409, action);
      assert.equal((await browser.post(action, { ...rest, form: logout })).status, 409, action);
    }
  }
  assert.equal(page.mesh.entries.length, before);
  assert.equal(page.mesh.inviteList.length, 1);
});

Deno.test("what is asked of a page by its address is checked as well", async () => {
  await using page = createTestPage({ isBasils: true });
  const browser = await page.login();
  const places = ["/patches/at", "/patches/new", "/context/write", "/context/at", "/slurp/context", "/slurp/graph"];
  const queries = [...places.map((place) => `${place}?address=`), "/threads?thread=", "/mesh/members/revoke?member="];

  for (const query of [...queries, "/slurp/letters/", "/grants?part=", "/help?x="]) {
    for (const nonsense of NONSENSE) {
      const got = await browser.get(`${query}${encodeURIComponent(nonsense.toWellFormed())}`);
      const what = `${query}${JSON.stringify(nonsense.slice(0, 40))}`;
      assert.ok(got.status < 500, `${what}: ${got.status}`);
      assert.doesNotMatch(got.text, /<script>|<img/, what);
      const shown = got.text.replaceAll(/ value="[^"]*"|<textarea[^>]*>[^<]*/g, "").replaceAll("\n", "");
      assert.ok(isHarmless(shown), `${what}: ${shown}`);
    }
  }
  assert.deepEqual(page.problems, []);
});
