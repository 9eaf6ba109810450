import { type Finding, bad, good } from "./check-result.ts";

/** One line of Prosody's log: `host:module<spaces>level<tab>text`. */
interface LogLine {
  source: string;
  level: string;
  text: string;
}

/** What the image says of itself once it runs: see mod_foundry_report in the image. */
export interface ServerReport {
  version: string;
  hosts: string[];
  loaded: string[];
  notEnabled: string[];
  failed: string[];
}

/** The server's own report out of its log; undefined until it is there. */
export function findReport(log: string): ServerReport | undefined {
  const line = parseLog(log).find(({ source }) => source === "mod_foundry_report");
  const [head, ...lists] = line?.text.split("; ") ?? [];
  const serves = /^Prosody (\S+(?: \S+)*?) serves (.*)$/u.exec(head ?? "");
  if (serves === null) return undefined;
  const names = (label: string): string[] =>
    lists.flatMap((list) => (list.startsWith(`${label}: `) ? list.slice(label.length + 2).split(" ") : []));
  return {
    version: serves[1] ?? "",
    hosts: serves[2]?.split(" ") ?? [],
    loaded: names("loaded"),
    notEnabled: names("not enabled"),
    failed: names("failed"),
  };
}

/**
 * Whether all modules that were shipped are loaded. The log decides: Prosody's map of modules keeps some that failed,
 * and `prosodyctl check` passes with them.
 */
export function judgeModules(log: string, shipped: readonly string[]): Finding {
  const report = findReport(log);
  if (report === undefined) return bad("the server did not report its modules");
  const wrong = findFaults(log, shipped);
  if (wrong.length > 0) return bad(wrong.map(({ name, because }) => `${name}: ${because}`).join("; "));
  const off = shipped.filter((name) => report.notEnabled.includes(name));
  const loaded = `${shipped.length - off.length} of ${shipped.length} loaded`;
  return good(off.length === 0 ? loaded : `${loaded}, ${off.length} not enabled unless asked for`);
}

/** A module that should have been loaded, and what the log says instead. */
export interface ModuleFault {
  name: string;
  because: string;
}

/** Those of the modules that the log complains about, or that are neither loaded nor switched off. */
export function findFaults(log: string, modules: readonly string[]): ModuleFault[] {
  const report = findReport(log);
  const known = new Set([...(report?.loaded ?? []), ...(report?.notEnabled ?? [])]);
  return modules.flatMap((name) => {
    const complaint = findComplaint(log, name);
    if (complaint !== undefined) return [{ name, because: complaint }];
    return known.has(name) ? [] : [{ name, because: "is not loaded" }];
  });
}

/** Those of the modules that the log complains about. */
export function findComplaints(log: string, modules: readonly string[]): ModuleFault[] {
  return modules.flatMap((name) => {
    const because = findComplaint(log, name);
    return because === undefined ? [] : [{ name, because }];
  });
}

/** The first error about a module: of the loader, or of the module itself. */
export function findComplaint(log: string, module: string): string | undefined {
  const name = module.replace(/^mod_/u, "");
  const about = parseLog(log).find(({ source, level, text }) => {
    if (source === "modulemanager") return text.includes(`module '${name}'`) && /^(Unable|Error)/u.test(text);
    return level === "error" && (source === module || source.endsWith(`:${name}`));
  });
  return about?.text;
}

/** What the image itself says where it does not start. */
export function findRefusals(log: string): string[] {
  const own = parseLog(log).filter(({ source, level }) => source === "prosody-foundry" && level === "error");
  return own.map(({ text }) => text);
}

function parseLog(log: string): LogLine[] {
  return log.split("\n").flatMap((line) => {
    const parts = /^(\S+)\s+(debug|info|warn|error)\t(.*)$/u.exec(line);
    return parts === null ? [] : [{ source: parts[1] ?? "", level: parts[2] ?? "", text: parts[3] ?? "" }];
  });
}

/** Whether a stopped server had ended by itself within its grace, in seconds: killed ones leave 137 and no last word. */
export function judgeStop(exitCode: number, log: string, grace = 2): Finding {
  const last = log.trimEnd().split("\n").at(-1) ?? "";
  if (exitCode === 137) return bad(`it was killed after ${grace} s; its last line: ${last}`);
  if (exitCode !== 0) return bad(`it ended with exit code ${exitCode}; its last line: ${last}`);
  if (!log.includes("Shutdown complete")) return bad(`it ended without shutting down; its last line: ${last}`);
  return good("it shut down by itself with exit code 0");
}
