import type { ApiClient, PersonPresence } from "@bzzz/api";
import { assertNever, type Clock, errorMessage, type Timer } from "@bzzz/base";
import {
  describeEntry,
  describeTask,
  EXIT,
  type ExitStatus,
  OutputClosedError,
  type ProgramSpec,
  sanitiseLine,
} from "@bzzz/cli";
import { UcxiClient } from "@bzzz/ucxi";
import type { TerminalInterface } from "../execution.ts";
import { portalCommands } from "../portal_commands.ts";
import type { PersonLibraries } from "../libraries.ts";
import type { Effect, ScreenEvent } from "./core/events.ts";
import type { Press } from "./core/keys.ts";
import { createModel, type Model } from "./core/model.ts";
import type { ScreenSettings } from "./core/view_settings.ts";
import { titleOf } from "./core/notifier.ts";
import { update } from "./core/update.ts";
import { Screen } from "./engine/screen.ts";
import type { ScreenTerminal } from "./engine/screen_terminal.ts";
import type { Theme, ThemeName } from "./engine/theme.ts";
import type { Keymap } from "./keymap/keymap.ts";
import { reload } from "./reload.ts";
import { ContextReader } from "./context_reader.ts";
import { CommandDesk } from "./command_desk.ts";
import { Foreground } from "./foreground.ts";
import { FormDesk } from "./form_desk.ts";
import { LineDesk } from "./line_desk.ts";
import { Keyboard } from "./keyboard.ts";
import { MeshFeed } from "./mesh_feed.ts";
import type { TextEditor } from "./text_editor.ts";
import { ThreadDesk } from "./thread_desk.ts";
import { viewOf } from "./views/view.ts";

const TICK_MS = 1_000;

/** What a full-screen portal is made of. */
export interface ScreenPortalDeps {
  readonly terminal: ScreenTerminal;
  /** Of the node in this process, or of one that runs elsewhere. */
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly libraries: PersonLibraries;
  readonly program: Pick<ProgramSpec, "name" | "binaryType" | "version">;
  readonly settings: ScreenSettings;
  readonly themeOf: (name: ThemeName) => Theme;
  /** The key map as its file says now. @throws KeymapError */
  readonly loadKeymap: () => Keymap;
  readonly editor: TextEditor;
  /** Ctrl-C is for somebody else until what is returned is disposed. */
  readonly holdInterrupts: () => Disposable;
}

/**
 * The portal on a full screen: the thin shell around the pure core. It feeds events in, carries effects out, and draws. The terminal is
 * given back however it ends.
 */
export class ScreenPortal implements TerminalInterface {
  readonly #deps: ScreenPortalDeps;
  readonly #stopping = new AbortController();
  readonly #screen: Screen;
  readonly #feed: MeshFeed;
  readonly #context: ContextReader;
  readonly #forms: FormDesk;
  readonly #commands: CommandDesk;
  readonly #keyboard: Keyboard;
  readonly #foreground: Foreground;
  readonly #line: LineDesk;
  readonly #threads: ThreadDesk;
  #model: Model;
  #wake: Timer | undefined;
  #done: Promise<ExitStatus> | undefined;

  constructor(deps: ScreenPortalDeps) {
    this.#deps = deps;
    const { clock, terminal, settings, client } = deps;
    const commands = portalCommands(deps.libraries);
    this.#model = createModel({
      settings,
      verbs: commands.map(({ name, aliases = [], summary, args }) => ({
        name,
        aliases,
        summary,
        argument: args?.[0]?.name,
      })),
      nowMs: clock.nowMs(),
      monoMs: clock.monotonicMs(),
    });
    this.#screen = new Screen({
      terminal,
      clock,
      theme: deps.themeOf(settings.theme),
      view: () => viewOf(this.#model),
      failed: (error) => this.#stopping.abort(error),
    });
    this.#commands = new CommandDesk({
      client,
      clock,
      program: { ...deps.program, summary: "the portal", commands },
      format: settings.format,
      tell: (event) => this.#tell(event),
      keyUsed: () => this.#feed.refresh("status"),
      signal: this.#stopping.signal,
    });
    this.#keyboard = new Keyboard({ terminal, clock, pressed: (presses) => this.#pressed(presses) });
    this.#foreground = new Foreground({
      terminal,
      clock,
      screen: this.#screen,
      keyboard: this.#keyboard,
      holdInterrupts: deps.holdInterrupts,
      resumed: () => {
        this.#take({ type: "resized", size: terminal.size() });
        this.#emitTitle();
      },
    });
    this.#line = new LineDesk({
      editor: deps.editor,
      foreground: this.#foreground,
      line: () => this.#model.input,
      tell: (event) => this.#tell(event),
      signal: this.#stopping.signal,
    });
    this.#forms = new FormDesk({
      client,
      templates: deps.libraries.templates,
      tell: (event) => this.#tell(event),
      signal: this.#stopping.signal,
    });
    this.#threads = new ThreadDesk({
      client,
      tell: (event) => this.#tell(event),
      signal: this.#stopping.signal,
    });
    this.#context = new ContextReader({
      client: new UcxiClient(client.connection, client.connection),
      browser: () => this.#model.browser,
      tell: (event) => this.#tell(event),
      withPassphrase: (work) => this.#commands.withPassphrase(work),
      signal: this.#stopping.signal,
    });
    this.#feed = new MeshFeed({
      client,
      context: this.#context,
      browser: () => this.#model.browser,
      clock,
      signal: this.#stopping.signal,
      dispatch: (event) => {
        this.#take(event);
        this.#screen.invalidate();
      },
    });
  }

  /** Takes the terminal and draws; the portal runs on its own until the person quits, the terminal is gone, or `stop`. */
  start(): Promise<void> {
    this.#done ??= this.#run();
    return Promise.resolve();
  }

  /** Resolves with the status once it has ended and the terminal was given back; never rejects. */
  get done(): Promise<ExitStatus> {
    return this.#done ?? Promise.resolve(EXIT.ok);
  }

  /** Ends it. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException("The portal was stopped", "AbortError"));
    await this.done;
  }

  async #run(): Promise<ExitStatus> {
    const { terminal, clock } = this.#deps;
    const { signal } = this.#stopping;
    const resized = () => {
      this.#take({ type: "resized", size: terminal.size() });
      this.#screen.draw();
    };
    terminal.enter();
    const removeResize = terminal.onResize(resized);
    const removeContinue = this.#foreground.watch();
    const tick = clock.setPeriodic(TICK_MS, () => {
      this.#take({ type: "tick" });
      this.#screen.invalidate();
    });
    resized();
    const feeding = this.#feed.run();
    try {
      await this.#keyboard.run(signal);
      return EXIT.ok; // the keyboard is gone
    } catch (error) {
      return signal.aborted || error instanceof OutputClosedError ? EXIT.ok : EXIT.failure;
    } finally {
      this.#stopping.abort(new DOMException("The portal has ended", "AbortError"));
      this.#commands.stop();
      tick.cancel();
      this.#wake?.cancel();
      removeResize();
      removeContinue();
      this.#screen.stop();
      terminal.leave();
      await feeding;
      await this.#line.ended;
    }
  }

  #pressed(presses: readonly Press[]): void {
    for (const press of presses) this.#take({ type: "press", press });
    if (presses.length > 0) this.#screen.draw();
  }

  #take(event: ScreenEvent): void {
    const { clock } = this.#deps;
    const step = update(this.#model, event, { nowMs: clock.nowMs(), monoMs: clock.monotonicMs() });
    this.#model = step.model;
    for (const effect of step.effects) this.#carryOut(effect);
  }

  /** An event that comes out of an effect, drawn soon. */
  #tell(event: ScreenEvent): void {
    if (this.#stopping.signal.aborted) return;
    this.#take(event);
    this.#screen.draw();
  }

  #carryOut(effect: Effect): void {
    const { clock } = this.#deps;
    switch (effect.type) {
      case "send":
        return this.#background(this.#threads.say(effect));
      case "read_thread":
        return this.#background(this.#threads.read(effect.reference));
      case "run":
        return this.#background(this.#commands.run(effect.line));
      case "interrupt":
        return this.#commands.interrupt();
      case "decide":
        return this.#background(this.#commands.decide(effect));
      case "reply":
        return this.#commands.reply(effect.text);
      case "refresh":
        return this.#feed.refresh(effect.what);
      case "request":
        return this.#feed.request(effect.requestId);
      case "read_templates":
        return this.#background(this.#forms.list());
      case "read_prompts":
        return this.#background(this.#listPrompts());
      case "open_form":
        return this.#background(this.#forms.open(effect.template));
      case "send_form":
        return this.#background(this.#forms.send(effect));
      case "show_task":
        return this.#background(this.#showTask(effect.taskId));
      case "list_context":
      case "read_context":
      case "read_versions":
      case "diff_context":
      case "read_decision":
      case "vote":
        return this.#context.carryOut(effect);
      case "person":
        return this.#background(this.#say(effect.person));
      case "bell":
        return this.#emit("\x07");
      case "notify":
        if (this.#foreground.isAway) return; // another program's screen; the bell rings
        return this.#emit(`\x1b]9;${sanitiseLine(effect.text, 200)}\x07`);
      case "title":
        if (this.#foreground.isAway) return; // it is set when the screen is back
        return this.#emitTitle(effect.text);
      case "copy":
        return this.#emit(`\x1b]52;c;${new TextEncoder().encode(effect.text).toBase64()}\x07`);
      case "mouse":
        return this.#emit(effect.isOn ? "\x1b[?1000h\x1b[?1006h" : "\x1b[?1006l\x1b[?1000l");
      case "wake":
        this.#wake?.cancel();
        this.#wake = clock.setTimer(effect.afterMs, () => this.#tell({ type: "tick" }));
        return;
      case "theme":
        return this.#screen.setTheme(this.#deps.themeOf(effect.name));
      case "reload":
        return this.#background(this.#reload());
      case "redraw":
        return this.#screen.redraw();
      case "suspend":
        return this.#background(this.#line.suspend());
      case "edit_line":
        return this.#background(this.#line.edit());
      case "quit":
        return this.#stopping.abort(new DOMException("The person quit", "AbortError"));
      default:
        return assertNever(effect);
    }
  }

  /** Between frames: a terminal takes whole writes one after the other. */
  #emit(text: string): void {
    this.#deps.terminal.write(text).catch((error) => this.#stopping.abort(error));
  }

  #emitTitle(text: string = titleOf(this.#model)): void {
    this.#emit(`\x1b]0;${sanitiseLine(text, 80)}\x07`);
  }

  /** What it fails with is told on the screen. */
  #background(work: Promise<void>): void {
    work.catch((error) => this.#tell({ type: "output", text: errorMessage(error), isTalk: true }));
  }

  async #say(person: PersonPresence): Promise<void> {
    await this.#deps.client.setPerson(person, { signal: this.#stopping.signal });
    this.#feed.refresh("peers");
  }

  async #listPrompts(): Promise<void> {
    const { entries } = await this.#deps.libraries.prompts.read();
    this.#tell({ type: "prompts", ids: [...entries.keys()] });
  }

  async #reload(): Promise<void> {
    const { libraries, loadKeymap } = this.#deps;
    const { keymap, lines } = await reload(libraries, loadKeymap);
    if (keymap) this.#tell({ type: "keymap", keymap });
    this.#tell({ type: "text", title: "Read anew", text: lines.join("\n") });
  }

  async #showTask(taskId: string): Promise<void> {
    const { client, clock, settings: { format } } = this.#deps;
    const task = await client.task(taskId, { signal: this.#stopping.signal });
    const history = task.history.map((entry) => `  [${format.date(entry.hlc.ms)}] ${describeEntry(entry)}`);
    const lines = [...describeTask(task, format, clock.nowMs()), "", "History", ...history];
    this.#tell({ type: "text", title: "Task", text: lines.join("\n") });
  }
}
