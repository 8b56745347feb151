// Takes the terminal and ends without giving it back, in the way that is asked for.
import { createScreenTerminal } from "../screen_terminal.ts";

createScreenTerminal().enter();
switch (Deno.args[0]) {
  case "throw":
    queueMicrotask(() => {
      throw new Error("nobody catches this");
    });
    break;
  case "reject":
    Promise.reject(new Error("nobody catches this"));
    break;
  default:
    // deno-lint-ignore bzzz/no-hidden-effects -- the end that the test is about
    Deno.exit(3);
}
