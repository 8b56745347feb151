import { BzzzError } from "@bzzz/base";
import { html } from "../document.tsx";
import { readForm, refusalOf, typed, USED_FORM } from "../forms.ts";
import { createGuardedPage, type GuardedPageDeps, type PageApp, type Visit } from "../guarded_page.tsx";
import { SetupBusyError, type SetupFlow, type SetupPlan, type SetupSecrets } from "./setup_flow.ts";
import { AnswersPage, ClosedPage, KeepPage, PlanPage, type SecretField, type SheetCheck } from "./views.tsx";

/** What the page of a setup is made of. */
export interface SetupPageDeps extends GuardedPageDeps {
  readonly flow: SetupFlow;
}

/** The setup as a page: one form, what it leads to, and the end of it. `port` is where it listens. */
export function createSetupPage(
  deps: SetupPageDeps,
  options: { readonly port: number },
): (request: Request) => Promise<Response> {
  return createGuardedPage(deps, {
    cookie: `bzzz_setup_${options.port}`,
    loginHint:
      "End the setup with Ctrl-C where it was started, and start it again: it shows a new link, which works once. " +
      "What you have answered is kept.",
    back: "To the setup",
  }, (app) => addSetupRoutes(app, deps.flow));
}

type AnswersOptions = Pick<Parameters<typeof AnswersPage>[0], "typed" | "problems" | "problem">;

function addSetupRoutes(app: PageApp, flow: SetupFlow): void {
  const answersPage = (visit: Visit, options: AnswersOptions = {}, status = 200) => {
    const token = visit.var.session.forms.issue("answers");
    const { facts: { home }, questions, answers } = flow;
    return html(<AnswersPage {...{ home, questions, answers, token, ...options }} />, status);
  };
  const planPage = (
    visit: Visit,
    plan: SetupPlan,
    problems: ReadonlyMap<SecretField | "plan", string> = new Map(),
    status = 200,
  ) =>
    html(<PlanPage plan={plan} problems={problems} token={visit.var.session.forms.issue(purposeOf(plan))} />, status);
  const keepPage = (visit: Visit, checked?: SheetCheck, status = 200) => {
    const { forms } = visit.var.session;
    const tokens = { finish: forms.issue("finish"), check: forms.issue("check") };
    return flow.toKeep && html(<KeepPage {...flow.toKeep} {...{ person: flow.person, tokens, checked }} />, status);
  };

  app.get("/", (visit) => keepPage(visit) ?? answersPage(visit));
  app.post("/", async (visit) => {
    const form = await readForm(visit.req.raw);
    if (flow.toKeep) return visit.redirect("/", 303);
    if (visit.var.session.forms.take(form.get("form") ?? "", "answers") !== "fresh") {
      return answersPage(visit, { typed: form, problem: USED_FORM }, 409);
    }
    const problems = await flow.take((key) => typed(form, key) ?? "");
    return problems.size > 0 ? answersPage(visit, { typed: form, problems }, 422) : visit.redirect("/confirm", 303);
  });
  app.get("/confirm", async (visit) => {
    if (flow.toKeep) return visit.redirect("/", 303);
    try {
      const plan = await flow.plan();
      return plan ? planPage(visit, plan) : visit.redirect("/", 303);
    } catch (error) {
      const { message } = refusalOf(error);
      return answersPage(visit, { problem: message }, 422);
    }
  });
  app.post("/confirm", async (visit) => {
    const form = await readForm(visit.req.raw);
    const plan = flow.toKeep ? undefined : await flow.plan();
    if (!plan) return visit.redirect("/", 303);
    if (visit.var.session.forms.take(form.get("form") ?? "", purposeOf(plan)) !== "fresh") {
      return planPage(visit, plan, new Map([["plan", USED_FORM]]), 409);
    }
    const secrets = secretsOf(form, plan);
    if (secrets instanceof Map) return planPage(visit, plan, secrets, 422);
    try {
      await flow.carryOut(plan, secrets);
    } catch (error) {
      const { message } = refusalOf(error);
      // what has been done meanwhile is no part of the plan any more
      return planPage(visit, await flow.plan() ?? plan, new Map([[fieldOf(error, plan), message]]), 422);
    }
    return flow.toKeep ? visit.redirect("/", 303) : html(<ClosedPage person={flow.person} />);
  });
  app.post("/check", async (visit) => {
    const form = await readForm(visit.req.raw);
    const isFresh = visit.var.session.forms.take(form.get("form") ?? "", "check") === "fresh";
    const sheet = flow.toKeep?.sheet;
    if (!isFresh || !sheet) return visit.redirect("/", 303);
    const copies = Array.from({ length: sheet.threshold }, (_, i) => typed(form, `share_${i + 1}`) ?? "");
    const problem = await flow.copyProblem(copies);
    return keepPage(visit, { problem }, problem === undefined ? 200 : 422) ?? visit.redirect("/", 303);
  });
  app.post("/finish", async (visit) => {
    const form = await readForm(visit.req.raw);
    if (visit.var.session.forms.take(form.get("form") ?? "", "finish") !== "fresh") return visit.redirect("/", 303);
    flow.finish();
    return html(<ClosedPage person={undefined} />);
  });
}

/** A form agrees to the plan that was shown with it, and to no other. */
function purposeOf(plan: SetupPlan): string {
  return `do ${plan.digest}`;
}

function secretsOf(form: URLSearchParams, plan: SetupPlan): SetupSecrets | Map<SecretField, string> {
  const problems = new Map<SecretField, string>();
  const token = typed(form, "token") ?? "";
  if (plan.needsToken && token === "") problems.set("token", "That cannot be used: expected the token of an invite.");
  const passphrase = (field: "passphrase" | "own_passphrase") => {
    const text = form.get(field) ?? "";
    const isRepeated = field === "own_passphrase" || plan.needsPassphrase === "new";
    if (isRepeated && text !== (form.get(`${field}_again`) ?? "")) {
      problems.set(field, "That cannot be used: the two do not match.");
    } else if (text === "" && field === "passphrase") {
      problems.set(field, "That cannot be used: expected a passphrase.");
    }
    return text === "" ? undefined : text;
  };
  const passphrases = {
    node: plan.needsPassphrase === "no" ? undefined : passphrase("passphrase"),
    person: plan.offersOwnPassphrase ? passphrase("own_passphrase") : undefined,
  };
  const personShares = (typed(form, "shares") ?? "").split(/\s+/).filter((share) => share !== "");
  if (plan.needsShares && personShares.length === 0) {
    problems.set("shares", "That cannot be used: expected the shares of your key, one a line.");
  }
  return problems.size > 0 ? problems : { token, personShares, passphrases };
}

/** Which field a refusal is about. */
function fieldOf(error: unknown, plan: SetupPlan): SecretField | "plan" {
  const code = error instanceof BzzzError ? error.code : "";
  // "usage": a new one that is too short
  if (code === "usage" || code === "wrong_passphrase") {
    if (plan.needsPassphrase !== "no") return "passphrase";
    if (plan.offersOwnPassphrase) return "own_passphrase";
  }
  if (plan.needsShares && /_shares?$/.test(code)) return "shares";
  return plan.needsToken && !(error instanceof SetupBusyError) ? "token" : "plan";
}
