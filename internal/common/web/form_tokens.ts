import { base64UrlEncode, type Clock, type Random } from "@bzzz/base";

/** Forms of one session that may be open at once; one more makes the oldest of no use. */
const MAX_OPEN_FORMS = 512;

/** What became of a form: "used" = sent before, too old, or not of this session. */
export type FormVerdict = "fresh" | "used" | "too_early";

/**
 * One-time tokens of the forms of one session. A form without its token, or with that of another purpose, is refused: this is what
 * stops forged requests (CSRF), a form that is sent twice, and an approval that nobody was shown.
 */
export class FormTokens {
  readonly #deps: { readonly clock: Pick<Clock, "monotonicMs">; readonly random: Random };
  readonly #open = new Map<string, { readonly purpose: string; readonly notBeforeMs: number }>();

  constructor(deps: { readonly clock: Pick<Clock, "monotonicMs">; readonly random: Random }) {
    this.#deps = deps;
  }

  /** A token for one form. `guardMs`: sent earlier than this, the form is refused, because nobody has read it. */
  issue(purpose: string, options: { readonly guardMs?: number } = {}): string {
    const { clock, random } = this.#deps;
    const token = base64UrlEncode(random.bytes(18));
    this.#open.set(token, { purpose, notBeforeMs: clock.monotonicMs() + (options.guardMs ?? 0) });
    if (this.#open.size > MAX_OPEN_FORMS) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) this.#open.delete(oldest);
    }
    return token;
  }

  /** Uses a token up. */
  take(token: string, purpose: string): FormVerdict {
    const form = this.#open.get(token);
    if (form?.purpose !== purpose) return "used";
    this.#open.delete(token);
    return this.#deps.clock.monotonicMs() < form.notBeforeMs ? "too_early" : "fresh";
  }
}
