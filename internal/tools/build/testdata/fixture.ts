/** A program as small as a program can be, for the tests of the build: it shows what it was handed. */
const VERSION = "@BZZZ_VERSION@";
const [verb, path = ""] = Deno.args;

function probe(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return error instanceof Error ? error.name : "unknown";
  }
}

const answers: Record<string, () => unknown> = {
  "--version": () => `fixture ${VERSION}`,
  read: () => Deno.readTextFileSync(path),
  validate: () => Deno.readTextFileSync(path),
  write: () => Deno.writeTextFileSync(path, "written"),
  env: () => Deno.env.get(path),
  spawn: () => new Deno.Command("true").outputSync().code,
  sys: () => typeof Deno.networkInterfaces(),
  net: () => Deno.permissions.querySync({ name: "net", host: path }).state,
  status: () => (Deno.exitCode = 7),
};
const action = answers[verb ?? ""] ?? (() => "unknown verb");
Deno.stdout.writeSync(new TextEncoder().encode(`${probe(action)}\n`));
