import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

/** All that may be spoken with a certificate of an EC key: authenticated encryption with forward secrecy, and nothing else. */
const allowed = {
  modern,
  intermediate: [
    "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305",
    ...modern,
  ],
};

describe.each(imageSeries)("sslscan of %s", (series) => {
  let peers: string;
  beforeAll(async () => {
    await useEngine();
    peers = await ensurePeersImage();
  });

  describe.each(["intermediate", "modern"] as const)("with the profile %s", (profile) => {
    let server: ProsodyServer;
    beforeAll(async () => {
      const env = { PROSODY_TLS_PROFILE: profile };
      server = await startProsody({ image: await ensureProsodyImage(series), env });
    });
    afterAll(() => server.close());

    it.each(ports)("PROSODY_TLS_PROFILE: finds what that has and nothing else at %s", async (_, port, args) => {
      const host = ["--rm", `--add-host=${server.domain}:${server.address}`];
      const words = ["--no-colour", "--no-check-certificate", "--show-cipher-ids", ...args, `${server.domain}:${port}`];
      const { stdout } = await runCommand("docker", ["run", ...host, peers, "sslscan", ...words], { accept: "any" });
      const enabled = [...stdout.matchAll(/^(SSLv\d|TLSv1\.\d)\s+enabled/gmu)].map(([, version]) => version);
      const ciphers = [...stdout.matchAll(/^(?:Preferred|Accepted)\s+(\S+)\s+\d+ bits\s+0x\w+\s+(\S+)/gmu)];
      expect(ciphers.map(([, version, cipher]) => `${version} ${cipher}`).toSorted()).toEqual(allowed[profile]);
      expect(new Set(enabled)).toEqual(new Set(profile === "modern" ? ["TLSv1.3"] : ["TLSv1.2", "TLSv1.3"]));
      expect(stdout).toMatch(/TLSv1\.3 not vulnerable to heartbleed/u);
      expect(stdout).not.toMatch(/Compression enabled|(?<!not) vulnerable to/u);
    });
  });
});
