import { writeFile } from "node:fs/promises";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority } from "../fixtures/authority.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, type ServerWishes, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { type Service, c2s, c2sDirect, probe, serialOf, services } from "../fixtures/tls-probe.ts";
import { until } from "../fixtures/until.ts";

const keep = useLeftovers(afterEach);
const untrusted = "DEPTH_ZERO_SELF_SIGNED_CERT";

beforeAll(useEngine);

async function start(series: string, wishes: Omit<ServerWishes, "image">): Promise<ProsodyServer> {
  return keep(startProsody({ image: await ensureProsodyImage(series), names: "none", ...wishes }));
}

function look(server: ProsodyServer, domain = server.domain, service: Service = c2s) {
  return probe({ address: server.address, domain, authority: server.authority.certificate }, service);
}

async function writeRaw(certs: string, text: string): Promise<void> {
  await writeFile(path.join(certs, "raw.cfg.lua"), `${text}\n`);
}

describe.each(imageSeries)("certificates of %s", (series) => {
  it.each([
    ["of the global ssl", 'ssl = { certificate = "own/a.pem", key = "own/a.key" }'],
    ["in a folder that it names", 'certificates = "own"'],
  ])("takes one %s in a raw file, and makes none", async (_, line) => {
    const authority = await makeAuthority();
    const { certificate, key } = await authority.issue(["example.org", "*.example.org"]);
    const files = {
      "/etc/prosody/own/a.pem": certificate,
      "/etc/prosody/own/a.key": key,
      "/etc/prosody/conf.d/own.cfg.lua": `${line}\n`,
    };
    const server = await start(series, { authority, files });
    const shown = { serial: serialOf(certificate), problem: undefined };
    for (const service of services) expect(await look(server, "example.org", service)).toMatchObject(shown);
    await server.ctl("shell", "config", "reload");
    for (const service of services) expect(await look(server, "example.org", service)).toMatchObject(shown);
    expect(await server.log()).not.toContain("self-signed");
    expect((await server.exec(["foundry", "healthcheck"])).stdout.trim()).toBe("The server is healthy.");
    const made = `print(require("lfs").attributes("/var/lib/prosody/self-signed.pem") ~= nil)`;
    expect((await server.exec(["/usr/bin/lua5.4", "-e", made])).stdout.trim()).toBe("false");
  });

  it("takes one of the global ssl in a raw file before the folder's", async () => {
    const authority = await makeAuthority();
    const { certificate, key } = await authority.issue(["example.org", "*.example.org"]);
    const files = {
      "/etc/prosody/own.pem": certificate,
      "/etc/prosody/own.key": key,
      "/etc/prosody/conf.d/own.cfg.lua": 'ssl = { certificate = "own.pem", key = "own.key" }\n',
    };
    const server = await start(series, { authority, files, names: ["*.example.org"] });
    for (const service of services)
      expect(await look(server, "example.org", service)).toMatchObject({ serial: serialOf(certificate) });
  });

  it("keeps to the folder of a raw file when a reload fails", async () => {
    const authority = await makeAuthority();
    const { certificate, key } = await authority.issue(["example.org", "*.example.org"]);
    const files = { "/etc/prosody/own/a.pem": certificate, "/etc/prosody/own/a.key": key };
    const server = await start(series, {
      authority,
      files,
      env: { PROSODY_EXTRA_CONFIG: "certs/raw.cfg.lua" },
      prepare: async (certs) => writeRaw(certs, 'certificates = "own"'),
    });
    await writeRaw(server.certs, "certificates = = 1");
    await runCommand("docker", ["kill", "--signal=HUP", server.name]);
    await until(
      () => server.log(),
      (log) => /raw\.cfg\.lua.*unexpected symbol/u.test(log),
    );
    expect((await server.exec(["foundry", "healthcheck"])).stdout.trim()).toBe("The server is healthy.");
    expect(await look(server)).toMatchObject({ serial: serialOf(certificate), problem: undefined });
  });

  it("takes one of a host in a raw file, at every port", async () => {
    const authority = await makeAuthority();
    const { certificate, key } = await authority.issue(["example.net"]);
    const files = {
      "/etc/prosody/own.pem": certificate,
      "/etc/prosody/own.key": key,
      "/etc/prosody/conf.d/own.cfg.lua": `VirtualHost "example.net"\n  ssl = { certificate = "own.pem", key = "own.key" }\n`,
    };
    const server = await start(series, { authority, files, env: { PROSODY_VIRTUAL_HOSTS: "example.net" } });
    for (const service of services)
      expect(await look(server, "example.net", service)).toMatchObject({ serial: serialOf(certificate) });
    expect(await look(server)).toMatchObject({ problem: untrusted });
  });

  it("takes one for a port in a raw file", async () => {
    const authority = await makeAuthority();
    const { certificate, key } = await authority.issue(["example.org"]);
    const files = {
      "/etc/prosody/own.pem": certificate,
      "/etc/prosody/own.key": key,
      "/etc/prosody/conf.d/own.cfg.lua": 'c2s_direct_tls_ssl = { certificate = "own.pem", key = "own.key" }\n',
    };
    const server = await start(series, { authority, files });
    expect(await look(server, "example.org", c2sDirect)).toMatchObject({ serial: serialOf(certificate) });
    expect(await look(server)).toMatchObject({ problem: untrusted });
  });
});
