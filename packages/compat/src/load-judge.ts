import { compareText } from "@prosody-foundry/kit";
import type { HostKind } from "@prosody-foundry/lockfile";
import { type TriedKind, hostOf, moduleFolder } from "./load-config.ts";
import { type LogLine, type ServerOutput, printLogLine } from "./load-log.ts";

/** Where the server has the module, as its own map says it: the path of the copy it took. */
export interface LoadedMap {
  global?: string;
  hosts: Record<string, string>;
}

/** One start of a server with the module on one host of each of these kinds. */
export interface Trial {
  /** Without `mod_`. */
  name: string;
  kinds: readonly TriedKind[];
  statistics: boolean;
  log: ServerOutput["log"];
  loaded: LoadedMap | undefined;
  exitCode: number;
  /** Why the server had to be ended; undefined when it ended by itself. */
  cut: "hangs" | "floods" | undefined;
}

/** From best to worst. */
export const loadAnswers = ["loads", "doubtful", "core", "broken"] as const;
export type LoadAnswer = (typeof loadAnswers)[number];

/** What a trial says about one kind of host. */
export interface KindOutcome {
  kind: TriedKind;
  says: LoadAnswer;
  because: string;
  /** Where it was afterwards: the kind itself, "global", or both. */
  at: HostKind[];
  /**
   * What brought it about: certainly the module on this host ("itself"), perhaps another host that shared the server
   * ("any-host"), or whatever ended the server ("end").
   */
  cause: "itself" | "any-host" | "end";
}

/**
 * Judges a trial, kind by kind. The log comes first: the map keeps a module that failed after `module:set_global()`.
 */
export function judgeTrial(trial: Trial): KindOutcome[] {
  return trial.kinds.map((kind) => ({ kind, at: [], cause: "any-host", ...judgeKind(trial, kind) }));
}

type Judged = Pick<KindOutcome, "says" | "because"> & Partial<Pick<KindOutcome, "at" | "cause">>;

function judgeKind(trial: Trial, kind: TriedKind): Judged {
  const { loaded } = trial;
  if (loaded === undefined) return { says: "broken", because: explainEnd(trial), cause: "end" };
  const failure = trial.log.find((line) => isFailure(line, trial.name, kind));
  if (failure !== undefined) return judgeFailure(failure, trial);
  const paths = { [kind]: loaded.hosts[hostOf(kind)], global: loaded.global };
  const at = ([kind, "global"] as const).filter((place) => paths[place] !== undefined);
  if (at.length === 0) return { says: "broken", because: "the server did not load it and gave no reason" };
  if (!at.some((place) => paths[place]?.startsWith(moduleFolder))) return judgeReplaced(trial, at);
  const complaint = findComplaint(trial, kind);
  if (complaint !== undefined) return { says: "doubtful", because: `it complains: ${complaint}`, at };
  return { says: "loads", because: "it loads", at, cause: "itself" };
}

function judgeFailure(failure: LogLine, trial: Trial): Judged {
  const cause = isUnloadable(failure, trial.name) ? "itself" : "any-host";
  return { says: "broken", because: explainFailure(failure, trial), cause };
}

function judgeReplaced(trial: Trial, at: HostKind[]): Judged {
  const refusal = trial.log.find((line) => isRefusal(line, trial.name));
  const why = refusal === undefined ? "" : `: ${shorten(refusal.message)}`;
  return { says: "core", because: `the server took its own mod_${trial.name}${why}`, at, cause: "itself" };
}

function explainEnd(trial: Trial): string {
  const when = trial.statistics ? " with statistics on" : "";
  if (trial.cut === "hangs") return `the server hangs${when}`;
  if (trial.cut === "floods") return `the server prints without end${when}`;
  const last = trial.log.findLast((line) => line.level === "error");
  const said = last === undefined ? "" : `: ${explainMessage(errorText(last))}`;
  return `the server ends${when} with exit code ${trial.exitCode}${said}`;
}

// A top-level error is told as "please report:" with the error itself on the next line.
function errorText(line: LogLine): string {
  const [first = ""] = line.more;
  return line.message.endsWith(":") ? `${line.message} ${first}` : line.message;
}

function isFailure(line: LogLine, name: string, kind: TriedKind): boolean {
  if (line.from !== "modulemanager") return false;
  const initialising = `Error initializing module '${name}' on '${hostOf(kind)}':`;
  return line.message.startsWith(initialising) || isUnloadable(line, name);
}

// The failures that are the same on every host: no file, a syntax error, a refusal by its own header.
function isUnloadable(line: LogLine, name: string): boolean {
  return line.from === "modulemanager" && line.message.startsWith(`Unable to load module '${name}':`);
}

function isRefusal(line: LogLine, name: string): boolean {
  return line.message.startsWith("Not loading module") && line.message.includes(`/mod_${name}.lua`);
}

function explainFailure(line: LogLine, trial: Trial): string {
  const refusal = trial.log.find((candidate) => isRefusal(candidate, trial.name));
  if (refusal !== undefined && isUnloadable(line, trial.name)) return shorten(refusal.message);
  const reason = explainMessage(
    line.message.replace(/^(?:Error initializing|Unable to load) module '[^']*'[^:]*: /u, ""),
  );
  // What it said before it gave up: the service it could not reach, the setting it missed.
  const said = trial.log.find((candidate) => candidate.level === "error" && candidate.from.endsWith(`:${trial.name}`));
  return said === undefined ? reason : `${reason} (${shorten(said.message)})`;
}

const absent = "no code of it is on the server";

/** The module that was missing, where a server said so of what another one needs. */
export function absentModule(because: string): string | undefined {
  const [, name, why] = /^needs (mod_[\w-]+): (.*)$/u.exec(because) ?? [];
  return why === absent ? name : undefined;
}

/** A reason people can act on, out of a Lua error message. */
export function explainMessage(message: string): string {
  const [, dependency, why] = /Unable to load required module, (mod_[\w-]+): (.*)/u.exec(message) ?? [];
  if (dependency !== undefined) return `needs ${dependency}: ${explainMessage(why ?? "")}`;
  const missing = /module '([^']+)' not found/u.exec(message)?.[1];
  if (missing !== undefined) return explainMissing(missing);
  const library = /Failed to load plugin library '([^']+)'/u.exec(message)?.[1];
  if (library !== undefined) return `needs ${library}.lib.lua, which no module beside it brings`;
  if (/\/mod_[\w-]+\.lua: No such file/u.test(message)) return absent;
  return shorten(message);
}

function explainMissing(library: string): string {
  if (/^(?:prosody|util|net|core)\./u.test(library)) return `this release has no library ${library}`;
  return `needs the Lua library ${library}, which the image does not have`;
}

// Lua cuts long paths on the left, to "...ndry/modules/mod_x/mod_x.lua".
function shorten(message: string): string {
  return message
    .replaceAll(`${moduleFolder}/`, "")
    .replaceAll(/\.\.\.[^\s:]*?\/(?=mod_)/gu, "")
    .trim()
    .slice(0, 300);
}

// Its own error lines, and errors of others that name its files (a timer, a hook). What it says once the server is up
// is about a service that this server cannot reach.
function isComplaint(line: LogLine, name: string, kind: TriedKind): boolean {
  if (line.level !== "error") return false;
  const own = line.from === `${hostOf(kind)}:${name}` || line.from === `mod_${name}`;
  if (own && line.early) return true;
  return line.from !== "modulemanager" && mentions(line, `/mod_${name}/`);
}

// What ends with a colon goes on in the next line.
function findComplaint(trial: Trial, kind: TriedKind): string | undefined {
  const [first, second] = trial.log.filter((line) => isComplaint(line, trial.name, kind));
  if (first === undefined) return undefined;
  const goesOn = first.message.endsWith(":") && second !== undefined;
  return explainMessage(goesOn ? `${first.message} ${second.message}` : first.message);
}

function mentions(line: LogLine, text: string): boolean {
  return [line.message, ...line.more].some((said) => said.includes(text));
}

/**
 * What the trials of a module said about it, errors and warnings, each once. What the first trial, with all hosts in
 * it, said about a host that was tried alone later is left out.
 */
export function relevantLines(trials: readonly Trial[]): string[] {
  const [together, ...alone] = trials;
  const again = alone.flatMap((trial) => trial.kinds.map(hostOf));
  const shared = linesOf(together).filter((line) => !again.some((host) => line.includes(host)));
  return [...new Set([...shared, ...alone.flatMap(linesOf)])].toSorted(compareText);
}

function linesOf(trial: Trial | undefined): string[] {
  if (trial === undefined) return [];
  return trial.log
    .filter((line) => line.level === "error" || line.level === "warn")
    .filter((line) => isAbout(line, trial.name))
    .map((line) => shorten(printLogLine(line)));
}

function isAbout(line: LogLine, name: string): boolean {
  if (line.from === "modulemanager" || line.from === `mod_${name}` || line.from.endsWith(`:${name}`)) return true;
  return mentions(line, `/mod_${name}/`);
}
