/** A typed `EventTarget`: the payload of event `K` is `Map[K]`, in `event.detail`. Names are past tense ("peer:connected"). */
export class TypedEventTarget<Map extends object> {
  readonly #target = new EventTarget();
  /** Names somebody has listened to: an event for nobody is not even made. */
  readonly #heard = new Set<string>();

  /**
   * Listens until `signal` aborts. A listener that throws stops neither the others nor the emitter: its error counts as
   * uncaught (`watchUncaught`).
   */
  on<K extends keyof Map & string>(
    name: K,
    listener: (detail: Map[K]) => void,
    options: { signal?: AbortSignal; once?: boolean } = {},
  ): void {
    this.#heard.add(name);
    this.#target.addEventListener(name, (event) => listener((event as CustomEvent<Map[K]>).detail), options);
  }

  /** Calls every listener of `name`, synchronously. */
  emit<K extends keyof Map & string>(name: K, detail: Map[K]): void {
    if (this.#heard.has(name)) this.#target.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
