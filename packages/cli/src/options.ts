import { Platform } from "@prosody-foundry/images";
import { allSeries } from "@prosody-foundry/kit";
import { Option } from "commander";
import type { Flags } from "./command.ts";

/** The one table of flags: a command names those it takes. */
export const options = {
  available: () =>
    new Option("--available", "take the newest release whose inputs can be reached, and leave out what cannot be"),
  cache: () => new Option("--no-cache", "build every layer anew"),
  dryRun: () => new Option("--dry-run", "say what would be done, and do nothing"),
  explain: () => new Option("--explain", "name the inputs that changed since the last build"),
  hold: () => new Option("--hold", "keep this pin where it is: update passes it over"),
  json: () => new Option("--json", "print JSON for programs"),
  platform: () => new Option("--platform <platform...>", "only these platforms").choices(Platform.options),
  release: () => new Option("--release <version>", "this Prosody release instead of the series' newest"),
  series: () => new Option("--series <series...>", "only these series").choices(allSeries),
  source: () => new Option("--source <name>", "upstream tree to take the module from"),
} satisfies Record<keyof Flags, () => Option>;
