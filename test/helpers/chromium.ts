/**
 * A headless Chromium over its DevTools protocol: pages as a person's browser shows them.
 *
 * @module
 */
import { waitFor } from "@bzzz/base/testing";
import { PATIENCE_MS } from "./patience.ts";

const NAMES = ["chromium-headless-shell", "chromium", "google-chrome"] as const;

/** Pixels of a phone that is held upright. */
const PHONE_WIDTH = 390;

/** The browser of this machine; undefined where there is none. */
export async function findChromium(): Promise<string | undefined> {
  for (const name of NAMES) {
    try {
      const { success } = await new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" })
        .output();
      if (success) return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** One tab, of a phone's width unless told. `await using` ends the browser. */
export class ChromiumTab implements AsyncDisposable {
  /** What the browser complained about: refused scripts and styles, errors of scripts, failed requests. */
  readonly complaints: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  #session = "";
  #width = PHONE_WIDTH;
  #lastId = 0;
  #seen = "";

  private constructor(child: Deno.ChildProcess, folder: string, socket: WebSocket) {
    this.#child = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)) as Answer); // the protocol's own messages
  }

  /** Starts a browser with a profile of its own. `hasScripts: false` is a browser with JavaScript off. */
  static async open(program: string, options: { readonly hasScripts: boolean }): Promise<ChromiumTab> {
    const folder = await Deno.makeTempDir({ prefix: "bzzz-chromium-" });
    const child = new Deno.Command(program, {
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--remote-debugging-port=0",
        `--user-data-dir=${folder}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const address = await waitFor(async () => {
      const text = await Deno.readTextFile(`${folder}/DevToolsActivePort`).catch(() => "");
      const [port, path] = text.split("\n");
      return port && path && `ws://127.0.0.1:${port}${path}`;
    }, { timeoutMs: PATIENCE_MS, what: "the browser" });
    const socket = new WebSocket(address);
    const tab = new ChromiumTab(child, folder, socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error("The browser does not answer"));
    });
    const { targetId } = await tab.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await tab.call("Target.attachToTarget", { targetId, flatten: true });
    tab.#session = String(sessionId);
    for (const domain of ["Page", "Runtime", "Log"]) await tab.call(`${domain}.enable`);
    await tab.call("Emulation.setScriptExecutionDisabled", { value: !options.hasScripts });
    await tab.resize(PHONE_WIDTH);
    return tab;
  }

  /** Makes the window so many pixels wide. */
  async resize(width: number): Promise<void> {
    this.#width = width;
    const mobile = width <= PHONE_WIDTH;
    await this.call("Emulation.setDeviceMetricsOverride", { width, height: 844, deviceScaleFactor: 1, mobile });
  }

  /** Goes to an address. */
  async go(url: string): Promise<void> {
    const { errorText } = await this.call("Page.navigate", { url });
    if (errorText) throw new Error(`Cannot open the page: ${errorText}`);
  }

  /** What an expression is in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(`The page failed: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value?: unknown }).value; // as the protocol describes it
  }

  /** Waits until the page shows the text. */
  async shows(text: string): Promise<void> {
    await waitFor(async () => (await this.text()).includes(text), {
      timeoutMs: PATIENCE_MS,
      what: JSON.stringify(text),
      state: () => `${this.#seen}\n${this.complaints.join("\n")}`,
    });
  }

  /** What a person reads. */
  async text(): Promise<string> {
    this.#seen = String(await this.evaluate("document.body?.innerText ?? ''"));
    return this.#seen;
  }

  /** Clicks the first link, button or label with that text. */
  async click(text: string): Promise<void> {
    const found = `[...document.querySelectorAll("a, button, label")].find((one) => one.innerText.includes(${
      JSON.stringify(text)
    }))`;
    await this.#clickOn(found, text);
  }

  /** Clicks what a selector names. */
  async press(selector: string): Promise<void> {
    await this.#clickOn(`document.querySelector(${JSON.stringify(selector)})`, selector);
  }

  async #clickOn(found: string, what: string): Promise<void> {
    const point = await this.evaluate(`(() => {
      const found = ${found};
      if (!found) return null;
      found.scrollIntoView({ block: "center" });
      const { x, y, width, height } = found.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    })()`) as { x: number; y: number } | null; // as the expression returns it
    if (!point) throw new Error(`Nothing to click is "${what}":\n${await this.text()}`);
    const mouse = { ...point, button: "left", clickCount: 1 };
    await this.call("Input.dispatchMouseEvent", { type: "mousePressed", ...mouse });
    await this.call("Input.dispatchMouseEvent", { type: "mouseReleased", ...mouse });
  }

  /** Types into the field with that id. */
  async type(id: string, text: string): Promise<void> {
    await this.evaluate(`document.getElementById(${JSON.stringify(id)}).focus()`);
    await this.call("Input.insertText", { text });
  }

  /** The whole page as a picture, at most `maxHeight` pixels of it. */
  async picture(path: string, maxHeight = 1_200): Promise<void> {
    const height = Math.min(maxHeight, Number(await this.evaluate("document.documentElement.scrollHeight")));
    const clip = { x: 0, y: 0, width: this.#width, height, scale: 1 };
    const { data } = await this.call("Page.captureScreenshot", { format: "png", clip, captureBeyondViewport: true });
    await Deno.writeFile(path, Uint8Array.fromBase64(String(data)));
  }

  /** One call of the protocol. */
  async call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Record<string, unknown>>();
    this.#calls.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params, ...(this.#session ? { sessionId: this.#session } : {}) }));
    return await answer.promise;
  }

  #take({ id, method, params, result, error }: Answer): void {
    if (id !== undefined) {
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      if (error) call?.reject(new Error(error.message));
      else call?.resolve(result ?? {});
    } else if (method === "Log.entryAdded" || method === "Runtime.exceptionThrown") {
      this.complaints.push(JSON.stringify(params));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.onclose = () => resolve());
    this.#session = "";
    // By the protocol: what was started may be a script, and a signal to that leaves the browser.
    await this.call("Browser.close");
    this.#socket.close();
    await closed;
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}
