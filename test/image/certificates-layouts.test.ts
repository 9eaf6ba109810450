import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Authority } from "../fixtures/authority.ts";
import { layOut, layoutNames, layouts } from "../fixtures/certificate-layouts.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { type Service, c2s, probe, s2s, s2sDirect, serialOf, services } from "../fixtures/tls-probe.ts";

const tools = layoutNames.map((name) => ({ domain: `${name}.example`, name }));

const broken = {
  "garbled.crt": "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n",
  "cut/fullchain.pem": "-----BEGIN CERTIFICATE-----\nMIIB",
  "binary.crt": "\0\x01\x02",
  "broken.key": "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n",
};

describe.each(imageSeries)("certificates of %s", (series) => {
  let server: ProsodyServer;
  const serials: Record<string, string> = {};

  async function prepare(certs: string, authority: Authority): Promise<void> {
    const issue = async (name: keyof typeof layouts, names: readonly string[], days?: number): Promise<string> => {
      const domain = names[0] ?? "";
      const at = {
        folder: certs,
        authority,
        names: [domain, ...names.slice(1)],
        ...(days === undefined ? {} : { days }),
      };
      return serialOf((await layOut(layouts[name], at)).certificate);
    };
    for (const { domain, name } of tools) serials[domain] = await issue(name, [domain]);
    serials["wild.example"] = await issue("flat", ["*.wild.example", "wild.example"]);
    // The newest that is valid now is taken: not the one that ran out, not one whose key is gone.
    await issue("traefik-dump", ["newest.example"], -1);
    serials["newest.example"] = await issue("flat", ["newest.example"], 30);
    await issue("one-file", ["two.example", "newest.example"], -2);
    const orphan = await authority.issue(["newest.example", "orphan.example"], 60);
    await writeFile(path.join(certs, "orphan.crt"), orphan.certificate);
    for (const [name, text] of Object.entries(broken)) {
      await mkdir(path.dirname(path.join(certs, name)), { recursive: true });
      // As certbot names it beside it, so that Prosody's own search would try it.
      await writeFile(path.join(certs, name), text);
      await writeFile(path.join(certs, name.replace(/\.crt$/u, ".key").replace("fullchain", "privkey")), text);
    }
    const locked = await authority.issue(["locked.example"]);
    await writeFile(path.join(certs, "locked.crt"), locked.certificate);
    await writeFile(path.join(certs, "locked.key"), locked.key);
    await chmod(path.join(certs, "locked.key"), 0o600);
  }

  beforeAll(async () => {
    await useEngine();
    const hosts = ["a.wild.example", "wild.example", "newest.example", "orphan.example", "locked.example"];
    server = await startProsody({
      image: await ensureProsodyImage(series),
      domain: "certbot.example",
      env: {
        PROSODY_VIRTUAL_HOSTS: [...tools.map(({ domain }) => domain), ...hosts].join(","),
        PROSODY_COMPONENTS: "rooms.wild.example:muc,rooms.a.wild.example:muc",
      },
      files: { "/etc/prosody/conf.d/more.cfg.lua": 'VirtualHost "b.wild.example"\n' },
      prepare,
    });
  });
  afterAll(() => server.close());

  const look = (domain: string, service: Service) =>
    probe({ address: server.address, domain, authority: server.authority.certificate }, service);

  it.each(tools)("PROSODY_CERTIFICATES: found as $name lays them out", async ({ domain }) => {
    for (const service of services) {
      expect(await look(domain, service)).toMatchObject({ serial: serials[domain], problem: undefined });
    }
  });

  it.each([
    ["a host", "wild.example", "wild.example"],
    ["a host by a wildcard", "a.wild.example", "wild.example"],
    ["a component by a wildcard", "rooms.wild.example", "wild.example"],
    ["a host of conf.d", "b.wild.example", "wild.example"],
    ["the newest that is valid and has its key", "newest.example", "newest.example"],
  ])("%s gets its own", async (_, domain, of) => {
    for (const service of [s2s, s2sDirect]) {
      expect(await look(domain, service)).toMatchObject({ serial: serials[of], problem: undefined });
    }
  });

  it("a component is not given a certificate that does not cover it, and the log says so", async () => {
    const shown = await look("rooms.a.wild.example", s2s);
    expect(shown.problem).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(await server.log()).toMatch(
      /The certificate of a\.wild\.example does not cover [^:]*rooms\.a\.wild\.example[^:]*: /u,
    );
  });

  it("what is broken, unreadable or without a key is named, and stops nothing", async () => {
    const log = await server.log();
    for (const name of Object.keys(broken)) expect(log).toContain(`/etc/prosody/certs/${name} `);
    expect(log).toMatch(/User 999 cannot read \/etc\/prosody\/certs\/locked\.key: .*chown/u);
    expect(log).toMatch(/orphan\.crt is for orphan\.example, and no file here is its key/u);
    expect(log).not.toMatch(/attempt to index|stack traceback/u);
    for (const domain of ["locked.example", "orphan.example"]) {
      expect((await look(domain, c2s)).problem).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
    }
  });

  it("the log says which host got which", async () => {
    const log = await server.log();
    expect(log).toMatch(
      /Certificate of certbot\.example: \/etc\/prosody\/certs\/live\/certbot\.example\/fullchain\.pem, serial [0-9A-F]+, SHA-256 [0-9a-f]{64}, valid until \d{4}-\d\d-\d\d/u,
    );
    expect(await server.ask("prosody.foundry_certificates['flat.example'].path")).toBe(
      "/etc/prosody/certs/flat.example.crt",
    );
  });

  it("prosodyctl checks the same ones", async () => {
    const said = await server.ctl("check", "certs");
    expect(said).toContain("Certificate: /etc/prosody/certs/caddy/certificates/acme-v02.api.example-directory");
  });
});

it("PROSODY_CERTIFICATES: what is in that folder is used, though there is something newer beside it", async () => {
  await useEngine();
  const serials: string[] = [];
  const server = await startProsody({
    image: await ensureProsodyImage(usualSeries),
    env: { PROSODY_CERTIFICATES: "/etc/prosody/certs/ours" },
    prepare: async (certs, authority) => {
      for (const [folder, days] of Object.entries({ ours: 20, theirs: 60 })) {
        const at = { folder: path.join(certs, folder), authority, names: ["example.org"], days };
        serials.push(serialOf((await layOut(layouts.flat, at)).certificate));
      }
    },
  });
  onTestFinished(() => server.close());
  const shown = await probe(
    { address: server.address, domain: "example.org", authority: server.authority.certificate },
    c2s,
  );
  expect(shown).toMatchObject({ serial: serials[0], problem: undefined });
});
