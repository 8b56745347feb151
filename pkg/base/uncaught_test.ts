import assert from "node:assert/strict";
import { TypedEventTarget, watchUncaught } from "./mod.ts";
import { waitFor } from "./testing.ts";

Deno.test("errors and rejections that nobody caught are seen, until it is disposed", async () => {
  const seen: unknown[] = [];
  {
    using _watch = watchUncaught((error) => {
      seen.push(error);
      return "handled";
    });
    queueMicrotask(() => {
      throw new Error("thrown in a callback");
    });
    void Promise.reject("rejected with a text"); // nobody looks at it: that is the point
    await waitFor(() => seen.length === 2, { timeoutMs: 30_000, what: "both" });
  }

  assert.deepEqual(seen.map(String).sort(), ["Error: thrown in a callback", "rejected with a text"]);
});

Deno.test("a listener that throws stops neither the others nor who emits, and is reported as uncaught", () => {
  const reported: unknown[] = [];
  using _watch = watchUncaught((error) => {
    reported.push(error);
    return "handled";
  });
  const target = new TypedEventTarget<{ "thing:happened": number }>();
  const heard: string[] = [];
  target.on("thing:happened", () => heard.push("first"));
  target.on("thing:happened", () => {
    throw new TypeError("a defect");
  });
  target.on("thing:happened", () => heard.push("third"));

  target.emit("thing:happened", 1);
  target.emit("thing:happened", 2);

  assert.deepEqual(heard, ["first", "third", "first", "third"]);
  assert.deepEqual(reported.map(String), ["TypeError: a defect", "TypeError: a defect"]);
});

Deno.test("what is not handled ends the process", async () => {
  const mod = new URL("./mod.ts", import.meta.url).href;
  const script = `import { watchUncaught } from "${mod}";
    watchUncaught((error) => error instanceof RangeError ? "handled" : "fatal");
    queueMicrotask(() => { throw new RangeError("known"); });
    setTimeout(() => { console.log("still here"); throw new TypeError("not known"); }, 1);
    setTimeout(() => console.log("never"), 200);`;

  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script], stderr: "null" }).output();

  assert.equal(code, 1);
  assert.equal(new TextDecoder().decode(stdout), "still here\n");
});
