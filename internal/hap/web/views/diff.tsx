import { sanitiseLine } from "@bzzz/cli";
import type { DiffView } from "@bzzz/ucxi";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import type { Moment } from "./request.tsx";
import { At } from "./words.tsx";
import { versionHref } from "./hrefs.ts";

/** As `diff -u` says it. */
const NO_LINE_BREAK = "\n\\ No newline at end of file\n";
const SIGNS = { same: " ", removed: "-", added: "+" } as const;

/** What changed between two versions. A sign stands before each line: its colour alone says nothing. */
export function DiffPage({ diff, address, at }: {
  readonly diff: DiffView;
  readonly address: string;
  readonly at: Moment;
}): Html {
  return (
    <>
      <p>
        <Said text={address} />
      </p>
      <p>
        From <a href={versionHref(address, diff.before.n)}>version {diff.before.n}</a>,{" "}
        <At ms={diff.before.written_at_ms} format={at.format} />, to{" "}
        <a href={versionHref(address, diff.after.n)}>version {diff.after.n}</a>,{" "}
        <At ms={diff.after.written_at_ms} format={at.format} />
      </p>
      {diff.is_equal ? <p>They are equal.</p> : ""}
      <Changes changed={diff} />
      <p>
        <a href={versionHref(address)}>Back to the latest version</a>
      </p>
    </>
  );
}

/** What changed, line by line or place by place. */
export function Changes({ changed }: { readonly changed: Pick<DiffView, "lines" | "changes"> }): Html {
  return (
    <>
      {(changed.lines ?? []).map((hunk) => (
        <pre class="diff" tabindex={0} role="region" aria-label={`Lines from ${hunk.after_line}`}>
          {hunk.lines.map((line) => (
            <>
              <span class={line.type}>{`${SIGNS[line.type]} ${sanitiseLineKeepingIndent(line.text)}`}</span>
              {line.text.endsWith("\n") ? "\n" : NO_LINE_BREAK}
            </>
          ))}
        </pre>
      ))}
      {(changed.changes ?? []).length === 0 ? "" : (
        <ul class="list">
          {(changed.changes ?? []).map((change) => (
            <li>
              {change.type} <Said text={change.path === "" ? "(the whole)" : change.path} />
              {change.type === "added" ? "" : <SaidBlock label="Before" text={JSON.stringify(change.before) ?? ""} />}
              {change.type === "removed" ? "" : <SaidBlock label="After" text={JSON.stringify(change.after) ?? ""} />}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function sanitiseLineKeepingIndent(text: string): string {
  const indent = /^[ \t]{0,200}/.exec(text)?.[0].replaceAll("\t", "    ") ?? "";
  return indent + sanitiseLine(text);
}
