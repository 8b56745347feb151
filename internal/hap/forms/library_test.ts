import assert from "node:assert/strict";
import { formatIssues } from "@bzzz/config";
import { MAX_FILE_BYTES } from "./yaml_folder.ts";
import { createLibraries } from "../libraries.ts";
import { newTemplate } from "./new_template.ts";

const OWN = `id: status
title: My status
send: { kind: message }
fields: [{ name: words, required: true }]
body: "{{words}}"
`;

function createTemplateLibrary(templates: string) {
  return createLibraries({ templates, prompts: "/nowhere" }).templates;
}

class Folder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<Folder> {
    return new Folder(await Deno.makeTempDir({ prefix: "bzzz-templates-" }));
  }

  write(name: string, text: string): Promise<void> {
    return Deno.writeTextFile(`${this.path}/${name}`, text);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.path, { recursive: true });
  }
}

Deno.test("a template of the folder takes the place of a built-in one, and a change counts at the next look", async () => {
  await using folder = await Folder.create();
  const library = createTemplateLibrary(folder.path);
  const title = async () => (await library.read()).entries.get("status")?.value.title;

  assert.equal(await title(), "Tell the status");
  await folder.write("status.yaml", OWN);
  assert.equal(await title(), "My status");
  await folder.write("status.yaml", OWN.replace("My status", "Ours"));
  assert.equal(await title(), "Ours");
  await Deno.remove(`${folder.path}/status.yaml`);
  assert.equal(await title(), "Tell the status");
});

Deno.test("a file that cannot be used is told and hides the built-in one: nothing else is sent in its place", async () => {
  await using folder = await Folder.create();
  await folder.write("status.yaml", OWN.replace("{{words}}", "{{word}}"));
  await folder.write("other.yaml", OWN);
  await folder.write("large.yaml", "#".repeat(MAX_FILE_BYTES + 1));
  await folder.write("note.yaml", OWN.replace("id: status", "id: note"));
  await folder.write("note.yml", OWN.replace("id: status", "id: note"));
  await folder.write("README.md", "no template");

  const { entries, broken } = await createTemplateLibrary(folder.path).read();

  assert.equal(entries.has("status"), false);
  const told = Object.fromEntries([...broken].map(([id, issues]) => [id, formatIssues(issues)]));
  assert.deepEqual(Object.keys(told).sort(), ["large", "note", "other", "status"]);
  assert.match(told["status"] ?? "", /status\.yaml:5:\d+.*\{\{word\}\}/s);
  assert.match(told["other"] ?? "", /the id "status".*the id "other"/s);
  assert.match(told["large"] ?? "", /65537 bytes/);
  assert.match(told["note"] ?? "", /a second file of this id/);
});

Deno.test("a folder that is not there is told, and the built-in templates are there", async () => {
  await using folder = await Folder.create();

  const { entries, notes } = await createTemplateLibrary(`${folder.path}/none`).read();

  assert.ok(entries.size >= 8);
  assert.match(notes.join(), /no folder/);
});

Deno.test("a new template is a valid copy under its own id, and nothing is replaced", async () => {
  await using folder = await Folder.create();
  const path = `${folder.path}/templates`;

  const file = await newTemplate(path, "weekly", "status");

  const { entries, broken } = await createTemplateLibrary(path).read();
  assert.deepEqual([entries.get("weekly")?.origin, broken.size], [file, 0]);
  await assert.rejects(newTemplate(path, "weekly", "status"), /it is there already/);
  await assert.rejects(newTemplate(path, "Weekly", "status"), /a name of a-z/);
  await assert.rejects(newTemplate(path, "monthly", "nothing"), /the built-in templates are/);
});

Deno.test("what is no file is told, and never waited for", async () => {
  await using folder = await Folder.create();
  const made = await new Deno.Command("mkfifo", { args: [`${folder.path}/pipe.yaml`] }).output();
  assert.ok(made.success);

  const { broken, entries } = await createTemplateLibrary(folder.path).read();

  assert.match(formatIssues(broken.get("pipe") ?? []), /it is no file/);
  assert.ok(entries.has("status"));
});
