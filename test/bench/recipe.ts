/** What the official image installs over Debian trixie. */
const packages = [
  ..."prosody tini lua5.4 ca-certificates dns-root-data lua-unbound lua-sec lua-readline".split(" "),
  ..."lua-dbi-sqlite3 lua-dbi-postgresql lua-dbi-mysql luarocks liblua5.4-dev libjs-bootstrap4 libjs-jquery".split(" "),
];

/** Suite of the official image and of ours that it is compared with. */
export const suite = "trixie";

/** The host that Debian's own configuration serves. */
export const officialDomain = "localhost";

/** apt as debian:trixie-slim has it configured: no translations, no package kept. Changes nothing where it is. */
const install = "apt-get -o Acquire::Languages=none -qq";

/**
 * The official image's recipe: one layer of packages, tini, and the server as its own user. Named context `base`: Debian.
 * Its configuration is left out: it weighs nothing, and Debian's own serves a host as well.
 */
export const officialDockerfile = `FROM base
RUN ${install} update \\
 && DEBIAN_FRONTEND=noninteractive ${install} install --no-install-recommends ${packages.join(" ")} \\
 && apt-get clean && rm -rf /var/lib/apt/lists/* \\
 && install -d -o prosody -g prosody /run/prosody
USER prosody
EXPOSE 5222 5269 5280 5281
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/bin/prosody", "-F"]
`;

/** Runs a program of the base, so that the base is there, and shows whether its platform runs here at all. */
export const probeDockerfile = `FROM base
RUN ["/bin/true"]
`;

/** What dpkg does in debian:trixie-slim: much of every package is left out, and nothing is synced while installing. */
export const slimDpkgOptions = [
  ...["doc", "info", "linda", "lintian/overrides", "locale", "man"].map((name) => `path-exclude=/usr/share/${name}/*`),
  ...["doc/*/copyright", "locale/locale.alias"].map((name) => `path-include=/usr/share/${name}`),
  "force-unsafe-io",
];

/** A PostgreSQL database `prosody` of a user of that name. */
export interface OfficialDatabase {
  host: string;
  password: string;
}

/** Configuration of the recipe's image under load: the modules that the official image's configuration switches on. */
export function officialConfiguration(domain: string, database?: OfficialDatabase): string {
  const modules = [
    ..."disco roster saslauth tls blocklist bookmarks carbons dialback limits pep private smacks vcard4 vcard_legacy".split(
      " ",
    ),
    ..."account_activity cloud_notify csi_simple mam ping register time uptime version admin_adhoc admin_shell".split(
      " ",
    ),
  ];
  return `modules_enabled = { ${modules.map((name) => `"${name}"`).join("; ")} }
limits = { c2s = { rate = "10kb/s" }; s2sin = { rate = "30kb/s" } }
authentication = "internal_hashed"
${renderStorage(database)}
certificates = "/etc/prosody/certs"
data_path = "/var/lib/prosody"
pidfile = "/run/prosody/prosody.pid"
log = { { levels = { min = "info" }, to = "console" } }
VirtualHost "${domain}"
Component "conference.${domain}" "muc"
  modules_enabled = { "muc_mam" }
`;
}

function renderStorage(database: OfficialDatabase | undefined): string {
  if (database === undefined) return 'storage = "internal"';
  const { host, password } = database;
  return `storage = "sql"
sql = { driver = "PostgreSQL"; database = "prosody"; username = "prosody"; host = "${host}"; password = "${password}" }`;
}
