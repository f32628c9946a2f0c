// Plain JavaScript that an old Node (16 or newer) runs: it installs the dependencies when they are missing or stale,
// finds the Node this project is pinned to and runs a script with it.
//
//   node scripts/bootstrap.mjs scripts/dev.ts [arguments…]
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const commands = join(modules, ".bin");
const stamp = join(modules, ".installed-from-lock");
const pinnedNode = join(modules, "node/bin/node");
const [script, ...parameters] = process.argv.slice(2);

class Unusable extends Error {}

try {
  if (script === undefined) throw new Unusable("Say which script to run: node scripts/bootstrap.mjs scripts/dev.ts");
  if (!existsSync(resolve(script))) throw new Unusable(`There is no ${script}.`);
  const isFresh = areDependenciesCurrent();
  if (!isFresh) await installDependencies();
  if (isFresh && isThisThePinnedNode()) await runHere();
  else runWithPinnedNode();
} catch (error) {
  if (!(error instanceof Unusable)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

/** The stamp holds the hash of the lock file the folder was made from; an install by hand shows in the age of npm's own. */
function areDependenciesCurrent() {
  if (!existsSync(modules)) return false;
  const hash = hashOfLock();
  if (existsSync(stamp) && readFileSync(stamp, "utf8").trim() === hash) return true;
  const hiddenLock = join(modules, ".package-lock.json");
  if (!existsSync(hiddenLock)) return false;
  if (statSync(hiddenLock).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs) return false;
  writeFileSync(stamp, `${hash}\n`);
  return true;
}

function hashOfLock() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

async function installDependencies() {
  process.stderr.write("Installing the dependencies with npm ci; this happens once and takes a minute or two.\n");
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const heartbeat = setInterval(() => {
    process.stderr.write(`  … still installing, ${seconds()} s\n`);
  }, 15000);
  const code = await runNpm(["ci", "--no-audit", "--no-fund"]);
  clearInterval(heartbeat);
  if (code !== 0) {
    throw new Unusable(
      `npm ci failed (exit code ${code}); its own words are above. It needs a network connection to the npm registry ` +
        "and about 1.5 GB of disk. When that is in place, run the same command again.",
    );
  }
  writeFileSync(stamp, `${hashOfLock()}\n`);
  process.stderr.write(`Installed in ${seconds()} s.\n`);
}

/** npm must not run on the very Node it is about to delete, which stands first in the PATH inside `npm run`. */
function runNpm(npmParameters) {
  const path = (process.env.PATH || "")
    .split(delimiter)
    .filter((folder) => resolve(folder) !== commands)
    .join(delimiter);
  return new Promise((done) => {
    const npm = spawn("npm", npmParameters, { cwd: root, stdio: "inherit", env: { ...process.env, PATH: path } });
    npm.once("error", (error) => {
      process.stderr.write(`npm could not be started: ${error.message}\n`);
      done(127);
    });
    npm.once("close", (code, signal) => done(code === null ? signal : code));
  });
}

function pinnedVersion() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.node;
}

function isThisThePinnedNode() {
  return (
    process.version === `v${pinnedVersion()}` &&
    existsSync(pinnedNode) &&
    realpathSync(process.execPath) === realpathSync(pinnedNode)
  );
}

function checkPinnedNode() {
  const wanted = `v${pinnedVersion()}`;
  const again = "Run  npm ci --ignore-scripts=false  in this folder, then the same command again.";
  if (!existsSync(pinnedNode)) {
    throw new Unusable(
      `Node ${wanted} is missing: the npm package "node" fetches it in an install script, and npm was told to run none ` +
        `(ignore-scripts). ${again}`,
    );
  }
  const check = spawnSync(pinnedNode, ["--version"], { encoding: "utf8" });
  const found = check.error === undefined && check.status === 0 ? check.stdout.trim() : undefined;
  if (found === wanted) return;
  const problem = found === undefined ? "does not run on this machine" : `is ${found}`;
  throw new Unusable(`node_modules/node/bin/node should be Node ${wanted} and ${problem}. ${again}`);
}

function withCommands(environment) {
  return { ...environment, PATH: [commands, environment.PATH || ""].join(delimiter) };
}

/** Saves a process: signals then reach the script without a detour. */
async function runHere() {
  Object.assign(process.env, withCommands(process.env));
  process.argv = [process.execPath, resolve(script), ...parameters];
  await import(pathToFileURL(resolve(script)).href);
}

function runWithPinnedNode() {
  checkPinnedNode();
  const child = spawn(pinnedNode, [resolve(script), ...parameters], {
    stdio: "inherit",
    env: withCommands(process.env),
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("close", (code, signal) => {
    process.exitCode = code === null ? 128 + (constants.signals[signal] || 0) : code;
    process.removeAllListeners();
  });
}
