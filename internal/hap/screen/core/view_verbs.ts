/**
 * Verbs about this view and nothing else: which channels are listed, whose messages call, colours and settings. They are gone with it.
 *
 * @module
 */
import { nameOf, sanitiseLine } from "@bzzz/cli";
import { parseAddress, UcxlError } from "@bzzz/ucxl";
import { THEMES } from "../engine/theme.ts";
import { cite, citing } from "./browser_actions.ts";
import type { Step } from "./events.ts";
import { goToChannel } from "./feed.ts";
import { type FeedItem, labelOf, listedChannels, type Model, withChannel } from "./model.ts";
import { withoutChannel } from "./threads.ts";
import { VIEW_SETTINGS } from "./view_settings.ts";

/** Does it. */
export function viewVerb(
  model: Model,
  verb: "part" | "mute" | "theme" | "set" | "reload" | "cite",
  words: readonly string[],
): Step<Model> {
  const [first = "", second = ""] = words;
  switch (verb) {
    case "part":
      return only(part(model, first));
    case "mute":
      return only(mute(model, first));
    case "theme":
      return theme(model, first);
    case "set":
      return first === "theme" ? theme(model, second) : only(set(model, first, second));
    case "reload":
      return { model: { ...model, hint: "Reading" }, effects: [{ type: "reload" }] };
    case "cite":
      return citeWords(model, first);
  }
}

/** A line as it calls the person: one of a member who is muted is for nobody. */
export function muted(model: Model, item: FeedItem): FeedItem {
  return item.isForMe && model.muted.has(item.author) ? { ...item, isForMe: false } : item;
}

function part(model: Model, name: string): Model {
  const index = name === ""
    ? model.current
    : model.channels.findIndex((channel) => channel.name === name.replace(/^[#>]/, ""));
  const channel = model.channels[index];
  if (!channel) {
    const labels = listedChannels(model).map((i) => model.channels[i]).flatMap((one) => one ? [labelOf(one)] : []);
    return { ...model, hint: `Cannot leave "${sanitiseLine(name, 40)}": the channels are ${labels.join(", ")}` };
  }
  const others = listedChannels(model).filter((i) => i !== index);
  const [next] = others;
  if (next === undefined) return { ...model, hint: `Cannot leave ${labelOf(channel)}: it is the only one` };
  const left = index === model.current ? goToChannel(model, next) : model;
  if (channel.thread !== undefined) return { ...withoutChannel(left, index), hint: `Closed ${labelOf(channel)}` };
  const hint = `Left ${labelOf(channel)} until something calls you there; /join ${labelOf(channel)} goes back`;
  return { ...withChannel(left, index, (one) => ({ ...one, isParted: true })), hint };
}

function mute(model: Model, word: string): Model {
  const name = word.replace(/^@/, "");
  if (name === "") {
    const names = [...model.muted].map((one) => `@${one}`).join(", ");
    return { ...model, hint: names === "" ? "Nobody is muted: /mute @name" : `Muted: ${names}` };
  }
  const next = new Set(model.muted);
  if (next.delete(name)) {
    return { ...model, muted: next, hint: `Messages of @${sanitiseLine(name, 63)} call you again` };
  }
  const isMember = [...model.agents.map((agent) => agent.agent_id), ...model.peers.map(nameOf)].includes(name);
  if (!isMember || name === model.me) {
    return { ...model, hint: `Cannot mute "${sanitiseLine(name, 63)}": no other member has that name` };
  }
  const hint = `Messages of @${name} call you no more; their asks do. /mute @${name} again ends it`;
  return { ...model, muted: next.add(name), hint };
}

function theme(model: Model, name: string): Step<Model> {
  const found = THEMES.find((one) => one === name);
  if (!found) return only({ ...model, hint: `The themes are ${THEMES.join(", ")}; now: ${model.settings.theme}` });
  const settings = { ...model.settings, theme: found };
  return {
    model: { ...model, settings, hint: `Theme ${found}, on this screen; interface.theme keeps it` },
    effects: [{ type: "theme", name: found }],
  };
}

function set(model: Model, key: string, value: string): Model {
  if (key === "") return listSettings(model);
  const setting = VIEW_SETTINGS.find((one) => one.key === key);
  if (!setting) {
    const keys = ["theme", ...VIEW_SETTINGS.map((one) => one.key)].join(", ");
    return { ...model, hint: `Cannot set "${sanitiseLine(key, 40)}": of this screen there are ${keys}` };
  }
  if (value !== "true" && value !== "false") {
    const found = value === "" ? "nothing" : `"${sanitiseLine(value, 40)}"`;
    return { ...model, hint: `Cannot set ${key} to ${found}: expected true or false` };
  }
  const settings = setting.with(model.settings, value === "true");
  return { ...model, settings, hint: `${key} is ${value}, on this screen; interface.${key} keeps it` };
}

function listSettings(model: Model): Model {
  const rows = VIEW_SETTINGS.map(({ key, summary, isOn }) =>
    `${key.padEnd(22)} ${String(isOn(model.settings)).padEnd(8)} ${summary}`
  );
  const lines = [
    `${"theme".padEnd(22)} ${model.settings.theme.padEnd(8)} colours: ${THEMES.join(", ")}`,
    ...rows,
    "",
    "/set KEY VALUE changes one on this screen, until it closes; the section interface of the configuration keeps it.",
  ];
  return { ...model, modal: { type: "text", title: "Settings of this screen", lines, top: 0 } };
}

function citeWords(model: Model, address: string): Step<Model> {
  if (address === "") return cite(model);
  try {
    parseAddress(address);
  } catch (error) {
    if (!(error instanceof UcxlError)) throw error;
    return only({ ...model, hint: sanitiseLine(error.message, 300) });
  }
  return only(citing(model, address));
}

function only(model: Model): Step<Model> {
  return { model, effects: [] };
}
