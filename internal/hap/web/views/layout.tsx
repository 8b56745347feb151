import { ASSETS } from "../assets.ts";
import { Document, type Html, Said } from "@bzzz/web";
import { Live } from "./words.tsx";

/** The places of the page, in their order. */
export const SECTIONS = [
  { href: "/", name: "Inbox" },
  { href: "/rooms", name: "Rooms" },
  { href: "/forms", name: "Forms" },
  { href: "/tasks", name: "Tasks" },
  { href: "/peers", name: "Peers" },
  { href: "/decisions", name: "Decisions" },
  { href: "/patches", name: "Patches" },
  { href: "/context", name: "Context" },
  { href: "/mesh", name: "Mesh" },
  { href: "/you", name: "You" },
] as const;
/** The name of a place. */
export type Section = (typeof SECTIONS)[number]["name"];

/** What stands above every page. */
export interface Heading {
  readonly me: string;
  readonly mesh: string;
  readonly leader: string;
  readonly waiting: number;
  readonly isObserver: boolean;
  /** Of the form that logs out. */
  readonly logoutToken: string;
}

/** htmx without what our content security policy forbids, and without keeping pages in the browser's storage. */
const HTMX_CONFIG = JSON.stringify({
  includeIndicatorStyles: false,
  allowEval: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
});

/** A whole page. */
export function Page({ title, section, heading, children }: {
  readonly title: string;
  readonly section: Section | undefined;
  readonly heading: Heading;
  readonly children?: unknown;
}): Html {
  return (
    <Document
      title={`${title} · ${heading.mesh} · BZZZ`}
      head={
        <>
          <meta name="htmx-config" content={HTMX_CONFIG} />
          <script src={ASSETS.htmx.path} defer></script>
          <script src={ASSETS.sse.path} defer></script>
        </>
      }
      body={{ "hx-ext": "sse", "sse-connect": "/live" }}
    >
      <header>
        <p>
          <Said text={heading.me} /> in <Said text={heading.mesh} /> · leader: <Said text={heading.leader} />
          {heading.isObserver ? " · you only look" : ""}
        </p>
        <nav aria-label="Places">
          <ul>
            {SECTIONS.map(({ href, name }) => (
              <li>
                <a href={href} aria-current={name === section ? "page" : undefined}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Live name="asks" href="/waiting">
          <Waiting count={heading.waiting} />
        </Live>
      </header>
      <main id="main">
        <h1>{title}</h1>
        {children as Html}
      </main>
      <footer>
        <form method="post" action="/logout">
          <input type="hidden" name="form" value={heading.logoutToken} />
          <button type="submit">Log out</button>
        </form>
      </footer>
    </Document>
  );
}

/** How many wait, told to screen readers when it changes. */
export function Waiting({ count }: { readonly count: number }): Html {
  return (
    <p role="status" class={count > 0 ? "high" : "quiet"}>
      {count === 0 ? "Nobody waits." : <a href="/">{count === 1 ? "1 ask waits." : `${count} asks wait.`}</a>}
    </p>
  );
}
