import type { ApiClient } from "@bzzz/api";
import { errorMessage } from "@bzzz/base";
import { sanitiseLine } from "@bzzz/cli";
import type { Outgoing } from "../forms/outgoing.ts";
import { sendOutgoing } from "../forms/send_outgoing.ts";
import { findTemplate, type TemplateLibrary } from "../forms/template_commands.ts";
import type { ScreenEvent } from "./core/events.ts";

/** The hands of the forms of the screen: reads templates where they are, and sends what was filled in. */
export class FormDesk {
  readonly #deps: {
    readonly client: ApiClient;
    readonly templates: TemplateLibrary;
    readonly tell: (event: ScreenEvent) => void;
    readonly signal: AbortSignal;
  };

  /** `tell` hears what came of each call; after `signal` nothing is sent. */
  constructor(
    deps: { client: ApiClient; templates: TemplateLibrary; tell: (event: ScreenEvent) => void; signal: AbortSignal },
  ) {
    this.#deps = deps;
  }

  /** Which templates there are. */
  async list(): Promise<void> {
    const { templates, tell } = this.#deps;
    const { entries } = await templates.read();
    const items = [...entries.values()].map(({ value: { id, title } }) => ({ id, title: sanitiseLine(title, 80) }));
    tell({ type: "templates", items });
  }

  /** One template, read now. A mistake in its file is told whole. */
  async open(id: string): Promise<void> {
    const { templates, tell } = this.#deps;
    try {
      tell({ type: "form_opened", template: await findTemplate(templates, id) });
    } catch (error) {
      tell({ type: "output", text: errorMessage(error), isTalk: true });
      tell({ type: "hint", text: errorMessage(error) });
    }
  }

  /** Sends it; a refusal of the node is told to its box. */
  async send({ template, outgoing }: { readonly template: string; readonly outgoing: Outgoing }): Promise<void> {
    const { client, signal, tell } = this.#deps;
    try {
      const { what, shortId } = await sendOutgoing(outgoing, { client, signal });
      tell({ type: "form_sent", template, said: `Sent as ${what} ${sanitiseLine(shortId)}` });
    } catch (error) {
      tell({ type: "form_not_sent", template, problem: errorMessage(error) });
    }
  }
}
