import { isIP } from "node:net";
import { z } from "zod";
import {
  choice,
  lineRule,
  mapList,
  NAME_RULE,
  optionalText,
  text,
  type TextRule,
  toggle,
  wholeNumber,
} from "./fields.ts";
import { section } from "./members.ts";

/** An address of a server: no credentials in it, they would be shown with the configuration. */
export const URL_RULE: TextRule = {
  isValid: (value) => {
    const url = URL.parse(value);
    return url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.hash === "" &&
      url.username === "" && url.password === "" && value.length <= 2_048 && !/[\s\p{Cc}]/u.test(value);
  },
  expected: "an address that begins with http:// or https://, without a user, a password or a fragment",
  hint: (value) => /^[a-z0-9.-]+:\d+/.test(value) ? `write http://${value}` : undefined,
};

/** The address of an API: what a request asks for is put behind it. */
const BASE_URL_RULE: TextRule = {
  isValid: (value) => URL_RULE.isValid(value) && URL.parse(value)?.search === "",
  expected: `${URL_RULE.expected}, and without a query`,
  ...(URL_RULE.hint ? { hint: URL_RULE.hint } : {}),
};

const MODEL_RULE = lineRule(128, "the name of a model");
const MAX_PRICE = 1_000_000_000_000;

const price = () =>
  z.int({ error: "a whole number" }).min(0, { error: "a whole number, at least 0" })
    .max(MAX_PRICE, { error: `a whole number, at most ${MAX_PRICE}` }).default(0);

function buildModelSection() {
  return section({
    url: text(
      "http://127.0.0.1:11434/v1",
      BASE_URL_RULE,
      "Address of the server's API. The default is that of Ollama on this machine; of others with api openai it ends in /v1, too. For api anthropic it is what stands before /v1, such as https://api.anthropic.com.",
    ),
    api: choice(
      ["openai", "anthropic"],
      "openai",
      "What the server speaks: openai for Ollama, vLLM, llama.cpp, OpenAI and most others, anthropic for Anthropic.",
    ),
    token_file: optionalText(
      lineRule(1024, "a path"),
      "File with the token of the server, mode 0600; relative to the data directory, which is all that the built program may read. Read for each request. Left out: none is sent.",
    ),
    allow_plain_http: toggle(
      false,
      [true, false],
      "Let url and choice_url be http:// also when they are neither loopback nor a private address: everybody on the way reads tasks and token then.",
    ),
    models: mapList(
      () => ({
        name: z.string({ error: MODEL_RULE.expected }).refine(MODEL_RULE.isValid, { error: MODEL_RULE.expected }),
        capabilities: z.array(
          z.string({ error: NAME_RULE.expected }).refine(NAME_RULE.isValid, { error: NAME_RULE.expected }),
          { error: "a list of capabilities" },
        ).max(32, { error: "at most 32 capabilities" }).default([]),
        input_price: price(),
        output_price: price(),
      }),
      {
        max: 32,
        members: ["name", "capabilities", "input_price", "output_price"],
        expected: "a list of at most 32 maps with name, and capabilities, input_price and output_price if need be",
        identifiedBy: "name",
      },
      "Models to use, the preferred one first; those that the server does not have are passed over. One with capabilities comes before all others for tasks that require one of them, and after them for other tasks. Prices are millionths of money for a million tokens, and count against the money budget of a task. As a variable or a flag: JSON.",
    ),
    choice_url: optionalText(
      URL_RULE,
      "Address that is asked for the model of each piece of work: it gets the models in the order of preference and the task's title and required capabilities, and answers with one of them. Left out, or without a usable answer in time: the order decides.",
    ),
    choice_timeout_seconds: wholeNumber(
      5,
      { min: 1, max: 60, unit: "seconds" },
      "Time choice_url may take for an answer.",
    ),
    detect_seconds: wholeNumber(
      60,
      { min: 5, max: 3_600, unit: "seconds" },
      "Time between two looks at which models the server has; what is found is told to others in the presence.",
    ),
    timeout_seconds: wholeNumber(
      300,
      { min: 1, max: 3_600, unit: "seconds" },
      "Time a model may take for one answer, to its last byte; then the try fails. Waiting for people is not part of it.",
    ),
    max_output_tokens: wholeNumber(
      4_096,
      { min: 64, max: 1_000_000, unit: "tokens" },
      "Tokens of one answer, and no more than a task's budget has left.",
    ),
    max_turns: wholeNumber(
      20,
      { min: 1, max: 200, unit: "answers" },
      "Answers of a model in one run of a task; more, and the try fails.",
    ),
    read_context: toggle(
      false,
      [true, false],
      "Let the model read context at UCXL addresses for a task, as far as this node and everybody who posted it may read it. What it reads goes to the server of models, and may come back in a result that every member reads.",
    ),
  });
}

type ModelSection = ReturnType<typeof buildModelSection>;

/** `executor.model`: which server of models, which of its models, and how much of them. */
export function modelSection(): ModelSection {
  return buildModelSection();
}

/** Loopback, private (RFC 1918, RFC 4193), link-local and carrier-grade addresses: their traffic stays near. */
const NEAR = [
  /^127\./,
  /^10\./,
  /^192\.168\./,
  /^172\.(1[6-9]|2\d|3[01])\./,
  /^169\.254\./,
  /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^::1$/,
  /^f[cd][0-9a-f]{2}:/,
  /^fe[89ab][0-9a-f]:/,
];

/** Whether an address may be spoken to in the clear: https, loopback or a private address. Names are resolved elsewhere. */
export function isSafeUrl(value: string): boolean {
  const { protocol, hostname } = new URL(value);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if (protocol === "https:" || host === "localhost") return true;
  return isIP(host) !== 0 && NEAR.some((range) => range.test(host));
}
