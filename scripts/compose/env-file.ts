const QUOTES = ["'", "`", '"'] as const;

/**
 * Settings as a file for Node's `--env-file`.
 * @throws when a value holds all three kinds of quotes: the format has no way to write it.
 */
export function envFileOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${quoted(name, value)}\n`)
    .join("");
}

function quoted(name: string, value: string): string {
  // Between double quotes \n would become a new line.
  const quote = QUOTES.find((candidate) => !value.includes(candidate) && !(candidate === '"' && value.includes("\\n")));
  if (quote === undefined) throw new Error(`${name} holds ', \` and ", which a file of settings cannot`);
  return `${quote}${value}${quote}`;
}
