const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  m: 0.001,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  k: 1e3,
  M: 1e6,
  G: 1e9,
};

/** The number a Kubernetes quantity means: `1500m`, `4Gi`, `2`. */
export function quantityOf(text: string): number {
  const [, number = "", unit = ""] = /^([\d.]+)([a-zA-Z]*)$/.exec(String(text)) ?? [];
  const factor = UNITS[unit];
  if (number === "" || factor === undefined) throw new Error(`${text} is no quantity`);
  return Number(number) * factor;
}
