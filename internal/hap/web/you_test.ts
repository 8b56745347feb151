import assert from "node:assert/strict";
import { createTestPage } from "./testing.ts";

Deno.test("you: whether one is there is said with a button", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { fields } = await browser.form("/you", "/you/presence");

  assert.equal((await browser.post("/you/presence", { ...fields, person: "gone" })).status, 422);
  const form = await browser.form("/you", "/you/presence");
  assert.equal((await browser.post("/you/presence", { ...form.fields, person: "away" })).status, 303);

  assert.equal(page.mesh.person, "away");
  assert.match((await browser.get("/you?done=presence")).text, /Everybody knows now.*Others see: away/s);
  assert.equal((await browser.post("/you/presence", { ...form.fields, person: "here" })).status, 409);
});

Deno.test("you: the key is opened with its passphrase, which comes back nowhere, and locked", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  assert.match((await browser.get("/you")).text, /Your key is not locked: it has no passphrase/);
  await page.mesh.identity.lock();
  const send = async (more: Record<string, string>) => {
    const { fields } = await browser.form("/you", "/you/key");
    return await browser.post("/you/key", { ...fields, ...more });
  };

  const wrong = await send({ act: "unlock", passphrase: "wrong horse" });
  assert.match(wrong.text, /the passphrase is wrong/);
  assert.doesNotMatch(wrong.text, /wrong horse/);
  assert.equal((await send({ act: "unlock", passphrase: "" })).status, 422);
  assert.equal((await send({ act: "unlock", passphrase: "correct horse" })).status, 303);
  assert.match((await browser.get("/you")).text, /Your key is open for/);
  assert.equal((await send({ act: "lock" })).status, 303);
  assert.match((await browser.get("/you")).text, /Your key is locked/);
});

Deno.test("you: an admin admits whose words they heard; the words have to be right", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const send = async (words: string) => {
    const { fields } = await browser.form("/you", "/you/admit");
    return await browser.post("/you/admit", { ...fields, portal: "@ana", words });
  };

  assert.match((await browser.get("/you")).text, /<th scope="row"><bdi>ana<\/bdi><\/th><td>announced<\/td><td>babab/);
  assert.match((await send("one two three four five six")).text, /Cannot admit the person of/);
  assert.equal((await send("babab babab babab babab babab babab")).status, 303);
  assert.deepEqual(page.mesh.identity.done, ["admit ana"]);
});

Deno.test("you: who only looks sees it, and can do nothing", async () => {
  await using page = createTestPage({ isObserver: true });
  const browser = await page.login();

  const { status, text } = await browser.get("/you");

  assert.equal(status, 200);
  assert.match(text, /This node/);
  assert.doesNotMatch(text, /action="\/you/);
});
