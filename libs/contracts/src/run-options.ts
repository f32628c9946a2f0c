import { z } from "zod";

/** How much of a machine a worker gets, where the runner can tell. */
export const WORKER_SIZES = ["small", "standard", "large"] as const;
export const WorkerSize = z.enum(WORKER_SIZES);
export type WorkerSize = z.infer<typeof WorkerSize>;

/** What a run is to have besides its task. Unset: whoever asked left it to others. */
export const RunOptions = z.object({ size: WorkerSize.optional(), docker: z.boolean().optional() });
export type RunOptions = z.infer<typeof RunOptions>;

/** Each option as it is written, with the values it takes. */
export const OPTION_VALUES = {
  size: { small: { size: "small" }, standard: { size: "standard" }, large: { size: "large" } },
  docker: { on: { docker: true }, off: { docker: false } },
} as const satisfies Record<keyof RunOptions, Record<string, RunOptions>>;
export type OptionName = keyof typeof OPTION_VALUES;

/** What `name=value` asks for; `undefined` when the option does not take this value. */
export function optionOf(name: OptionName, value: string): RunOptions | undefined {
  return new Map<string, RunOptions>(Object.entries(OPTION_VALUES[name])).get(value);
}

/** The options as somebody would write them, such as `size=large docker=on`. */
export function writtenOptions({ size, docker }: RunOptions): string[] {
  const written = size === undefined ? [] : [`size=${size}`];
  return docker === undefined ? written : [...written, `docker=${docker ? "on" : "off"}`];
}
