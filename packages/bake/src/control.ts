import { LockedPackage } from "@prosody-foundry/images";

/** Stanzas of a control file (deb822), as maps of the fields that stand on one line. */
function parseControl(text: string): Map<string, string>[] {
  const stanzas = text.split(/\n(?:[ \t]*\n)+/u).filter((stanza) => stanza.trim() !== "");
  return stanzas.map((stanza) => {
    const fields = stanza.split("\n").flatMap((line): [string, string][] => {
      const field = /^([\w-]+):[ \t]*(.*)$/u.exec(line);
      return field === null ? [] : [[field[1] ?? "", (field[2] ?? "").trim()]];
    });
    return new Map(fields);
  });
}

/**
 * The packages of a Packages file, or of what apt-cache shows, once each. A version that two of Debian's archives have
 * counts as main's: the security archive drops it after a point release.
 */
export function parsePackages(text: string): LockedPackage[] {
  const found = new Map<string, LockedPackage>();
  for (const stanza of parseControl(text)) {
    const deb = packageOf(stanza);
    const present = found.get(deb.name);
    if (present === undefined || deb.archive === "main") found.set(deb.name, deb);
  }
  return [...found.values()];
}

function packageOf(stanza: ReadonlyMap<string, string>): LockedPackage {
  const field = (name: string): string => stanza.get(name) ?? "";
  const [name, version] = [field("Package"), field("Version")];
  const source = /^(\S+)(?: \((\S+)\))?$/u.exec(field("Source"));
  return LockedPackage.parse({
    name,
    version,
    source: source?.[1] ?? name,
    sourceVersion: source?.[2] ?? version,
    architecture: field("Architecture"),
    sha256: field("SHA256"),
    size: Number(field("Size")),
    archive: field("Filename").startsWith("pool/updates/") ? "security" : "main",
    path: field("Filename"),
  });
}
