import type { TimeFormat } from "@bzzz/cli";
import type { Html } from "@bzzz/web";

/** A time, for people and for machines. */
export function At({ ms, format }: { readonly ms: number; readonly format: TimeFormat }): Html {
  const isTime = Math.abs(ms) <= 8.64e15;
  return <time datetime={isTime ? new Date(ms).toISOString() : undefined}>{format.date(ms)}</time>;
}

/** A part that is fetched anew when something of that name changes, and once a minute; without JavaScript it stays as it was. */
export function Live({ name, href, children }: {
  readonly name: string;
  readonly href: string;
  readonly children?: unknown;
}): Html {
  return (
    <div hx-get={href} hx-trigger={`sse:${name}, sse:connection, every 60s`} hx-swap="innerHTML">
      {children as Html}
    </div>
  );
}
