/** Label values by label name. */
export type Labels = Readonly<Record<string, string>>;

/** One line of the text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** The series of one metric by their label values; at most `maxSeries`, and one more for what did not fit. */
export class SeriesStore<S> {
  readonly labelNames: readonly string[];
  readonly #maxSeries: number;
  readonly #create: () => S;
  readonly #series = new Map<string, { readonly values: readonly string[]; readonly series: S }>();
  #other: S | undefined;

  constructor(labelNames: readonly string[], maxSeries: number, create: () => S) {
    this.labelNames = labelNames;
    this.#maxSeries = maxSeries;
    this.#create = create;
  }

  /** The series of these values, made when there is room; undefined when there is none. */
  at(values: readonly string[]): S | undefined {
    const key = JSON.stringify(values);
    const known = this.#series.get(key);
    if (known) return known.series;
    if (this.#series.size >= this.#maxSeries) return undefined;
    const series = this.#create();
    this.#series.set(key, { values, series });
    return series;
  }

  /** The series for everything that did not fit. */
  other(): S {
    this.#other ??= this.at(this.labelNames.map(() => "other")) ?? this.#create();
    return this.#other;
  }

  /** Every series with its labels, in order of appearance. */
  entries(): [Labels, S][] {
    const labelled = (values: readonly string[]): Labels =>
      Object.fromEntries(this.labelNames.map((name, i) => [name, values[i] ?? ""]));
    const all = [...this.#series.values()].map(({ values, series }): [Labels, S] => [labelled(values), series]);
    if (this.#other !== undefined && !all.some(([, series]) => series === this.#other)) {
      all.push([labelled(this.labelNames.map(() => "other")), this.#other]);
    }
    return all;
  }
}

/** Counts per upper bound, their sum and their number. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count++;
    const index = this.#bounds.findIndex((bound) => value <= bound);
    const counted = this.#counts[index];
    if (counted !== undefined) this.#counts[index] = counted + 1;
  }

  /** Cumulative, as the format wants them. */
  samples(name: string, labels: Labels): Sample[] {
    let cumulative = 0;
    const buckets = this.#bounds.map((bound, i) => {
      cumulative += this.#counts[i] ?? 0;
      return { name: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: cumulative };
    });
    return [
      ...buckets,
      { name: `${name}_bucket`, labels: { ...labels, le: "+Inf" }, value: this.#count },
      { name: `${name}_sum`, labels, value: this.#sum },
      { name: `${name}_count`, labels, value: this.#count },
    ];
  }
}
