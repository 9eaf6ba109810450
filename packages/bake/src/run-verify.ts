import { randomBytes } from "node:crypto";
import os from "node:os";
import { type Exec, type Progress, type Series, silent } from "@prosody-foundry/kit";
import type { Platform, ShippedModule } from "@prosody-foundry/images";
import { cModulesScript, judgeCModules } from "./check-c-modules.ts";
import { findReport, judgeModules, judgeStop } from "./check-log.ts";
import { judgeNames, namesScript } from "./check-names.ts";
import { judgeConfinement, judgeShell, judgeUser } from "./check-process.ts";
import { type Check, type CheckName, checkOf, type Finding, good, notRun, runChecks } from "./check-result.ts";
import { judgePlaintext, judgeRegistration } from "./check-stream.ts";
import { engineEnv } from "./engine.ts";
import { slownessOf } from "./machine.ts";
import {
  type Account,
  judgeLogin,
  logIn,
  logOut,
  refuseStranger,
  sendMessage,
  trustAuthority,
} from "./run-verify-client.ts";
import { loadWays, readWays } from "./run-verify-authentication.ts";
import { loadOthers } from "./run-verify-modules.ts";
import { type Emulator, prepareRun } from "./run-verify-platform.ts";
import {
  addAccount,
  type Container,
  nameContainer,
  readFacts,
  readLog,
  readPort,
  removeServers,
  runLua,
  startServer,
  stopGrace,
  stopServer,
  tryShell,
  waitForServer,
} from "./run-verify-server.ts";
import { type ServerAddress, tryPlainLogin, tryRegistration } from "./run-verify-stream.ts";
import { makeCertificate } from "./verify-certificate.ts";

export interface VerifyOptions {
  exec: Exec;
  /** The engine's DOCKER_HOST; left out where docker's own context decides. */
  engine?: { host: string | undefined };
  /** Reference or id of an image the engine has. */
  image: string;
  target: { modules: readonly Pick<ShippedModule, "name">[]; series: Series; platform: Platform };
  progress?: Progress;
  /** Ends the check; what it made is removed all the same. */
  cancelSignal?: AbortSignal;
  emulator?: Partial<Emulator>;
}

/** A domain nobody can own (RFC 2606). */
const domain = "verify.test";

/** Milliseconds a client waits for one answer. */
const clientPatience = 30_000;

/**
 * Starts an image for real and looks at it from outside: as confined as it can be run, with a throw-away certificate
 * and two clients. One row for each of `runChecks`; a row that fails stops no other that can still be looked at.
 * Leaves no container and no volume, also when it is cancelled.
 * @throws whatever `cancelSignal` was aborted with.
 */
export async function verifyTarget(options: VerifyOptions): Promise<Check[]> {
  const { image, target } = options;
  const env = options.engine === undefined ? {} : engineEnv(options.engine);
  const exec: Exec = (command, args, more) => options.exec(command, args, { ...more, env: { ...env, ...more?.env } });
  const cancellable: Exec = (command, args, more) =>
    exec(command, args, { ...more, cancelSignal: options.cancelSignal });
  const runnable = await prepareRun({ exec: cancellable, image, platform: target.platform }, options.emulator);
  if (!runnable.runs) return notRun(runChecks, runnable.because);
  const slowness = slownessOf(target.platform, os.arch());
  const container: Container = { name: nameContainer(), image, platform: target.platform, slowness, exec: cancellable };
  try {
    return await lookAt(container, options);
  } finally {
    try {
      await removeServers(container.name, exec);
    } finally {
      await runnable.undo();
    }
  }
}

/** Everything the checks share. */
interface Scene {
  container: Container;
  server: ServerAddress;
  accounts: readonly [Account, Account];
  look: (name: CheckName, work: () => Promise<Finding>) => Promise<Check>;
}

async function lookAt(container: Container, options: VerifyOptions): Promise<Check[]> {
  const { target, progress = silent } = options;
  const certificate = await makeCertificate(domain);
  const look: Scene["look"] = async (name, work) => {
    progress(`Verifying ${container.image} (${target.series}, ${target.platform}): ${name}`);
    const finding = await work().catch((error: unknown) => failure(error, options.cancelSignal));
    return checkOf(name, finding);
  };
  const started = await look("starts", async () => {
    await startServer(container, { domain, certificate });
    return good(await waitForServer(container));
  });
  if (started.status !== "passed") return [started, ...notRun(runChecks.slice(1), "the server did not start")];
  const { authority } = certificate;
  const patience = clientPatience * container.slowness;
  const server = { port: await readPort(container), domain, authority, patience };
  const scene: Scene = { container, server, accounts: [makeAccount("alice"), makeAccount("bob")], look };
  const names = target.modules.map(({ name }) => name);
  return [
    started,
    ...(await lookInside(scene, names)),
    ...(await lookAsClients(scene)),
    ...(await lookAsStrangers(scene)),
    await look("stops cleanly", async () => {
      const { exitCode, log } = await stopServer(container);
      return judgeStop(exitCode, log, stopGrace * container.slowness);
    }),
  ];
}

function failure(error: unknown, cancelSignal: AbortSignal | undefined): Finding {
  cancelSignal?.throwIfAborted();
  return { ok: false, detail: error instanceof Error ? error.message : String(error) };
}

function makeAccount(user: string): Account {
  return { user, password: randomBytes(16).toString("hex") };
}

async function lookInside({ container, look }: Scene, modules: readonly string[]): Promise<Check[]> {
  return [
    await look("not root", async () => judgeUser(await readFacts(container))),
    await look("locked down", async () => judgeConfinement(await readFacts(container))),
    await look("no shell", async () => judgeShell(await readFacts(container), await tryShell(container))),
    await look("C modules", async () => judgeCModules(await runLua(container, cModulesScript))),
    await look("internationalised names", async () => judgeNames(await runLua(container, namesScript))),
    await look("modules loaded", async () => judgeModules(await readLog(container), modules)),
    await look("other modules load", async () => {
      const idle = new Set(findReport(await readLog(container))?.notEnabled);
      // Ways to authenticate are chosen one at a time, and want settings of their own.
      const chosen = new Set((await readWays(container)).map(({ module }) => module));
      return loadOthers(
        container,
        domain,
        modules.filter((name) => idle.has(name) && !chosen.has(name)),
      );
    }),
    await look("authentication modules load", () => loadWays(container, domain)),
  ];
}

async function lookAsClients({ container, server, accounts, look }: Scene): Promise<Check[]> {
  const [alice, bob] = accounts;
  const login = await look("TLS and SCRAM login", async () => {
    for (const account of accounts) await addAccount(container, domain, account);
    const stranger = await refuseStranger(server, alice);
    return withTrust(server, async () => {
      const client = await logIn(server, alice);
      await logOut(client.entity);
      return judgeLogin(client, stranger);
    });
  });
  if (login.status !== "passed") return [login, ...notRun(["message"], "no client can log in")];
  const message = await look("message", () =>
    withTrust(server, async () => {
      const [from, to] = await Promise.all([logIn(server, alice), logIn(server, bob)]);
      try {
        return await sendMessage(from.entity, to.entity, server.patience);
      } finally {
        await Promise.all([logOut(from.entity), logOut(to.entity)]);
      }
    }),
  );
  return [login, message];
}

async function withTrust<T>(server: ServerAddress, work: () => Promise<T>): Promise<T> {
  const distrust = trustAuthority(server.authority);
  try {
    return await work();
  } finally {
    distrust();
  }
}

async function lookAsStrangers({ server, accounts, look }: Scene): Promise<Check[]> {
  return [
    await look("plaintext login refused", async () => {
      const { features, answer } = await tryPlainLogin(server, accounts[0]);
      return judgePlaintext(features, answer);
    }),
    await look("registration refused", async () => judgeRegistration(await tryRegistration(server))),
  ];
}
