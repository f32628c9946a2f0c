import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestTitles, titlesIn } from "./find-empty-promises.ts";

/** The titles of all tests: those of a service or library by its name, the others by their folder. */
export async function readTestTitles(root: string): Promise<TestTitles> {
  const titles = new Map<string, string[]>();
  for await (const path of glob("{libs/*/test,services/*/test,e2e,k8s/test,scripts/test}/**/*.ts", { cwd: root })) {
    const place = placeOf(path);
    titles.set(place, [...(titles.get(place) ?? []), ...titlesIn(await readFile(join(root, path), "utf8"))]);
  }
  return titles;
}

function placeOf(path: string): string {
  const [top = "", name = ""] = path.split(/[\\/]/);
  if (top === "libs" || top === "services") return name;
  if (top === "e2e" && !name.endsWith(".ts")) return `e2e/${name}`;
  return top;
}
