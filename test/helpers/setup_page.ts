/**
 * The setup page of a built program, and a browser without a window that is logged in to it.
 *
 * @module
 */
import { waitFor } from "@bzzz/base/testing";
import { type Got, TestBrowser } from "@bzzz/web/testing";
import { PATIENCE_MS } from "./patience.ts";
import { type Finished, ISOLATED, type Program, programEnvironment, programPath } from "./programs.ts";

/** Logs in with the link. */
export async function browse(link: string): Promise<TestBrowser> {
  const { origin, pathname, search } = new URL(link);
  const browser = new TestBrowser(
    (request) => fetch(new Request(request, { redirect: "manual", signal: AbortSignal.timeout(60_000) })),
    origin,
  );
  const { status } = await browser.get(pathname + search);
  if (status !== 303) throw new Error(`Cannot log in to the setup: ${status}`);
  return browser;
}

/** Fills the form of `path` in and sends it. */
export async function fillIn(browser: TestBrowser, path: string, fields: Record<string, string>): Promise<Got> {
  const form = await browser.form(path, path);
  return await browser.post(form.action, { ...form.fields, ...fields });
}

/** `setup --page` without a terminal; whoever opens it waits for `finished`. */
export interface SetupProcess {
  readonly browser: TestBrowser;
  readonly link: string;
  readonly finished: Promise<Finished>;
  kill(signal: Deno.Signal): void;
}

/** Starts it and logs in. */
export async function openSetup(program: Program, home: string): Promise<SetupProcess> {
  const child = new Deno.Command(programPath(program), {
    args: ["setup", "--page", "--home", home],
    env: { ...programEnvironment(), ...ISOLATED, BZZZ_PORTS_ADMIN_UI_PORT: "0" },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const finished = child.output().then(({ code, stdout, stderr }) => ({
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  }));
  try {
    const read = () => Deno.readTextFile(`${home}/run/page.url`).catch(() => "");
    const link = (await waitFor(read, { timeoutMs: PATIENCE_MS, what: "the link to the setup" })).trim();
    return { browser: await browse(link), link, finished, kill: (signal) => child.kill(signal) };
  } catch (error) {
    child.kill("SIGKILL");
    await finished;
    throw error;
  }
}
