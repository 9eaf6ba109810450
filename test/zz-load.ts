import { findEngine, loadTarget, readReport } from "@prosody-foundry/bake";
import { runCommand, silent } from "@prosody-foundry/kit";
import { readFileSync } from "node:fs";
for (const s of process.argv.slice(2)) {
  const [b] = JSON.parse(readFileSync(`/tmp/compliance-build-${s}.json`, "utf8"));
  const cacheDir = "/tmp/cache-compliance";
  const report = await readReport(cacheDir, b.id);
  const engine = await findEngine({ exec: runCommand, env: process.env });
  console.log(s, await loadTarget({ engine, cacheDir, exec: runCommand, progress: silent }, report!, "linux/amd64"));
}
