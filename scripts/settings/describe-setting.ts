import { z } from "zod";

/** What a service's schema says of one environment variable. */
export interface Setting {
  name: string;
  description: string;
  /** As one would write it in the environment; unset when there is none. */
  defaultValue?: string;
  isRequired: boolean;
  isSecret: boolean;
}

/** Reads one entry of a settings schema, through `.optional()`, `.default()`, `.describe()` and transformations. */
export function describeSetting(name: string, schema: z.core.$ZodType): Setting {
  const layers = layersOf(schema);
  const metadata = layers.map((layer) => z.globalRegistry.get(layer) ?? {});
  const defaulted = layers.map(({ _zod }) => _zod.def).find((def) => def.type === "default");
  const defaultValue = defaulted === undefined ? undefined : asText((defaulted as z.core.$ZodDefaultDef).defaultValue);
  return {
    name,
    description: metadata.find(({ description }) => description !== undefined)?.description ?? "",
    isRequired: !z.safeParse(schema, undefined).success,
    isSecret: metadata.some(({ isSecret }) => isSecret === true),
    ...(defaultValue === undefined ? {} : { defaultValue }),
  };
}

/** The schema and what it wraps, outermost first. A transformation is described by both of its sides. */
function layersOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  const def = schema._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType; out?: z.core.$ZodType };
  const wrapped = [def.innerType, def.in, def.out].filter((inner) => inner !== undefined);
  return [schema, ...wrapped.flatMap(layersOf)];
}

function asText(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}
