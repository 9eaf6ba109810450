import { beforeAll, describe, expect, it } from "vitest";
import { tryLogin, tryWithoutTls } from "../fixtures/login.ts";
import { type PeerNetwork, makeNetwork } from "../fixtures/peer.ts";
import { type Ldap, ldapPasswords, startSlapd } from "../fixtures/peer-slapd.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

beforeAll(useEngine);

describe.each(imageSeries)("in %s", (series) => {
  const keep = useLeftovers();
  let network: PeerNetwork;
  let ldap: Ldap;
  let bind: ProsodyServer;
  let getpasswd: ProsodyServer;

  beforeAll(async () => {
    network = await keep(makeNetwork());
    ldap = await keep(startSlapd({ network, tls: "required" }));
    bind = await start({});
    getpasswd = await start({
      PROSODY_LDAP_MODE: "getpasswd",
      PROSODY_LDAP_SCOPE: "onelevel",
      PROSODY_LDAP_FILTER: "(mail=$user.mail@$host)",
    });
  });

  async function start(env: Readonly<Record<string, string>>, authority?: string): Promise<ProsodyServer> {
    const own = {
      PROSODY_AUTHENTICATION: "ldap",
      PROSODY_LDAP_SERVER: ldap.host,
      PROSODY_LDAP_BASE: `ou=people,${ldap.base}`,
      PROSODY_LDAP_ROOTDN: ldap.rootdn,
      PROSODY_LDAP_PASSWORD_FILE: "/run/secrets/ldap",
      PROSODY_LDAP_TLS_CA: "/run/secrets/ldap-ca.pem",
      PROSODY_LOGLEVEL: "debug",
    };
    const files = {
      "/run/secrets/ldap": `${ldap.password}\n`,
      "/run/secrets/ldap-ca.pem": authority ?? ldap.authority.certificate,
    };
    const image = await ensureProsodyImage(series);
    return keep(startProsody({ image, network: network.name, env: { ...own, ...env }, files }));
  }

  it("PROSODY_LDAP_SERVER: it is asked about passwords, and a wrong one is refused", async () => {
    expect(await tryLogin(bind, "alice", ldapPasswords.alice)).toBe("PLAIN");
    expect(await tryLogin(bind, "alice", ldapPasswords.bob)).toBe("not-authorized");
    expect(await tryLogin(bind, "nobody", ldapPasswords.alice)).toBe("not-authorized");
    expect(await tryLogin(bind, "a*", ldapPasswords.alice)).toBe("not-authorized");
  });

  it("PROSODY_LDAP_SERVER: an account that it has locked fails alone", async () => {
    expect(await tryLogin(bind, "dave", ldapPasswords.dave)).toBe("not-authorized");
    expect(await tryLogin(bind, "alice", ldapPasswords.alice)).toBe("PLAIN");
    expect(await ldap.log()).toMatch(/RESULT tag=97 err=53/u);
  });

  it("PROSODY_LDAP_BASE: whoever is elsewhere is nobody", async () => {
    const guests = await start({ PROSODY_LDAP_BASE: `ou=guests,ou=people,${ldap.base}` });
    expect(await tryLogin(guests, "carol", ldapPasswords.carol)).toBe("PLAIN");
    expect(await tryLogin(guests, "alice", ldapPasswords.alice)).toBe("not-authorized");
  });

  it("PROSODY_LDAP_ROOTDN, PROSODY_LDAP_PASSWORD: they search", async () => {
    expect(await tryLogin(bind, "alice", ldapPasswords.alice)).toBe("PLAIN");
    expect(await ldap.log()).toContain(`BIND dn="${ldap.rootdn}" mech=SIMPLE`);
  });

  it("PROSODY_LDAP_PASSWORD: it is not in the log of a server that tells all", async () => {
    const { stdout } = await bind.exec([
      "/usr/bin/lua5.4",
      "/usr/lib/prosody-foundry/entrypoint.lua",
      "check",
      "config",
    ]);
    for (const text of [await bind.log(), stdout]) expect(text).not.toContain(ldap.password);
    expect(await bind.log()).not.toContain(ldapPasswords.alice);
  });

  it("PROSODY_LDAP_FILTER: it finds the account", async () => {
    expect(await tryLogin(getpasswd, "bob", ldapPasswords.bob)).toBe("SCRAM-SHA-1");
    expect(await ldap.log()).toContain('filter="(mail=bob.mail@example.org)"');
  });

  it("PROSODY_LDAP_SCOPE: onelevel does not look deeper", async () => {
    expect(await tryLogin(bind, "carol", ldapPasswords.carol)).toBe("PLAIN");
    expect(await tryLogin(getpasswd, "carol", ldapPasswords.carol)).toBe("not-authorized");
  });

  it("PROSODY_LDAP_MODE: getpasswd reads the password, and needs it in plain text", async () => {
    expect(await tryLogin(getpasswd, "bob", ldapPasswords.alice)).toBe("not-authorized");
    expect(await tryLogin(getpasswd, "alice", ldapPasswords.alice)).toBe("not-authorized");
    expect(await ldap.log()).not.toContain('BIND dn="uid=bob');
  });

  it("PROSODY_LDAP_TLS: the connection is encrypted unless that is switched off", async () => {
    expect(await tryLogin(bind, "alice", ldapPasswords.alice)).toBe("PLAIN");
    expect(await ldap.log()).toMatch(/STARTTLS\n[^]*TLS established/u);
    const open = await start({ PROSODY_LDAP_TLS: "false", PROSODY_LDAP_TLS_CA: "" });
    expect(await tryLogin(open, "alice", ldapPasswords.alice)).not.toBe("PLAIN");
    expect(await open.log()).toContain("Confidentiality required");
  });

  it("PROSODY_LDAP_TLS_CA: its own server is trusted, another authority's is not", async () => {
    expect(await tryLogin(bind, "alice", ldapPasswords.alice)).toBe("PLAIN");
    const stranger = await start({}, bind.authority.certificate);
    expect(await tryLogin(stranger, "alice", ldapPasswords.alice)).not.toBe("PLAIN");
    expect(await stranger.log()).toMatch(/LDAP: .*Connect error/u);
  });

  it("PROSODY_LDAP_SERVER: ldaps:// is TLS from the start, checked by the same authority", async () => {
    const server = await start({ PROSODY_LDAP_SERVER: `ldaps://${ldap.host}` });
    expect(await tryLogin(server, "alice", ldapPasswords.alice)).toBe("PLAIN");
    expect(await tryLogin(server, "alice", ldapPasswords.bob)).toBe("not-authorized");
    // Each connection is told by the port it came to.
    const log = await ldap.log();
    const ports = [...log.matchAll(/ACCEPT from IP=([\d.]+):\d+ \(IP=\S+:(\d+)\)/gu)]
      .filter(([, from]) => from === server.address)
      .map(([, , port]) => port);
    expect(new Set(ports)).toEqual(new Set(["636"]));
    expect(log).not.toMatch(/STARTTLS.*err=1\b/u);
  });

  it("PROSODY_LDAP_SERVER: a certificate of ldaps:// that nobody vouches for is refused", async () => {
    const stranger = await start({ PROSODY_LDAP_SERVER: `ldaps://${ldap.host}:636`, PROSODY_LDAP_TLS_CA: "" });
    expect(await tryLogin(stranger, "alice", ldapPasswords.alice)).toBe("temporary-auth-failure");
    expect(await stranger.log()).toMatch(/error\s+LDAP: .*Can't contact LDAP server/u);
  });

  it("PROSODY_AUTHENTICATION: the password of ldap is offered and taken through TLS alone", async () => {
    expect(await tryLogin(bind, "alice", ldapPasswords.alice)).toBe("PLAIN");
    const { features, answer } = await tryWithoutTls(bind, "alice", ldapPasswords.alice);
    expect(features).not.toContain("PLAIN");
    expect(answer).not.toContain("<success");
  });

  it("PROSODY_LDAP_SERVER: while it is down nobody gets in, and then they do again", async () => {
    expect(await tryLogin(bind, "alice", ldapPasswords.alice)).toBe("PLAIN");
    await ldap.kill();
    expect(await tryLogin(bind, "alice", ldapPasswords.alice)).toBe("temporary-auth-failure");
    expect(await bind.log()).toMatch(/error\s+LDAP: .*Can't contact LDAP server/u);
    await ldap.start();
    // One try a second goes to it: until the next one nobody gets in, but nobody's password is called wrong either.
    const answers = new Set<string>();
    while (!answers.has("PLAIN")) {
      const answer = await tryLogin(bind, "alice", ldapPasswords.alice);
      expect(["temporary-auth-failure", "PLAIN"]).toContain(answer);
      answers.add(answer);
    }
    expect(await tryLogin(bind, "alice", ldapPasswords.bob)).toBe("not-authorized");
  });
});
