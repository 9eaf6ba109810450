import { Platform } from "@prosody-foundry/images";
import { machines, slownessOf } from "./machine.ts";

/** What is known of a machine that is to run images of other platforms. */
export interface MachineFacts {
  /** As Node names it. */
  architecture: string;
  /** Names of the rules the kernel has for foreign programs. */
  registered: readonly string[];
  /** Whether a check may lend it more rules. */
  canLend: boolean;
}

/** Which platforms' images can be started on a machine, and how, one line for people; and which cannot. */
export function describeEmulation(facts: MachineFacts): { found: string; missing: Platform[] } {
  const ways = Platform.options.map((platform) => ({ platform, way: wayOf(platform, facts) }));
  const namesOf = (way: Way): Platform[] => ways.flatMap((each) => (each.way === way ? [each.platform] : []));
  const parts = (
    ["by itself", "by a registered emulator", "by an emulator that foundry verify lends"] as const
  ).flatMap((way) => (namesOf(way).length === 0 ? [] : [`${way}: ${namesOf(way).join(", ")}`]));
  return { found: parts.join("; "), missing: namesOf("not") };
}

type Way = "by itself" | "by a registered emulator" | "by an emulator that foundry verify lends" | "not";

function wayOf(platform: Platform, { architecture, registered, canLend }: MachineFacts): Way {
  if (slownessOf(platform, architecture) === 1) return "by itself";
  // What a check was lent goes away with it.
  if (registered.includes(`qemu-${machines[platform].qemu}`)) return "by a registered emulator";
  return canLend ? "by an emulator that foundry verify lends" : "not";
}
