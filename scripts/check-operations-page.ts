import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findEmptyPromises } from "./operations/find-empty-promises.ts";
import { readTestTitles } from "./operations/read-test-titles.ts";

const root = join(import.meta.dirname, "..");
const page = await readFile(join(root, "docs/operations.md"), "utf8");
const complaints = findEmptyPromises(page, await readTestTitles(root));
for (const complaint of complaints) process.stderr.write(`docs/operations.md: ${complaint}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;
