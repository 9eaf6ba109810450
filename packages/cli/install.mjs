#!/usr/bin/env node
// Installs the workspace when it is missing or older than package-lock.json. Runs on any Node 20 or newer, because
// the Node this project runs on is itself one of the packages to install.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const stamp = join(root, "node_modules", ".prosody-foundry-installed");
const wanted = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
const present = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";

if (present !== wanted) {
  console.error("Installing the workspace's packages with npm (once, about a minute).");
  // Not `npm ci`: it refuses a lock file that was made where a registry lacks other platforms' binaries. What the lock
  // file has is installed as locked, and --no-save leaves the file alone.
  const result = spawnSync("npm", ["install", "--no-save", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (result.status !== 0) {
    console.error(
      "INSTALL_FAILED: npm install did not finish.\n  Look at what npm said above; it needs the npm registry.",
    );
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

setMergeDriver();

// Git asks `foundry lock merge` to merge modules.lock.json (.gitattributes names the driver). Paths begin at the top of
// the work tree, where git runs it, so that one line is right in every clone and work tree; where foundry refuses or is
// not installed, git's text merge leaves its markers.
function setMergeDriver() {
  const top = git("rev-parse", "--show-prefix");
  if (top.status !== 0) return;
  const prefix = `./${top.stdout.trim()}`;
  const foundry = `"${prefix}node_modules/.bin/node" "${prefix}packages/cli/src/bin.ts" --root "${prefix}"`;
  const text = "git merge-file --diff3 -L ours -L base -L theirs %A %O %B";
  const driver = `${foundry} lock merge %O %A %B || ${text}`;
  if (git("config", "--get", "merge.prosody-foundry.driver").stdout.trim() === driver) return;
  git("config", "merge.prosody-foundry.name", "Prosody Foundry's lock, module by module");
  git("config", "merge.prosody-foundry.driver", driver);
}

function git(...args) {
  return spawnSync("git", ["-C", root, ...args], { encoding: "utf8" });
}
