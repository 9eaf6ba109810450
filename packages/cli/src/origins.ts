import { compareText } from "@prosody-foundry/kit";

/** Where modules came from, one line for each place: `Modules: 33 from Debian trixie, checked by hash`. */
export function describeOrigins(origins: readonly string[]): string[] {
  const places = [...new Set(origins)].toSorted(compareText);
  return places.map((place) => {
    const count = origins.filter((origin) => origin === place).length;
    return `Modules: ${count} from ${place === "cache" ? "the cache" : place}, checked by hash`;
  });
}
