/**
 * Where a press goes: to the box that is open and nowhere else, or to the place the person is at.
 *
 * @module
 */
import { edit, emptyLine } from "../../terminal/line_editor.ts";
import { editSecret } from "../../terminal/secret_text.ts";
import { act } from "./actions.ts";
import { closeBox, pressApproval, pressReply } from "./boxes.ts";
import { goTo, pressContextLine, pressVersions } from "./browser_boxes.ts";
import { pressVote } from "./vote_box.ts";
import type { Effect, Step } from "./events.ts";
import { goToChannel, leaveFeed, scroll, seen } from "./feed.ts";
import { moveChosen, pressFeed } from "./feed_actions.ts";
import { pressForm } from "./form_box.ts";
import { type HistorySearch, pressSearch } from "./history_search.ts";
import { askForTemplate } from "./submit.ts";
import { type Press, showKey } from "./keys.ts";
import { scrollThing } from "./browser.ts";
import { editLine } from "./line_keys.ts";
import { pressList, select, withList } from "./lists.ts";
import { isLooking, NOT_LOOKING } from "./looking.ts";
import type { Modal, Model, Place } from "./model.ts";
import type { Scope } from "../keymap/actions.ts";
import { paletteEntries, type PaletteEntry } from "./palette.ts";

/** Two Ctrl-C within this close the view. */
const QUIT_WINDOW_MS = 2_000;
const WHEEL_LINES = 3;

const LIST_SCOPES: readonly Scope[] = ["list", "global"];
const FEED_SCOPES: readonly Scope[] = ["feed", ...LIST_SCOPES];
const SCOPES_OF: Readonly<Record<Place, readonly Scope[]>> = {
  main: ["input", "global"],
  inbox: ["inbox", ...LIST_SCOPES],
  peers: LIST_SCOPES,
  tasks: LIST_SCOPES,
  browser: ["browser", ...LIST_SCOPES],
  decisions: ["decisions", ...LIST_SCOPES],
};

/** What a press does. */
export function pressOf(before: Model, press: Press): Step<Model> {
  const model = before.hint === "" ? before : { ...before, hint: "" };
  if (press.type === "key" && press.name === "ctrl+c") return interrupt(model);
  const { modal } = model;
  if (modal) return pressModal(model, modal, press);
  if (press.type === "mouse") return wheel(model, press);
  if (model.search) return pressHistory(model, model.search, press);
  const list = model.place === "main" ? undefined : model.place;
  const isInFeed = !list && model.feed.chosen !== undefined;
  if (list && model.lists[list].typing) return { model: pressList(model, list, press), effects: [] };
  if (isInFeed && model.feed.typing) return { model: pressFeed(model, press), effects: [] };
  if (press.type === "key") {
    const action = model.settings.keymap.actionOf(press.name, isInFeed ? FEED_SCOPES : SCOPES_OF[model.place]);
    if (action) return act(model, action);
  }
  if (list) return { model, effects: [] };
  if (isInFeed && press.type === "key") {
    const back = model.settings.keymap.keysOf("back").map(showKey).join(", ");
    return {
      model: { ...model, hint: `The text of the channel has the keys; ${back} gives them back to the line` },
      effects: [],
    };
  }
  return { model: typed(seen(leaveFeed(model)), press), effects: [] };
}

/** A press while a line that was sent is looked for. */
function pressHistory(model: Model, search: HistorySearch, press: Press): Step<Model> {
  const { keymap } = model.settings;
  const isAgain = press.type === "key" && keymap.actionOf(press.name, ["input"]) === "history_search";
  const step = pressSearch(search, press, isAgain);
  if (step.type === "searching") return { model: { ...model, search: step.search }, effects: [] };
  const ended: Model = { ...model, search: undefined, input: step.input };
  return step.isHandled ? { model: ended, effects: [] } : pressOf(ended, press);
}

function typed(model: Model, press: Press): Model {
  if (press.type === "key" && press.name === "esc") {
    if (model.completion || !isLooking(model.feed)) return { ...model, completion: undefined };
    return seen({ ...model, feed: { ...model.feed, ...NOT_LOOKING } });
  }
  const input = editLine(model.input, press);
  return input ? { ...model, input, completion: undefined } : model;
}

/** Ends what runs, else closes a box, else clears the line; a second time it closes the view. */
function interrupt(model: Model): Step<Model> {
  if (model.modal) {
    const effects: Effect[] = model.modal.type === "question" ? [{ type: "reply", text: undefined }] : [];
    return { model: closeBox(model).model, effects };
  }
  if (model.search) return { model: { ...model, search: undefined, input: model.search.before }, effects: [] };
  if (model.isRunning) return { model: { ...model, interruptedAtMs: model.monoMs }, effects: [{ type: "interrupt" }] };
  if (model.input.text !== "") {
    return {
      model: { ...model, input: edit(model.input, { type: "interrupt" }).state, completion: undefined },
      effects: [],
    };
  }
  if (model.monoMs - model.interruptedAtMs < QUIT_WINDOW_MS) return { model, effects: [{ type: "quit" }] };
  return { model: { ...model, interruptedAtMs: model.monoMs, hint: "Ctrl+C again closes this view" }, effects: [] };
}

function wheel(model: Model, press: Extract<Press, { type: "mouse" }>): Step<Model> {
  if (press.action === "press") return { model, effects: [] };
  const by = press.action === "wheel_up" ? -1 : 1;
  if (model.place === "main") {
    const isInFeed = model.feed.chosen !== undefined;
    return { model: isInFeed ? moveChosen(model, by * WHEEL_LINES) : scroll(model, by * WHEEL_LINES), effects: [] };
  }
  if (model.place === "browser" && model.browser.thing) {
    return { model: scrollThing(model, by * WHEEL_LINES), effects: [] };
  }
  return { model: select(model, model.place, by), effects: [] };
}

function pressModal(model: Model, modal: Modal, press: Press): Step<Model> {
  switch (modal.type) {
    case "approval":
      return pressApproval(model, modal, press);
    case "reply":
      return pressReply(model, modal, press);
    case "palette":
      return pressPalette(model, modal, press);
    case "context_line":
      return pressContextLine(model, modal, press);
    case "versions":
      return pressVersions(model, modal, press);
    case "vote":
      return pressVote(model, modal, press);
    case "form":
      return pressForm(model, modal, press);
    case "text":
      return { model: pressText(model, modal, press), effects: [] };
    case "question":
      return pressQuestion(model, modal, press);
  }
}

function pressText(model: Model, modal: Extract<Modal, { type: "text" }>, press: Press): Model {
  const to = (by: number): Model => {
    const top = Math.max(0, Math.min(modal.lines.length - 1, modal.top + by));
    return { ...model, modal: { ...modal, top } };
  };
  if (press.type === "mouse") {
    return to(press.action === "wheel_up" ? -WHEEL_LINES : press.action === "wheel_down" ? WHEEL_LINES : 0);
  }
  if (press.type !== "key") return model;
  switch (model.settings.keymap.actionOf(press.name, ["text", "global"])) {
    case "close":
      return { ...model, modal: undefined };
    case "text_up":
      return to(-1);
    case "text_down":
      return to(1);
    case "page_up":
      return to(-Math.max(1, model.size.rows - 6));
    case "page_down":
      return to(Math.max(1, model.size.rows - 6));
    default:
      return model;
  }
}

function pressQuestion(model: Model, modal: Extract<Modal, { type: "question" }>, press: Press): Step<Model> {
  const answer = (text: string | undefined): Step<Model> => ({
    model: { ...model, modal: undefined },
    effects: [{ type: "reply", text }],
  });
  if (press.type === "key" && press.name === "esc") return answer(undefined);
  if (model.monoMs < modal.openAtMs) return { model, effects: [] };
  if (press.type === "key" && press.name === "enter") return answer(modal.secret ?? modal.line.text);
  if (modal.secret !== undefined) {
    const secret = typedSecret(modal.secret, press);
    return { model: { ...model, modal: { ...modal, secret } }, effects: [] };
  }
  const line = editLine(modal.line, press);
  return { model: line ? { ...model, modal: { ...modal, line } } : model, effects: [] };
}

function typedSecret(secret: string, press: Press): string {
  if (press.type === "mouse") return secret;
  if (press.type === "paste") return editSecret(secret, { text: press.text });
  if (press.text !== undefined) return editSecret(secret, { text: press.text });
  if (press.name === "backspace") return editSecret(secret, { key: "backspace" });
  return press.name === "ctrl+u" ? editSecret(secret, { key: "kill_to_start" }) : secret;
}

function pressPalette(model: Model, modal: Extract<Modal, { type: "palette" }>, press: Press): Step<Model> {
  const entries = paletteEntries(model, modal.line.text);
  const to = (selected: number): Step<Model> => ({
    model: { ...model, modal: { ...modal, selected: Math.max(0, Math.min(entries.length - 1, selected)) } },
    effects: [],
  });
  if (press.type === "key") {
    if (press.name === "esc") return { model: { ...model, modal: undefined }, effects: [] };
    if (press.name === "up") return to(modal.selected - 1);
    if (press.name === "down" || press.name === "tab") return to(modal.selected + 1);
    if (press.name === "enter") {
      const entry = entries[modal.selected];
      return entry ? pick({ ...model, modal: undefined }, entry) : { model, effects: [] };
    }
  }
  const line = editLine(modal.line, press);
  return { model: line ? { ...model, modal: { ...modal, line, selected: 0 } } : model, effects: [] };
}

function pick(model: Model, { target }: PaletteEntry): Step<Model> {
  switch (target.type) {
    case "ask":
      return act(withList(model, "inbox", { selectedId: target.requestId }), "inbox");
    case "channel":
      return { model: goToChannel(model, target.index), effects: [] };
    case "action":
      return act(model, target.action);
    case "address":
      return goTo(model, target.address);
    case "template":
      return askForTemplate(model, target.id);
    case "verb": {
      const text = `/${target.verb.name}${target.verb.argument === undefined ? "" : " "}`;
      const there = leaveFeed(model);
      return {
        model: { ...there, place: "main", input: { ...emptyLine(model.input.history), text, cursor: text.length } },
        effects: [],
      };
    }
  }
}
