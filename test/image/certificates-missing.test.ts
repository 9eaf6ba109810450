import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { layOut, layouts } from "../fixtures/certificate-layouts.ts";
import type { Authority } from "../fixtures/authority.ts";
import { runLua } from "../fixtures/data-volumes.ts";
import { sendTo } from "../fixtures/messages.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, type ServerWishes, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import {
  type Service,
  c2s,
  c2sDirect,
  https,
  probe,
  s2s,
  s2sDirect,
  serialOf,
  services,
} from "../fixtures/tls-probe.ts";
import { until } from "../fixtures/until.ts";

const servers: ProsodyServer[] = [];
const volumes: string[] = [];
const network = `prosody-test-${randomBytes(4).toString("hex")}`;

beforeAll(async () => {
  await useEngine();
  await runCommand("docker", ["network", "create", network]);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(async () => {
  await runCommand("docker", ["network", "rm", network], { accept: "any" });
  await runCommand("docker", ["volume", "rm", "--force", ...volumes], { accept: "any" });
});

async function start(series: string, wishes: Omit<ServerWishes, "image">): Promise<ProsodyServer> {
  const server = await startProsody({ image: await ensureProsodyImage(series), names: "none", ...wishes });
  servers.push(server);
  return server;
}

function look(server: ProsodyServer, domain = server.domain, service: Service = c2s) {
  return probe({ address: server.address, domain, authority: server.authority.certificate }, service);
}

const untrusted = "DEPTH_ZERO_SELF_SIGNED_CERT";

describe.each(imageSeries)("without a certificate, %s", (series) => {
  it("PROSODY_SELF_SIGNED: makes one loudly, keeps it, and leaves it for a real one", async () => {
    const volume = `prosody-test-${randomBytes(4).toString("hex")}`;
    volumes.push(volume);
    const server = await start(series, { volume });
    const first = await look(server);
    expect(first.problem).toBe(untrusted);
    for (const service of [c2sDirect, s2sDirect, https]) {
      expect(await look(server, "upload.example.org", service)).toMatchObject({
        serial: first.serial,
        problem: untrusted,
      });
    }
    expect(await server.log()).toMatch(
      /\bwarn\b.*no certificate for conference\.example\.org, example\.org, upload\.example\.org in \/etc\/prosody\/certs: a self-signed one is used/u,
    );
    expect(await readMode(server, "/var/lib/prosody/self-signed.pem")).toBe("rw-------");
    expect(await server.stop()).toBe(0);
    await server.start();
    expect(await look(server)).toEqual(first);
    const at = { folder: server.certs, authority: server.authority, names: ["example.org", "*.example.org"] };
    const real = serialOf((await layOut(layouts.flat, at)).certificate);
    await until(
      () => look(server),
      ({ serial }) => serial === real,
    );
    expect(await look(server, "conference.example.org", s2s)).toMatchObject({ serial: real, problem: undefined });
  });

  it("PROSODY_SELF_SIGNED: makes none when it is false", async () => {
    const server = await start(series, { env: { PROSODY_SELF_SIGNED: "false" } });
    for (const service of services) {
      await expect(look(server, server.domain, service)).rejects.toThrow(
        /closed|disconnected|reset|alert|handshake|features/u,
      );
    }
    expect(await server.log()).toMatch(/\bwarn\b.*no certificate for .*: nobody can reach that securely/u);
    expect(await server.ask("prosody.foundry_certificates['example.org'].problem")).toBe("there is no certificate");
  });

  it("PROSODY_CERTIFICATES: says that the links of live lead nowhere when that is mounted alone", async () => {
    const server = await start(series, {
      env: { PROSODY_CERTIFICATES: "/etc/prosody/certs/live" },
      prepare: async (folder, authority) => {
        await layOut(layouts.certbot, { folder, authority, names: ["example.org"] });
        await rename(path.join(folder, "archive"), path.join(folder, "elsewhere"));
        await mkdir(path.join(folder, "archive"));
      },
    });
    expect(await server.log()).toMatch(
      /4 links lead nowhere in this container, \/etc\/prosody\/certs\/live\/example\.org\/cert\.pem for one: .*the whole of \/etc\/letsencrypt/u,
    );
    expect((await look(server)).problem).toBe(untrusted);
  });

  it("keeps one in use that goes from the disk, and its key for no longer than the server runs, in no backup", async () => {
    const volume = `prosody-test-${randomBytes(4).toString("hex")}`;
    volumes.push(volume);
    let serial = "";
    const server = await start(series, {
      volume,
      // Where nothing can be written to it, what is of this run lies with the data.
      run: ["--tmpfs=/run/prosody:ro"],
      prepare: async (folder, authority) => {
        serial = await lay(folder, authority);
      },
    });
    const reload = async () => runCommand("docker", ["kill", "--signal=HUP", server.name]);
    const takeAway = async (): Promise<string> => {
      for (const name of await readdir(server.certs)) await rm(path.join(server.certs, name), { recursive: true });
      await reload();
      return until(
        () => listKept(volume, series),
        (found) => found !== "",
      );
    };
    expect(await takeAway()).toMatch(/^kept-[0-9a-f]+\.pem rw-------$/u);
    expect(await look(server)).toMatchObject({ serial, problem: undefined });
    const backup = await server.exec(["foundry", "backup"]);
    expect([backup.exitCode, backup.stdout]).toEqual([0, expect.stringContaining("summary.json")]);
    expect(backup.stdout).not.toMatch(/kept-|PRIVATE KEY/u);
    await runCommand("docker", ["kill", "--signal=KILL", server.name]);
    expect(await listKept(volume, series)).not.toBe("");
    await server.start();
    expect(await listKept(volume, series)).toBe("");
    serial = await lay(server.certs, server.authority);
    await reload();
    // It may have another address now.
    await until(
      () => server.ask("prosody.foundry_certificates['example.org'].serial"),
      (shown) => shown === serial,
    );
    await takeAway();
    expect(await server.stop()).toBe(0);
    expect(await listKept(volume, series)).toBe("");
  });

  it("says when certificates expire: at the start, a day later, and when they have", async () => {
    const server = await start(series, {
      domain: "soon.example",
      env: { PROSODY_VIRTUAL_HOSTS: "soon.example,late.example,good.example" },
      prepare: async (folder, authority) => {
        await layOut(layouts.flat, { folder, authority, names: ["soon.example", "*.soon.example"], days: 20 });
        await layOut(layouts.flat, { folder, authority, names: ["late.example"], days: -1 });
        await layOut(layouts.flat, { folder, authority, names: ["good.example", "*.good.example"], days: 22.5 });
      },
    });
    const soon =
      /\bwarn\b.*The certificate of conference\.soon\.example, soon\.example, upload\.soon\.example, \S+, expires in \d+ days/gu;
    const late = /\berror\b.*The certificate of late\.example, \S+, expired on \d{4}-\d\d-\d\d: renew it/gu;
    const times = async (what: RegExp) => (await server.log()).match(what)?.length ?? 0;
    expect([await times(soon), await times(late), await times(/\b(?:warn|error)\b.*good\.example/gu)]).toEqual([
      1, 1, 0,
    ]);
    expect(await problemOf(server, "soon.example")).toBe("nil");
    const health = await server.exec(["/usr/lib/prosody-foundry/entrypoint.lua", "healthcheck"]);
    expect(health.exitCode).toBe(1);
    expect(health.stdout).toMatch(/^The certificate of late\.example, .* expired/mu);
    expect(health.stdout).toMatch(/^Warning: The certificate of .*soon\.example, .* expires in/mu);
    await passDays(server, 1.1);
    await until(
      () => times(late),
      (count) => count === 2,
    );
    await until(
      () => times(soon),
      (count) => count === 2,
    );
    await passDays(server, 20);
    await until(
      () => times(/\berror\b.*The certificate of .*soon\.example, \S+, expired/gu),
      (count) => count > 0,
    );
    expect(await problemOf(server, "soon.example")).toBe("the certificate has expired");
  });
});

it("another server does not trust a self-signed one", async () => {
  const here = await start(usualSeries, { domain: "here.example", network, names: [] });
  const there = await start(usualSeries, { domain: "there.example", network });
  await here.addAccount("alice", "a long secret");
  const alice = await here.connect("alice", "a long secret");
  expect(await sendTo(alice, `nobody@${there.domain}`)).toMatch(/^remote-server-/u);
  expect(await here.log()).toMatch(/certificate.*self-signed|self-signed.*certificate|certificate.*invalid/iu);
});

/** Writes a certificate, and answers its serial. */
async function lay(folder: string, authority: Authority): Promise<string> {
  const names = ["example.org", "*.example.org"];
  return serialOf((await layOut(layouts.flat, { folder, authority, names })).certificate);
}

/** Name and mode of each copy of a certificate that is in the data. */
async function listKept(volume: string, series: string): Promise<string> {
  const script = `local lfs = require("lfs") for name in lfs.dir("/var/lib/prosody") do
    if name:find("^kept") then print(name .. " " .. lfs.attributes("/var/lib/prosody/" .. name).permissions) end
  end`;
  return (await runLua(await ensureProsodyImage(series), volume, script)).trim();
}

async function readMode(server: ProsodyServer, file: string): Promise<string> {
  const code = `print((require("lfs").attributes("${file}") or {}).permissions)`;
  return (await server.exec(["/usr/bin/lua5.4", "-e", code])).stdout.trim();
}

function problemOf(server: ProsodyServer, host: string): Promise<string> {
  return server.ask(`tostring(prosody.foundry_certificates['${host}'].problem)`);
}

/** Moves the clock that the server's Lua sees. */
async function passDays(server: ProsodyServer, days: number): Promise<void> {
  const seconds = Math.round(days * 86_400);
  await server.ask(
    `(function() local now = os.time; os.time = function(t) return t and now(t) or now() + ${seconds} end end)()`,
  );
}
