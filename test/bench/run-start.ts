import { randomBytes } from "node:crypto";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Exec } from "@prosody-foundry/kit";

/** An image to start, and the host it serves. */
export interface Startable {
  reference: string;
  domain: string;
  options: readonly string[];
}

export interface Started {
  /** From `docker run` until a client's stream opens. */
  seconds: number;
  /** Idle, in bytes, as `docker stats` counts: without what the kernel can drop at once. */
  memory: number;
}

const patience = 60_000;
const settle = 3000;

/** Starts an image, waits until it serves, lets it idle, and removes it. */
export async function startOnce(exec: Exec, { reference, domain, options }: Startable): Promise<Started> {
  const name = `prosody-foundry-bench-${randomBytes(4).toString("hex")}`;
  const port = await findPort();
  const publish = `--publish=127.0.0.1:${port}:5222`;
  const start = performance.now();
  try {
    const running = exec("docker", [
      "run",
      "--detach",
      "--pull=never",
      `--name=${name}`,
      publish,
      ...options,
      reference,
    ]);
    const [ready] = await Promise.all([waitForStream(port, domain), running]);
    await sleep(settle);
    const stats = await exec("docker", ["stats", "--no-stream", "--format={{.MemUsage}}", name]);
    return { seconds: (ready - start) / 1000, memory: parseMemory(stats.stdout) };
  } finally {
    await exec("docker", ["rm", "--force", "--volumes", name], { accept: "any" });
  }
}

async function findPort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
  });
  return promise;
}

/** The engine's proxy takes connections before the server does, so only an answer counts. */
async function waitForStream(port: number, domain: string): Promise<number> {
  const deadline = performance.now() + patience;
  while (performance.now() < deadline) {
    if (await opensStream(port, domain)) return performance.now();
    await sleep(5);
  }
  throw new Error(`No stream to ${domain} opened within ${patience / 1000} s`);
}

async function opensStream(port: number, domain: string): Promise<boolean> {
  const header = `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let answer = "";
  const socket = net.connect(port, "127.0.0.1", () => socket.write(header));
  socket.setTimeout(500, () => resolve(false));
  socket.on("data", (data: Buffer) => {
    answer += data.toString("utf8");
    if (answer.includes("<stream:features")) resolve(true);
  });
  socket.on("error", () => resolve(false)).on("close", () => resolve(false));
  const opened = await promise;
  socket.destroy();
  return opened;
}

const units: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Out of `6.9MiB / 23.5GiB`. */
function parseMemory(text: string): number {
  const match = /^([\d.]+)([KMG]?i?B)/u.exec(text.trim());
  return Number(match?.[1]) * (units[match?.[2] ?? ""] ?? Number.NaN);
}
