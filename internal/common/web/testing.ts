/**
 * A browser without a window, for tests of pages.
 *
 * @module
 */

/** What a browser got. */
export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A form of a page, ready to be sent. */
export interface TestForm {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Keeps the cookie and sends what a browser sends; follows no redirects, runs no scripts. */
export class TestBrowser {
  cookie = "";
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #origin: string;

  constructor(fetch: (request: Request) => Promise<Response>, origin = "http://127.0.0.1:8093") {
    this.#fetch = fetch;
    this.#origin = origin;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Got> {
    return await this.#send(new Request(`${this.#origin}${path}`, { headers: this.#headers(headers) }));
  }

  async post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Got> {
    return await this.#send(
      new Request(`${this.#origin}${path}`, {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: this.#headers({ origin: this.#origin, "sec-fetch-site": "same-origin", ...headers }),
      }),
    );
  }

  /** The form of the page at `path` that is sent to `action`, with the hidden fields it has. */
  async form(path: string, action: string): Promise<TestForm> {
    const { text } = await this.get(path);
    const found = formsOf(text).find((form) => form.action === action);
    if (found) return found;
    throw new Error(`No form to ${action} on ${path}: ${formsOf(text).map((form) => form.action).join(", ")}`);
  }

  #headers(more: Readonly<Record<string, string>>): Headers {
    return new Headers({ host: new URL(this.#origin).host, ...(this.cookie ? { cookie: this.cookie } : {}), ...more });
  }

  async #send(request: Request): Promise<Got> {
    const response = await this.#fetch(request);
    const cookie = response.headers.get("set-cookie");
    if (cookie) this.cookie = cookie.split(";")[0] ?? "";
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
}

/** The forms of a page with their hidden fields. */
export function formsOf(text: string): TestForm[] {
  return [...text.matchAll(/<form method="post" action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].map((
    [, action = "", inner = ""],
  ) => ({
    action,
    fields: Object.fromEntries(
      [...inner.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
        .map(([, name = "", value = ""]) => [name, value]),
    ),
  }));
}
