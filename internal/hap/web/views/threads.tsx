import type { MessageView } from "@bzzz/api";
import { nameOf } from "@bzzz/cli";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import type { Filled } from "../take_form.ts";
import { CheckFields, Problems, TextField } from "./field.tsx";
import type { Moment } from "./request.tsx";
import { At } from "./words.tsx";

/** Of a list of messages, which is sent to every page that shows it whenever something is said: anybody may say as much. */
const MAX_SHOWN_CHARACTERS = 256 * 1024;

/** What was said, the newest at the end. Of much the newest; the very newest whatever its length. */
export function MessageList({ messages, at }: {
  readonly messages: readonly MessageView[];
  readonly at: Moment;
}): Html {
  if (messages.length === 0) return <p class="quiet">Nothing was said.</p>;
  const shown = newestOf(messages);
  return (
    <>
      {shown.length < messages.length && (
        <p class="quiet">
          Older words are left out: bzzz-hap hmmm thread shows them.
        </p>
      )}
      <ol class="list">{shown.map((message) => <Message message={message} at={at} />)}</ol>
    </>
  );
}

function newestOf(messages: readonly MessageView[]): readonly MessageView[] {
  let characters = 0;
  const tooOld = messages.findLastIndex(({ text }, at) =>
    (characters += text.length) > MAX_SHOWN_CHARACTERS && at < messages.length - 1
  );
  return messages.slice(tooOld + 1);
}

function Message({ message, at }: { readonly message: MessageView; readonly at: Moment }): Html {
  const { type, severity, author, text, at_ms: ms } = message;
  return (
    <li>
      <span class="quiet">
        <At ms={ms} format={at.format} />
      </span>{" "}
      <Said text={`${nameOf(author)}, ${severity === undefined ? "" : `${severity} `}${type}:`} />
      <SaidBlock label={type} text={text} />
    </li>
  );
}

/** Says something in a thread. */
export function ThreadForm({ thread, form, filled }: {
  readonly thread: string;
  readonly form: string;
  readonly filled: Filled;
}): Html {
  return (
    <form method="post" action="/threads">
      <input type="hidden" name="form" value={form} />
      <input type="hidden" name="thread" value={thread} />
      <TextField id="words" label="Say something in this thread" filled={filled} rows={3} isNeeded />
      <button type="submit">Say it</button>
    </form>
  );
}

/** Asks agents for help. */
export function HelpPage({ form, known, filled }: {
  readonly form: string;
  /** What agents that are here can do. */
  readonly known: readonly string[];
  readonly filled: Filled;
}): Html {
  return (
    <>
      <Problems filled={filled} />
      <p>
        At most three agents that have all of the capabilities answer, the fittest first, and say when they could begin.
      </p>
      <form method="post" action="/help">
        <input type="hidden" name="form" value={form} />
        <TextField id="words" label="What help is needed" filled={filled} rows={3} isNeeded />
        {known.length === 0 ? "" : (
          <CheckFields
            id="capability"
            label="Who answers has these capabilities"
            filled={filled}
            values={[]}
            options={known.map((value) => ({ value, note: "" }))}
          />
        )}
        <TextField id="others" label="Other capabilities (with commas)" filled={filled} />
        <TextField
          id="minutes"
          label="Minutes after which nobody acts on it"
          filled={filled}
          help="60, unless given."
          inputMode="numeric"
        />
        <button type="submit">Call for help</button>
      </form>
    </>
  );
}
