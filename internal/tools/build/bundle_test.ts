import assert from "node:assert/strict";
import { assertAscii, withRequire } from "./bundle.ts";
import { ToolError } from "./tool.ts";

/** What esbuild 0.25.5 writes, with a name as its minifier chose it for a bundle of this project. */
const REFUSING =
  `var $a=(t=>typeof require<"u"?require:typeof Proxy<"u"?new Proxy(t,{get:(e,r)=>(typeof require<"u"?require:e)[r]}):t)` +
  `(function(t){if(typeof require<"u")return require.apply(this,arguments);throw Error('Dynamic require of "'+t+'" is not supported')});`;

Deno.test("withRequire() gives a bundle a require that works", async () => {
  const code = withRequire(`${REFUSING}export const name=$a("node:path").basename("/a/b");`);

  const { name } = await import(
    `data:text/javascript,${encodeURIComponent(code.replace("import.meta.url", '"file:///"'))}`
  );

  assert.equal(name, "b");
});

Deno.test("withRequire() leaves a bundle alone that has one, and refuses a form it does not know", () => {
  const good = "var r=__deno_internal_createRequire(import.meta.url);";

  assert.equal(withRequire(good), good);
  assert.throws(() => withRequire(`let x=()=>{throw Error('Dynamic require of "y" is not supported')}`), ToolError);
});

Deno.test("assertAscii() refuses a bundle that the engine would keep in two bytes a character, and says what to write", () => {
  assert.equal(assertAscii(String.raw`let r=/ *\u23ce */g;`), String.raw`let r=/ *\u23ce */g;`);
  assert.throws(() => assertAscii("let r=/ *⏎ */g;"), (error) => {
    assert.ok(error instanceof ToolError);
    assert.match(error.message, /the character "⏎" in "let r=.*write it as \\u23ce$/);
    return true;
  });
});
