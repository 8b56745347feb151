/**
 * Pages for the browsers of this machine, as both programs serve them: logins by one-time links, forms with one-time tokens, headers
 * that let nothing run but what the page itself serves, and text of others made harmless.
 *
 * @module
 */
export { type Asset, createAsset, STYLE } from "./assets.ts";
export { Document, FailurePage, html, LoginPage, PlainPage } from "./document.tsx";
export { FormTokens, type FormVerdict } from "./form_tokens.ts";
export { readForm, refusalOf, typed, USED_FORM } from "./forms.ts";
export {
  createGuardedPage,
  type GuardedPageDeps,
  type GuardedPageOptions,
  logOut,
  type PageApp,
  type PageEnv,
  type Visit,
} from "./guarded_page.tsx";
export { LINK_TTL_MS, type Session, SESSION_TTL_MS, Sessions } from "./sessions.ts";
export { type Html, Said, SaidBlock } from "./words.tsx";
export { serveSetup, type SetupServerDeps } from "./setup/setup_server.ts";
export type { MeshShares, SetupFlowDeps } from "./setup/setup_flow.ts";
