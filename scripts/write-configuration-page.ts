import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { configurationPage } from "./settings/configuration-page.ts";
import { readSettings } from "./settings/read-settings.ts";

const root = join(import.meta.dirname, "..");
const file = join(root, "docs/configuration.md");
const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

const page = configurationPage(await readSettings(root));
if (!values.check) {
  await writeFile(file, page);
} else if ((await readFile(file, "utf8").catch(() => "")) !== page) {
  process.stderr.write("docs/configuration.md differs from the schemas of the services. Write it anew: npm run docs\n");
  process.exitCode = 1;
}
