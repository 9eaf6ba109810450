/** One `deb` entry of an apt configuration: one mirror, one suite. */
export interface AptSource {
  uri: string;
  suite: string;
  components: string[];
  signedBy: string | undefined;
}

/** A file of /etc/apt: `sources.list` and `*.list` are one-line style, `*.sources` deb822. */
export interface AptFile {
  name: string;
  text: string;
}

/**
 * All binary package entries of an apt configuration, in order; disabled ones and those for source packages are left
 * out. Rules: sources.list(5).
 */
export function parseAptSources(files: readonly AptFile[]): AptSource[] {
  return files.flatMap((file) => (file.name.endsWith(".sources") ? parseDeb822(file.text) : parseLines(file.text)));
}

function parseLines(text: string): AptSource[] {
  return text.split("\n").flatMap(parseLine);
}

function parseLine(line: string): AptSource[] {
  const match = /^\s*deb\s+(?:\[(?<options>[^\]]*)\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)(?<components>[^#]*)/u.exec(line);
  if (match?.groups === undefined) return [];
  const { options = "", uri = "", suite = "", components = "" } = match.groups;
  const signedBy = /(?:^|\s)signed-by=(\S+)/u.exec(options)?.[1];
  return [{ uri: trimSlash(uri), suite, components: words(components), signedBy }];
}

function parseDeb822(text: string): AptSource[] {
  const stanzas = text.replace(/^#.*\n?/gmu, "").split(/\n\s*\n/u);
  return stanzas.map(parseStanza).flatMap(expandStanza);
}

function parseStanza(stanza: string): Map<string, string> {
  const unfolded = stanza.replace(/\n[ \t]+/gu, " ");
  const fields = unfolded.split("\n").flatMap((line): [string, string][] => {
    const colon = line.indexOf(":");
    return colon < 0 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]];
  });
  return new Map(fields);
}

function expandStanza(fields: Map<string, string>): AptSource[] {
  const enabled = !/^(?:no|false|0|off)$/iu.test(fields.get("enabled") ?? "yes");
  if (!enabled || !words(fields.get("types") ?? "").includes("deb")) return [];
  const signedBy = fields.get("signed-by");
  const components = words(fields.get("components") ?? "");
  return words(fields.get("uris") ?? "").flatMap((uri) =>
    words(fields.get("suites") ?? "").map((suite) => ({
      uri: trimSlash(uri),
      suite,
      components,
      // A key given in place of a file's name is of no use elsewhere.
      signedBy: signedBy?.startsWith("/") === true ? signedBy : undefined,
    })),
  );
}

function words(text: string): string[] {
  return text.split(/\s+/u).filter(Boolean);
}

function trimSlash(uri: string): string {
  return uri.replace(/\/+$/u, "");
}

/**
 * The lines (one-line style, component main) by which the machine's own mirrors give another Debian suite: its entries
 * for `codename`, `codename-updates` and `codename-security` with the name exchanged. None where the machine is no
 * Debian: which mirror to trust is not for us to say.
 */
export function linesForSuite(sources: readonly AptSource[], codename: string, suite: string): string[] {
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const lines = sources.filter(isMain).flatMap((source) => {
    const pocket = pocketOf(source.suite, codename);
    return pocket === undefined ? [] : [`deb [signed-by=${keyring}] ${source.uri} ${suite}${pocket} main`];
  });
  return [...new Set(lines)];
}

function isMain(source: AptSource): boolean {
  return source.components.includes("main");
}

function pocketOf(suite: string, codename: string): string | undefined {
  return ["", "-updates", "-security"].find((pocket) => suite === `${codename}${pocket}`);
}
