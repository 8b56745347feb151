import { MAX_TEXT_CHARACTERS } from "@bzzz/wire";
import type { PlanEntry, SessionUpdate } from "./protocol.ts";
import { wordsOf } from "./words.ts";

const MAX_SUMMARY_CHARACTERS = 300;

/** Characters that are kept, with room for the word on what was cut. */
const KEPT_CHARACTERS = MAX_TEXT_CHARACTERS - 64;

/** What the program says, as messages; of too much the end is kept. */
export class Transcript {
  #text = "";
  #dropped = 0;
  /** Where the last message begins, counted with what was dropped. */
  #messageAt = 0;
  #messageId: string | null | undefined;
  #isOpen = false;

  /** A piece of a message. */
  add({ content, messageId }: Extract<SessionUpdate, { sessionUpdate: "agent_message_chunk" }>): void {
    if (!this.#isOpen || (messageId !== undefined && messageId !== this.#messageId)) this.#begin(messageId);
    this.#text += content.text ?? content.uri ?? `[${content.type}]`;
    // not at every piece: each cut copies what is kept
    if (this.#text.length > 2 * MAX_TEXT_CHARACTERS) this.#cut();
  }

  /** What comes next is another message: a tool was called, or a turn ended. */
  endMessage(): void {
    this.#isOpen = false;
  }

  /** The first line of the last message, and all messages. */
  result(): { readonly summary: string; readonly output: string } {
    this.#cut();
    const message = this.#text.slice(Math.max(0, this.#messageAt - this.#dropped));
    const first = message.split("\n").map((line) => wordsOf(line, MAX_SUMMARY_CHARACTERS)).find((line) => line !== "");
    const mark = this.#dropped === 0 ? "" : `[cut: ${this.#dropped} characters before this]\n`;
    return {
      summary: first ?? "ended without a word",
      output: mark + this.#text,
    };
  }

  #begin(messageId: string | null | undefined): void {
    if (this.#text !== "") this.#text += "\n\n";
    this.#messageAt = this.#dropped + this.#text.length;
    this.#messageId = messageId;
    this.#isOpen = true;
  }

  #cut(): void {
    const tooMany = this.#text.length - KEPT_CHARACTERS;
    if (tooMany <= 0) return;
    this.#text = this.#text.slice(tooMany);
    this.#dropped += tooMany;
  }
}

/** What people are told of a plan: how much of it is done, and what it is at. */
export function planProgress(
  entries: readonly PlanEntry[],
): { readonly percent: number; readonly text: string } | undefined {
  if (entries.length === 0) return undefined;
  const done = entries.filter(({ status }) => status === "completed").length;
  const current = entries.find(({ status }) => status === "in_progress") ??
    entries.find(({ status }) => status === "pending");
  const at = current ? `: ${wordsOf(current.content, 500)}` : "";
  return { percent: Math.round(100 * done / entries.length), text: `${done} of ${entries.length} steps done${at}` };
}
