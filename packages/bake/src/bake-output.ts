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
  const apt = explainApt(output);
  if (apt !== undefined) return { code: "INPUT_UNREACHABLE", because: apt };
  // "#12 0.345 text" is what a step printed, "ERROR: …" what buildx says at the end.
  const printed = lines.filter((line) => /^#\d+ [\d.]+ /u.test(line) || line.startsWith("ERROR:")).slice(-8);
  const because = printed.map((line) => line.replace(/^#\d+ [\d.]+ /u, "").slice(0, 300)).join("\n");
  return { code: "BUILD_FAILED", because: because === "" ? (lines.at(-1) ?? "buildx said nothing") : because };
}
