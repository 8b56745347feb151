import { errorMessage } from "@bzzz/base";
import { sanitiseLine } from "@bzzz/cli";
import { ApiError } from "@bzzz/http";
import { type Context, Hono } from "hono";
import { getCookie } from "hono/cookie";
import { type Asset, serveAsset, STYLE } from "./assets.ts";
import { FailurePage, html, LoginPage } from "./document.tsx";
import { refusalOf } from "./forms.ts";
import { checkSource, withHeaders } from "./guard.ts";
import type { Session, Sessions } from "./sessions.ts";

/** What the guard of all routes has found out. */
export interface PageEnv {
  readonly Variables: { readonly session: Session };
}
/** The app that routes are added to; who comes to them is logged in. */
export type PageApp = Hono<PageEnv>;
/** One request of somebody who is logged in. */
export type Visit = Context<PageEnv>;

/** What every page is made of. */
export interface GuardedPageDeps {
  readonly sessions: Sessions;
  /** Told of a request that broke; the page of it says no more than that. */
  readonly report: (problem: string) => void;
}

/** In what one page differs from another. */
export interface GuardedPageOptions {
  /** Cookies are not apart by port, so this has the port. */
  readonly cookie: string;
  /** Files beside the style sheet. */
  readonly assets?: readonly Asset[];
  /** How somebody gets a login link. */
  readonly loginHint: string;
  /** The name of "/", for a page about a failure. */
  readonly back: string;
}

/** Attributes of the cookie of a login. */
const COOKIE_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict";

/**
 * A page as one handler that never rejects. Without a session nothing but the login and the files of the page is there; what comes from
 * another page is refused before anything else.
 */
export function createGuardedPage(
  deps: GuardedPageDeps,
  options: GuardedPageOptions,
  addRoutes: (app: PageApp) => void,
): (request: Request) => Promise<Response> {
  const { cookie, loginHint } = options;
  const assets = [STYLE, ...options.assets ?? []];
  const app = new Hono<PageEnv>();
  app.onError((error) => {
    throw error; // one place makes pages of errors: below
  });
  app.notFound(() => {
    throw new ApiError("not_found", "Cannot find such a page");
  });
  app.get("/assets/:name", (visit) => serveAsset(assets, visit.req.path) ?? visit.notFound());
  app.get("/login", (visit) => {
    // A browser or a chat that only looks what a link leads to (HEAD) must not use it up.
    const session = visit.req.raw.method === "GET" ? deps.sessions.redeem(visit.req.query("code") ?? "") : undefined;
    if (!session) return html(<LoginPage isStale={visit.req.query("code") !== undefined} hint={loginHint} />, 403);
    visit.header("set-cookie", `${cookie}=${session.id}; ${COOKIE_ATTRIBUTES}`);
    return visit.redirect("/", 303);
  });
  app.use(async (visit, next) => {
    const session = deps.sessions.find(getCookie(visit, cookie) ?? "");
    if (!session) return html(<LoginPage isStale={false} hint={loginHint} />, 401);
    visit.set("session", session);
    return await next();
  });
  addRoutes(app);
  return async (request) => {
    try {
      checkSource(request);
      return withHeaders(await app.fetch(request));
    } catch (error) {
      return withHeaders(failure(error, deps.report, options.back));
    }
  };
}

/** Logs somebody out: the session ends, and the browser forgets its cookie. */
export function logOut(visit: Visit, sessions: Sessions, cookie: string): Response {
  sessions.end(visit.var.session.id);
  visit.header("set-cookie", `${cookie}=; ${COOKIE_ATTRIBUTES}; Max-Age=0`);
  return visit.redirect("/login", 303);
}

function failure(error: unknown, report: (problem: string) => void, back: string): Response {
  try {
    const { message, status } = refusalOf(error);
    return html(<FailurePage message={sanitiseLine(message, 1_000)} back={back} />, status);
  } catch {
    report(errorMessage(error)); // no refusal: a defect, whose message may quote what it worked on
    return html(<FailurePage message="The page failed; the terminal says more." back={back} />, 500);
  }
}
