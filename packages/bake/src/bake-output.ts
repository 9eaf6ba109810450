import { explainApt } from "./fetch-stage.ts";

/** A line for people out of bake's plain output: the start of a build step, once per step; undefined for the rest. */
export function stepOf(line: string): string | undefined {
  const match = /^#\d+ (\[[^\]]*\] (?:RUN|COPY|FROM|exporting).*|exporting to .*)$/u.exec(line);
  if (match?.[1] === undefined || match[1].startsWith("[internal]")) return undefined;
  return match[1].replace(/\s*<<.*$/u, "").replace(/^\[([^\]]*)\] \w+.*$/u, "Building $1");
}

/** Why a build failed, in one sentence, with the code it deserves. */
export function explainBuild(lines: readonly string[]): { code: string; because: string } {
  const output = lines.join("\n");
  if (/no space left on device/iu.test(output)) return { code: "DISK_FULL", because: "no space is left on the disk" };
  const refused = explainHash(lines.map(stripStep).join("\n"));
  if (refused !== undefined) return { code: "INPUT_REFUSED", because: refused };
  const apt = explainGone(output) ?? explainApt(output);
  if (apt !== undefined) return { code: "INPUT_UNREACHABLE", because: apt };
  // "#12 0.345 text" is what a step printed, "ERROR: …" what buildx says at the end.
  const printed = lines.filter((line) => /^#\d+ [\d.]+ /u.test(line) || line.startsWith("ERROR:")).slice(-8);
  const because = printed.map((line) => stripStep(line).slice(0, 300)).join("\n");
  return { code: "BUILD_FAILED", because: because === "" ? (lines.at(-1) ?? "buildx said nothing") : because };
}

function stripStep(line: string): string {
  return line.replace(/^#\d+ [\d.]+ /u, "");
}

/** A package that the mirror delivered with other bytes than locked, out of what apt-helper printed. */
function explainHash(output: string): string | undefined {
  const mismatch =
    /Failed to fetch \S*\/(?<file>[^\s/]+\.deb)\s+Hash Sum mismatch\s+Hashes of expected file:\s+- SHA256:(?<expected>\w+)\s+Hashes of received file:\s+- SHA256:(?<received>\w+)/u;
  const found = mismatch.exec(output)?.groups;
  if (found === undefined) return undefined;
  const file = (found["file"] ?? "").replaceAll("%2b", "+");
  return `Debian's mirror has other bytes of ${file}: SHA-256 ${found["expected"]} is locked, ${found["received"]} came`;
}

/** The Dockerfile's own words about a package that is nowhere any more. */
function explainGone(output: string): string | undefined {
  return /\bE: Failed to fetch (\S+ \S+: neither .*)/u.exec(output)?.[1];
}
