import { STYLE } from "./assets.ts";
import type { Html } from "./words.tsx";

/** A whole document: what every page has, with what a page adds to its head and to the attributes of its body. */
export function Document({ title, head, body, children }: {
  readonly title: string;
  readonly head?: unknown;
  readonly body?: Readonly<Record<string, string>>;
  readonly children?: unknown;
}): Html {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <link rel="stylesheet" href={STYLE.path} />
        {head as Html}
      </head>
      <body {...body}>
        <a class="skip" href="#main">To the content</a>
        {children as Html}
      </body>
    </html>
  );
}

/** A page without places to go to: a login, a failure, a step of the setup. */
export function PlainPage({ title, children }: { readonly title: string; readonly children?: unknown }): Html {
  return (
    <Document title={`${title} · BZZZ`}>
      <main id="main">
        <h1>{title}</h1>
        {children as Html}
      </main>
    </Document>
  );
}

/** What somebody sees who is not logged in; `hint` says how to get a link. */
export function LoginPage({ isStale, hint }: { readonly isStale: boolean; readonly hint: string }): Html {
  return (
    <PlainPage title="Log in">
      {isStale
        ? <p class="problem" role="alert">This login link was used before, or it has expired.</p>
        : <p>This page is for the person of this node.</p>}
      <p>{hint}</p>
    </PlainPage>
  );
}

/** A page about something that went wrong, for somebody who is not logged in or whose node does not answer; `back` names "/". */
export function FailurePage({ message, back }: { readonly message: string; readonly back: string }): Html {
  return (
    <PlainPage title="That did not work">
      <p class="problem" role="alert">{message}</p>
      <p>
        <a href="/">{back}</a>
      </p>
    </PlainPage>
  );
}

/** HTML as an answer. */
export function html(node: Html, status = 200): Response {
  return new Response(`<!doctype html>${node}`, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}
