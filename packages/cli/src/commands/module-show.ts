import { isPin, type LockedModule, readLock } from "@prosody-foundry/lockfile";
import type { CommandSpec } from "../command.ts";
import { lockedNames } from "../locked-names.ts";

export const moduleShow: CommandSpec = {
  name: "module show",
  summary: "everything the lock knows about a module, with its evidence",
  arguments: "<module>",
  options: ["json"],
  example: "foundry module show mod_http_oauth2",
  async run(context, { args }) {
    const lock = await readLock(context.lockFile);
    const [name = ""] = lockedNames(lock, args);
    const module = lock.modules[name];
    if (module === undefined) throw new Error(`${name} is known and missing`);
    return { value: { name, ...module }, text: [`${name}, from ${module.source}`, ...describe(module), ""].join("\n") };
  },
};

function describe(module: LockedModule): string[] {
  return [
    ...(module.hold ? ["held: `foundry module update` passes it over"] : []),
    ...module.patches.map(({ file }) => `patched by ${file}`),
    ...Object.entries(module.pins).flatMap(([series, pin]) => ["", ...describePin(series, pin)]),
    ...module.judgements.flatMap(({ releases, verdict, evidence }) => [
      "",
      `Prosody ${releases.join(", ")}: ${verdict}`,
      ...evidence.map(({ kind, says, because, date }) => `  ${kind.padEnd(8)} ${says.padEnd(9)} ${because} (${date})`),
    ]),
  ];
}

function describePin(series: string, pin: LockedModule["pins"]["trunk"]): string[] {
  if (!isPin(pin)) return [`${series}: no pin. ${pin?.none ?? ""}`];
  const libraries = Object.entries(pin.libraries).map(([library, from]) => `${library} (${from ?? "not in Debian"})`);
  const facts = [
    ["revision", `${pin.node} of ${pin.date}${pin.revision === null ? "" : `, ${pin.revision} changesets`}`],
    ["integrity", pin.integrity],
    ["tree", pin.tree],
    ["licence", pin.licence],
    ["stage", pin.stage ?? ""],
    ["layout", pin.layout === "standard" ? "" : pin.layout],
    ["needs", pin.depends.join(" ")],
    ["uses", pin.optional.join(" ")],
    ["libraries", libraries.join(", ")],
    ["hosts", pin.hosts.join(" ")],
  ];
  const lines = facts
    .filter(([, value]) => value !== "")
    .map(([label, value]) => `  ${(label ?? "").padEnd(10)} ${value}`);
  return [`${series}:`, ...lines];
}
