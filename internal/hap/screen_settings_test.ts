import assert from "node:assert/strict";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { KeymapError, screenLook } from "./mod.ts";

const hap = (flags: Record<string, unknown>) => parseConfig({ profile: CONFIG_PROFILES.hap, env: {}, flags }).config;

Deno.test("the section interface decides how the screen looks and calls", () => {
  const options = { home: "/nowhere", env: { LANG: "C.UTF-8" } };
  const plain = screenLook(hap({}), options);
  const changed = screenLook(
    hap({
      "interface.theme": "contrast",
      "interface.ascii": true,
      "interface.bell": false,
      "interface.desktop_notifications": true,
      "interface.show_text": true,
    }),
    options,
  );

  assert.equal(plain.settings.glyphs.horizontal, "─");
  assert.deepEqual([plain.settings.hasBell, plain.settings.hasOsc9, plain.settings.showsText], [true, false, false]);
  assert.equal(changed.settings.glyphs.horizontal, "-");
  assert.deepEqual([changed.settings.hasBell, changed.settings.hasOsc9, changed.settings.showsText], [
    false,
    true,
    true,
  ]);
  assert.deepEqual([changed.settings.theme, plain.settings.theme], ["contrast", "dark"]);
  assert.notDeepEqual(changed.themeOf("contrast"), plain.themeOf("dark"));
});

Deno.test("NO_COLOR takes every colour, and a locale without UTF-8 every sign that is not ASCII", () => {
  const without = screenLook(hap({ "interface.theme": "contrast" }), { home: "/nowhere", env: { NO_COLOR: "1" } });
  const latin = screenLook(hap({}), { home: "/nowhere", env: { LANG: "de_DE.ISO-8859-1" } });
  const posix = screenLook(hap({}), { home: "/nowhere", env: { LC_ALL: "C", LANG: "C.UTF-8" } });

  for (const sgr of Object.values(without.themeOf("contrast"))) {
    assert.match(sgr, /^([147](;[147])*)?$/, "attributes only");
  }
  assert.equal(latin.settings.glyphs.vertical, "|");
  assert.equal(posix.settings.glyphs.vertical, "|");
});

Deno.test("a key map file replaces keys; what is wrong with it is said with its line", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-keymap-" });
  try {
    const look = () => screenLook(hap({ "interface.keymap_path": "keys.yaml" }), { home, env: {} });
    assert.throws(look, (error) => error instanceof KeymapError && error.code === "config_missing");

    await Deno.writeTextFile(`${home}/keys.yaml`, "version: 1\nkeys:\n  inbox: alt+i\n");
    assert.equal(look().settings.keymap.actionOf("alt+i", ["global"]), "inbox");
    assert.equal(look().settings.keymap.actionOf("alt+r", ["global"]), undefined);

    await Deno.writeTextFile(`${home}/keys.yaml`, "version: 1\nkeys:\n  inbox: ctrl+m\n");
    assert.throws(look, (error) => error instanceof KeymapError && /keys\.yaml:3:\d+.*ctrl\+m/s.test(error.message));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
