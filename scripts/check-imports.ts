import { join } from "node:path";
import { findViolations } from "./imports/find-violations.ts";
import { readProject } from "./imports/read-project.ts";

const { files, manifests } = await readProject(join(import.meta.dirname, ".."));
const violations = findViolations(files, manifests);
process.stderr.write(violations.map((violation) => `${violation}\n`).join(""));
process.exitCode = violations.length === 0 ? 0 : 1;
