/** Titles of tests and suites by the folder they are in: `launcher`, `e2e/worker`. */
export type TestTitles = ReadonlyMap<string, readonly string[]>;

/**
 * What is wrong with the tests that the page's table of promises names: each row must name one, by its folder in code
 * and its whole title in italics, and each must exist. Rows in bold alone are headings.
 */
export function findEmptyPromises(page: string, tests: TestTitles): string[] {
  const complaints: string[] = [];
  const rows = rowsOf(page);
  if (rows.length === 0) complaints.push("there is no table with the columns when, what happens, tests");
  for (const [when = "", , cell = ""] of rows) {
    if (/^\*\*.*\*\*$/.test(when)) continue;
    const named = namedTests(cell);
    if (named.length === 0) complaints.push(`"${when}" names no test`);
    for (const { place, title } of named) {
      if (!exists(title, tests.get(place) ?? [])) complaints.push(`"${when}": ${place} has no test "${title}"`);
    }
  }
  return complaints;
}

function rowsOf(page: string): string[][] {
  const lines = page.split("\n");
  const head = lines.findIndex((line) => /^\| when \| what happens \| tests \|$/.test(line));
  if (head < 0) return [];
  const body = lines.slice(head + 2);
  const end = body.findIndex((line) => !line.startsWith("|"));
  return body.slice(0, end < 0 ? body.length : end).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

function namedTests(cell: string): { place: string; title: string }[] {
  let place = "";
  return [...cell.matchAll(/`([^`]+)`|\*([^*]+)\*/g)].flatMap(([, folder, title]) => {
    if (folder !== undefined) place = folder;
    return title === undefined ? [] : [{ place, title }];
  });
}

/** A title in the source may have places that are filled in when it runs. */
function exists(title: string, titles: readonly string[]): boolean {
  return titles.some((known) => {
    const parts = known.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".+")}$`).test(title);
  });
}

/** The titles in the source of a test file. */
export function titlesIn(source: string): string[] {
  const calls = source.matchAll(/\b(?:describe|it)\(\s*(["'`])((?:\\.|(?!\1)[^\\])*)\1/g);
  return [...calls].map(([, , title = ""]) => title.replace(/\\(["'`])/g, "$1"));
}
