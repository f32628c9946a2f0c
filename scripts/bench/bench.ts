/** Something that is measured against the bare thing it is built on, in the same run: machines differ and are busy. */
export interface Bench {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  /** What is measured against what, a sentence or two for the page. */
  readonly about: string;
  /** Rounds unless told. */
  readonly rounds: number;
  run(options: BenchOptions): Promise<BenchResult>;
}

export interface BenchOptions {
  /** An empty folder of this run alone; removed afterwards. */
  dataDir: string;
  /** How often everything is measured, in turns. */
  rounds: number;
  signal: AbortSignal;
  /** Told how it goes. */
  report: (message: string) => void;
}

/** One row: the values of all rounds, in the order of the rounds. */
export interface Series {
  name: string;
  values: readonly number[];
  /** The ratio to the baseline that is aimed at. */
  goal?: { ratio: number; isCeiling: boolean };
}

export interface BenchResult {
  unit: string;
  baseline: Series;
  measured: readonly Series[];
  /** Where the time goes, per row that was looked into. */
  breakdowns: readonly Breakdown[];
  load: { before: number; after: number };
}

export interface Breakdown {
  name: string;
  /** Each stage with the values of all rounds, in the order they come one after the other. */
  stages: readonly Series[];
}
