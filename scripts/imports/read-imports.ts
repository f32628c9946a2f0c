/** One module a source file asks for. */
export interface FoundImport {
  specifier: string;
  line: number;
}

/**
 * The modules a source file imports or re-exports. It reads lines, not syntax: the formatter puts every static import at
 * the start of a line, and that keeps code quoted in strings out.
 */
export function readImports(source: string): FoundImport[] {
  return withoutComments(source)
    .split("\n")
    .flatMap((text, index) => specifiersIn(text).map((specifier) => ({ specifier, line: index + 1 })));
}

/** Lines where the environment is read. */
export function findEnvironmentReads(source: string): number[] {
  return withoutComments(source)
    .split("\n")
    .flatMap((text, index) => (/\bprocess\s*\.\s*env\b|\bprocess\[["']env/.test(text) ? [index + 1] : []));
}

function specifiersIn(line: string): string[] {
  const fromClause = /^(?:import|export|\})[^"';]*\bfrom\s+["']([^"']+)["']/.exec(line)?.[1];
  const bare = /^import\s+["']([^"']+)["']/.exec(line)?.[1];
  const dynamic = [...line.matchAll(/\b(?:import|require|import\.meta\.resolve)\(\s*["']([^"']+)["']/g)];
  return [fromClause, bare, ...dynamic.map(([, specifier]) => specifier)].filter((found) => found !== undefined);
}

/** Keeps the lines' numbers. */
function withoutComments(source: string): string {
  return source
    .replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, (comment) => comment.replaceAll(/[^\n]/g, ""))
    .replaceAll(/^\s*\/\/.*$/gm, "");
}
