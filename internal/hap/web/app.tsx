import { ApiError } from "@bzzz/http";
import { createGuardedPage, logOut, type Sessions } from "@bzzz/web";
import { ASSETS } from "./assets.ts";
import type { LiveUpdates } from "./live.ts";
import { type PageParts, readForm } from "./page.tsx";
import { addApprovalRoutes } from "./routes/approvals.tsx";
import { addAskRoutes } from "./routes/asks.tsx";
import { addContextRoutes } from "./routes/context.tsx";
import { addFormRoutes } from "./routes/forms.tsx";
import { addInviteRoutes } from "./routes/invites.tsx";
import { addLeadershipRoutes } from "./routes/leadership.tsx";
import { addMemberRoutes } from "./routes/members.tsx";
import { addMeshRoutes } from "./routes/mesh.tsx";
import { addPatchRoutes } from "./routes/patches.tsx";
import { addTaskRoutes } from "./routes/tasks.tsx";
import { addSlurpRoutes } from "./routes/slurp.tsx";
import { addThreadRoutes } from "./routes/threads.tsx";
import { addWriteRoutes } from "./routes/write.tsx";
import { addYouRoutes } from "./routes/you.tsx";

/** What the page is made of, beside what its routes need. */
export interface PageDeps extends PageParts {
  readonly sessions: Sessions;
  readonly live: LiveUpdates;
  /** Told of a request that broke; the page of it says no more than that. */
  readonly report: (problem: string) => void;
}

/** The page as one handler that never rejects. `port` is where it listens: cookies are not apart by port, so their name is. */
export function createPage(
  deps: PageDeps,
  options: { readonly port: number },
): (request: Request) => Promise<Response> {
  const cookie = `bzzz_page_${options.port}`;
  return createGuardedPage(deps, {
    cookie,
    assets: Object.values(ASSETS),
    loginHint: "Press Enter in the terminal where the page was started: it shows a new link, which works once.",
    back: "To the inbox",
  }, (app) => {
    app.get("/live", (visit) => {
      if (visit.req.raw.method === "HEAD") {
        throw new ApiError("invalid_request", "Cannot open a stream: HEAD has no body");
      }
      return deps.live.open();
    });
    app.post("/logout", async (visit) => {
      const form = await readForm(visit.req.raw, { isObserver: false });
      if (visit.var.session.forms.take(form.get("form") ?? "", "logout") !== "fresh") return visit.redirect("/", 303);
      return logOut(visit, deps.sessions, cookie);
    });
    addAskRoutes(app, deps);
    addApprovalRoutes(app, deps);
    addMeshRoutes(app, deps);
    addLeadershipRoutes(app, deps);
    addMemberRoutes(app, deps);
    addInviteRoutes(app, deps);
    addTaskRoutes(app, deps);
    addThreadRoutes(app, deps);
    addYouRoutes(app, deps);
    addContextRoutes(app, deps);
    addWriteRoutes(app, deps);
    addSlurpRoutes(app, deps);
    addPatchRoutes(app, deps);
    addFormRoutes(app, deps);
  });
}
