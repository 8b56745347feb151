import { choice, constant, lineRule, optionalText, text, toggle, wholeNumber } from "./fields.ts";
import { configFile, section } from "./members.ts";
import type { ProfileDefaults } from "./profiles.ts";
import { commonSections, identityKeys, presenceKeys, versionKey } from "./common_sections.ts";

function buildHapSchema(defaults: ProfileDefaults) {
  return configFile({
    version: versionKey(),
    binary_type: constant("hap", "Program this file is for. The other program refuses it."),
    agent: section(identityKeys({ capabilities: [] })),
    interface: section({
      mode: choice(
        ["terminal", "plain", "web", "headless"],
        "terminal",
        "Kind of interface. terminal is a full screen where the terminal can show one and a prompt in lines elsewhere; plain is always the prompt in lines; web is a page for the browsers of this machine, at ports.admin_ui_port; headless has none and is used through the HTTP API, other views and one-shot commands.",
      ),
      theme: choice(
        ["dark", "light", "contrast", "mono"],
        "dark",
        "Colours of the full screen, from the terminal's own sixteen. NO_COLOR wins over it.",
      ),
      ascii: toggle(
        false,
        [true, false],
        "Whether the full screen is drawn with ASCII signs alone, for terminals and fonts without others.",
      ),
      keymap_path: optionalText(
        lineRule(1024, "a path"),
        "File with the keys of the full screen, relative to the data directory; see the portal's documentation. Left out: the built-in keys.",
      ),
      editor: optionalText(
        lineRule(1024, "a program"),
        "Program that opens the line of the full screen (Ctrl+O), and its arguments behind spaces. The built program may start only what BZZZ_EDITOR or BZZZ_INTERFACE_EDITOR named when it was started, not what a file names. Left out: none.",
      ),
      policy_path: optionalText(
        lineRule(1024, "a path"),
        "File with the rules that decide asks without a person or raise their stakes, relative to the data directory; read again when it changes. Left out, missing or not valid: people are asked everything.",
      ),
      message_templates_path: text(
        "templates",
        lineRule(1024, "a path"),
        "Folder with your own message templates, one YAML file each, relative to the data directory; read again at each use. They come before the built-in ones.",
      ),
      prompt_library_path: text(
        "prompts",
        lineRule(1024, "a path"),
        "Folder with your own wordings of asks and your quick replies, one YAML file each, relative to the data directory; read again when it changes. A wording decides nothing.",
      ),
      bell: toggle(
        true,
        [true, false],
        "Whether the full screen rings the terminal's bell when somebody waits, at most once in ten seconds.",
      ),
      desktop_notifications: toggle(
        false,
        [true, false],
        "Whether the full screen also sends desktop notifications (OSC 9) to terminals that show them; tmux passes them on only with allow-passthrough.",
      ),
      show_text: toggle(
        false,
        [true, false],
        "Whether a desktop notification says what the ask is about. false keeps it off lock screens.",
      ),
      auto_start_interface: toggle(
        true,
        [true, false],
        "Whether `run` opens the interface by itself. false keeps the node running without one.",
      ),
    }),
    ...commonSections(defaults),
    person: section({
      unlock_seconds: wholeNumber(
        600,
        { min: 1, max: 86_400, unit: "seconds" },
        "How long this person's key stays open after its passphrase was given. High stakes take the passphrase each time all the same.",
      ),
      idle_lock_seconds: wholeNumber(
        300,
        { min: 1, max: 86_400, unit: "seconds" },
        "How long this person's open key may go without signing anything before it is locked again, within `unlock_seconds`.",
      ),
    }),
    coordination: section(presenceKeys()),
  });
}

/** The schema of the file of `bzzz-hap`. */
export type HapConfigSchema = ReturnType<typeof buildHapSchema>;

/** The only definition of the file of `bzzz-hap`. */
export function createHapSchema(defaults: ProfileDefaults): HapConfigSchema {
  return buildHapSchema(defaults);
}
