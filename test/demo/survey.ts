/**
 * The program that works for the demo's agents: it counts and hashes the source of this project, and asks a person whether
 * the tests count. It speaks the protocol of the process executor: the task as one JSON line on standard input, JSON lines
 * out. It runs with the right to read one folder and nothing else.
 *
 * @module
 */
import { createHash } from "node:crypto";

const [root = "."] = Deno.args;
const SKIPPED = new Set(["dist", "coverage", "node_modules"]);
const ASK = { id: "tests", title: "Do tests count as source?", choices: ["leave them out", "count them in"] };
const lines = createLineReader(Deno.stdin.readable);

interface SourceFile {
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
  readonly sha256: string;
}

interface Told {
  readonly title?: string;
  readonly choice?: string;
  readonly decision?: string;
}

const task = await lines.next() as { readonly answers?: readonly Told[]; readonly input?: string };
/** Milliseconds that each folder takes: time for somebody to lose the program in the middle of its work. */
const pauseMs = Number(/^pause (\d+)$/.exec(task.input ?? "")?.[1] ?? 0);
const files: SourceFile[] = [];
const folders = await foldersOf(root);
for (const [index, folder] of folders.entries()) {
  await readFolder(folder, files);
  // a program of its own, without our packages
  // deno-lint-ignore bzzz/no-hidden-effects
  if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  say({
    type: "progress",
    percent: (index + 1) / folders.length * 80,
    text: `${folder}: ${files.length} files so far`,
  });
}
const isTest = (file: SourceFile): boolean => file.path.startsWith("test/") || /_test\.ts$/.test(file.path);
const tests = files.filter(isTest).length;
const answer = await ask(`${tests} of the ${files.length} files are tests.`);
const counted = answer === "leave them out" ? files.filter((file) => !isTest(file)) : files;
say({ type: "progress", percent: 90, text: `counting ${counted.length} files` });
const sum = (of: (file: SourceFile) => number): number => counted.reduce((total, file) => total + of(file), 0);
const fingerprint = createHash("sha256");
for (const file of counted) fingerprint.update(`${file.sha256}  ${file.path}\n`);
const digest = fingerprint.digest("hex");
say({
  type: "result",
  summary: `${counted.length} files, ${sum((file) => file.lines)} lines, SHA-256 ${digest.slice(0, 16)}…`,
  output: [
    ...folders.map((folder) => rowOf(folder, counted.filter((file) => file.path.startsWith(`${folder}/`)))),
    rowOf("all", counted),
    `sha256 ${digest}`,
  ].filter((row) => row !== "").join("\n"),
});

/** An answer of an earlier run of this task is taken; nobody is asked twice. */
async function ask(body: string): Promise<string | undefined> {
  if (pauseMs > 0) return "leave them out"; // whoever wants it slow wants no questions
  const known = task.answers?.find((told) => told.title === ASK.title);
  if (known) return known.choice;
  say({ type: "ask", ...ASK, body });
  return ((await lines.next()) as Told).choice;
}

function rowOf(name: string, of: readonly SourceFile[]): string {
  if (of.length === 0) return "";
  const total = (pick: (file: SourceFile) => number): string => String(of.reduce((sum, file) => sum + pick(file), 0));
  return `${name.padEnd(12)}${String(of.length).padStart(5)} files${total((file) => file.lines).padStart(8)} lines${
    total((file) => file.bytes).padStart(10)
  } bytes`;
}

async function foldersOf(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory && !entry.name.startsWith(".") && !SKIPPED.has(entry.name)) names.push(entry.name);
  }
  return names.sort();
}

async function readFolder(folder: string, into: SourceFile[]): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(`${root}/${folder}`));
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory && !entry.name.startsWith(".")) await readFolder(path, into);
    if (entry.isFile && !entry.name.startsWith(".")) into.push(await readSource(path));
  }
}

async function readSource(path: string): Promise<SourceFile> {
  const content = await Deno.readFile(`${root}/${path}`);
  return {
    path,
    bytes: content.length,
    lines: content.reduce((count, byte) => byte === 0x0a ? count + 1 : count, 0),
    sha256: createHash("sha256").update(content).digest("hex"),
  };
}

function say(message: Readonly<Record<string, unknown>>): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
}

/** JSON lines, one after the other; the end of the input is the end of the program. */
function createLineReader(stream: ReadableStream<Uint8Array>): { next(): Promise<unknown> } {
  const reader = stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = "";
  return {
    async next() {
      while (!rest.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("The input ended before it was complete");
        rest += value;
      }
      const line = rest.slice(0, rest.indexOf("\n"));
      rest = rest.slice(line.length + 1);
      return JSON.parse(line);
    },
  };
}
