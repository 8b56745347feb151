import { Histogram, type Labels, type Sample, SeriesStore } from "./series.ts";

/** The name, meaning and label names of a metric. */
export interface MetricOptions {
  /** `[a-zA-Z_:][a-zA-Z0-9_:]*`; counters end in `_total`, quantities name their base unit (`_seconds`, `_bytes`). */
  readonly name: string;
  readonly help: string;
  /** Every sample carries exactly these. None unless told. */
  readonly labelNames?: readonly string[];
  /**
   * Label sets that are kept, 100 unless told. What comes after is added to one set whose values are all "other" (counters,
   * histograms) or left out (gauges), and counted in `bzzz_metrics_overflow_total`: a peer's input must not grow the memory.
   */
  readonly maxSeries?: number;
}

/** A number that only grows. */
export interface Counter {
  /** @throws RangeError for an amount below 0 */
  increment(labels?: Labels, amount?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
}

/** How often values fell into which range. */
export interface HistogramMetric {
  observe(value: number, labels?: Labels): void;
}

type MetricType = "counter" | "gauge" | "histogram";

interface Metric {
  readonly type: MetricType;
  readonly options: MetricOptions;
  render(): string[];
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const DEFAULT_MAX_SERIES = 100;
/** Prometheus' own defaults, in seconds. */
export const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** What `render()` is, for the Content-Type header. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Metrics by name, written in the Prometheus text format 0.0.4. Holds no timer; nothing to close. */
export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #overflow: SeriesStore<{ value: number }>;
  readonly #collectErrors: SeriesStore<{ value: number }>;

  constructor() {
    this.#overflow = this.#numbers("counter", {
      name: "bzzz_metrics_overflow_total",
      help: "Samples that exceeded the label sets a metric keeps",
      labelNames: ["metric"],
      maxSeries: 1_000,
    });
    this.#collectErrors = this.#numbers("counter", {
      name: "bzzz_metrics_collect_errors_total",
      help: "Reads of a value at scrape time that threw",
      labelNames: ["metric"],
      maxSeries: 1_000,
    });
  }

  /** @throws TypeError for a bad or taken name */
  counter(options: MetricOptions): Counter {
    const store = this.#numbers("counter", options);
    return {
      increment: (labels = {}, amount = 1) => {
        if (!(amount >= 0)) throw new RangeError(`Cannot add ${amount} to counter "${options.name}"`);
        const series = this.#at(store, options.name, labels, "other");
        if (series) series.value += amount;
      },
    };
  }

  /** @throws TypeError for a bad or taken name */
  gauge(options: MetricOptions): Gauge {
    const store = this.#numbers("gauge", options);
    return {
      set: (value, labels = {}) => {
        const series = this.#at(store, options.name, labels, "drop");
        if (series) series.value = value;
      },
    };
  }

  /** `buckets`: upper bounds, growing, in the unit of the name. @throws TypeError for a bad or taken name or bounds */
  histogram(options: MetricOptions & { readonly buckets?: readonly number[] }): HistogramMetric {
    const bounds = options.buckets ?? DEFAULT_BUCKETS;
    if (
      bounds.length === 0 || bounds.some((bound, i) => !Number.isFinite(bound) || bound <= (bounds[i - 1] ?? -Infinity))
    ) {
      throw new TypeError(`Cannot register histogram "${options.name}": the buckets do not grow`);
    }
    const store = new SeriesStore(
      options.labelNames ?? [],
      options.maxSeries ?? DEFAULT_MAX_SERIES,
      () => new Histogram(bounds),
    );
    this.#add(
      "histogram",
      options,
      () => store.entries().flatMap(([labels, histogram]) => histogram.samples(options.name, labels).map(renderSample)),
    );
    return {
      observe: (value, labels = {}) => this.#at(store, options.name, labels, "other")?.observe(value),
    };
  }

  /**
   * A counter or gauge whose samples are read when somebody scrapes. `collect` must be quick; when it throws, the metric is
   * left out of that scrape and counted. At most `maxSeries` samples are written.
   */
  collected(
    type: "counter" | "gauge",
    options: MetricOptions,
    collect: () => number | Iterable<readonly [Labels, number]>,
  ): void {
    const names = options.labelNames ?? [];
    const max = options.maxSeries ?? DEFAULT_MAX_SERIES;
    this.#add(type, options, () => {
      try {
        const read = collect();
        const samples: readonly (readonly [Labels, number])[] = typeof read === "number" ? [[{}, read]] : [...read];
        if (samples.length > max) this.#count(this.#overflow, options.name, samples.length - max);
        return samples.slice(0, max).map(([labels, value]) =>
          renderSample({ name: options.name, labels: pickLabels(options.name, names, labels), value })
        );
      } catch {
        // Counted, not logged: a scraper asks every few seconds and the other metrics are still good.
        this.#count(this.#collectErrors, options.name, 1);
        return [];
      }
    });
  }

  /** The text of all metrics, ending in a line feed. */
  render(): string {
    // The registry's own counters were added first but must tell what this very scrape adds: they are written last.
    const [overflow, collectErrors, ...others] = this.#metrics.values();
    const lines: string[] = [];
    for (const metric of [...others, overflow, collectErrors]) {
      const samples = metric?.render() ?? [];
      if (!metric || samples.length === 0) continue;
      lines.push(`# HELP ${metric.options.name} ${escapeHelp(metric.options.help)}`);
      lines.push(`# TYPE ${metric.options.name} ${metric.type}`);
      lines.push(...samples);
    }
    return lines.map((line) => `${line}\n`).join("");
  }

  #numbers(type: "counter" | "gauge", options: MetricOptions): SeriesStore<{ value: number }> {
    const labelNames = options.labelNames ?? [];
    const store = new SeriesStore(labelNames, options.maxSeries ?? DEFAULT_MAX_SERIES, () => ({ value: 0 }));
    this.#add(
      type,
      options,
      () =>
        store.entries().map(([labels, series]) => renderSample({ name: options.name, labels, value: series.value })),
    );
    // A counter without labels shows 0 before its first event, so that a rate can be computed from the start.
    if (type === "counter" && labelNames.length === 0) store.at([]);
    return store;
  }

  #add(type: MetricType, options: MetricOptions, render: () => string[]): void {
    if (!METRIC_NAME.test(options.name)) throw new TypeError(`Cannot register metric "${options.name}": bad name`);
    for (const label of options.labelNames ?? []) {
      const isReserved = type === "histogram" && label === "le";
      if (!LABEL_NAME.test(label) || isReserved) {
        throw new TypeError(`Cannot register metric "${options.name}": bad label "${label}"`);
      }
    }
    if (this.#metrics.has(options.name)) {
      throw new TypeError(`Cannot register metric "${options.name}": the name is taken`);
    }
    this.#metrics.set(options.name, { type, options, render });
  }

  #at<S>(store: SeriesStore<S>, name: string, labels: Labels, overflow: "other" | "drop"): S | undefined {
    const values = store.labelNames.map((label) => pickLabels(name, store.labelNames, labels)[label] ?? "");
    const series = store.at(values);
    if (series) return series;
    this.#count(this.#overflow, name, 1);
    return overflow === "other" ? store.other() : undefined;
  }

  #count(store: SeriesStore<{ value: number }>, metric: string, amount: number): void {
    const series = store.at([metric]) ?? store.other();
    series.value += amount;
  }
}

/** Exactly the declared labels. @throws TypeError for a missing or an undeclared one: that is a bug of the caller. */
function pickLabels(metric: string, names: readonly string[], labels: Labels): Labels {
  const given = Object.keys(labels);
  if (given.length !== names.length || names.some((name) => labels[name] === undefined)) {
    throw new TypeError(`Cannot sample "${metric}": labels [${given.join(", ")}] are not [${names.join(", ")}]`);
  }
  return labels;
}

function renderSample(sample: Sample): string {
  const labels = Object.entries(sample.labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",");
  return `${sample.name}${labels ? `{${labels}}` : ""} ${renderNumber(sample.value)}`;
}

function renderNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
