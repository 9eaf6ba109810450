import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority } from "../fixtures/authority.ts";
import { ensurePeersImage } from "../fixtures/peers-image.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

/** Arguments of sslscan for each port that speaks TLS. */
const ports = [
  ["c2s with StartTLS", 5222, ["--starttls-xmpp"]],
  ["c2s with direct TLS", 5223, []],
  ["s2s with StartTLS", 5269, ["--starttls-xmpp", "--xmpp-server"]],
  ["s2s with direct TLS", 5270, []],
  ["https", 5281, []],
] as const;

const modern = [
  "TLSv1.3 TLS_AES_128_GCM_SHA256",
  "TLSv1.3 TLS_AES_256_GCM_SHA384",
  "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256",
];

const suites = (exchange: string): string[] =>
  ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"].map((cipher) => `TLSv1.2 ${exchange}-${cipher}`);

/** All that may be spoken with a certificate of such a key: authenticated encryption with forward secrecy, and nothing else. */
const allowed = {
  modern: { ec: modern, rsa: modern },
  intermediate: { ec: [...suites("ECDHE-ECDSA"), ...modern], rsa: [...suites("ECDHE-RSA"), ...modern] },
};

/** Suites of the profile with a group of 2048 bits, which 0.12 has none for. */
const ofLargeGroups = suites("DHE-RSA");

// Which key it is tells the suites of TLS 1.2; those of 1.3 are the same for all.
const scenes = [
  ["intermediate", "ec"],
  ["intermediate", "rsa"],
  ["modern", "ec"],
] as const;

describe.each(imageSeries)("sslscan of %s", (series) => {
  let peers: string;
  beforeAll(async () => {
    await useEngine();
    peers = await ensurePeersImage();
  });

  describe.each(scenes)("with the profile %s and a key of the kind %s", (profile, key) => {
    const own = key === "rsa" && series !== "0.12" ? ofLargeGroups : [];
    let server: ProsodyServer;
    beforeAll(async () => {
      const env = { PROSODY_TLS_PROFILE: profile };
      const authority = await makeAuthority(key);
      server = await startProsody({ image: await ensureProsodyImage(series), env, authority });
    });
    afterAll(() => server.close());

    it.each(ports)("PROSODY_TLS_PROFILE: finds what that has and nothing else at %s", async (_, port, args) => {
      const host = ["--rm", `--add-host=${server.domain}:${server.address}`];
      const words = ["--no-colour", "--no-check-certificate", "--show-cipher-ids", ...args, `${server.domain}:${port}`];
      const { stdout } = await runCommand("docker", ["run", ...host, peers, "sslscan", ...words], { accept: "any" });
      const enabled = [...stdout.matchAll(/^(SSLv\d|TLSv1\.\d)\s+enabled/gmu)].map(([, version]) => version);
      const ciphers = [...stdout.matchAll(/^(?:Preferred|Accepted)\s+(\S+)\s+\d+ bits\s+0x\w+\s+(\S+)/gmu)];
      expect(ciphers.map(([, version, cipher]) => `${version} ${cipher}`).toSorted()).toEqual([
        ...own,
        ...allowed[profile][key],
      ]);
      const groups = [...stdout.matchAll(/ DHE-RSA-\S+\s+DHE (\d+) bits/gu)].map(([, bits]) => Number(bits));
      expect(groups).toEqual(own.map(() => 2048));
      expect(new Set(enabled)).toEqual(new Set(profile === "modern" ? ["TLSv1.3"] : ["TLSv1.2", "TLSv1.3"]));
      expect(stdout).toMatch(/TLSv1\.3 not vulnerable to heartbleed/u);
      expect(stdout).not.toMatch(/Compression enabled|(?<!not) vulnerable to/u);
    });
  });
});
