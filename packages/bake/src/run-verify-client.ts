import { X509Certificate, randomUUID } from "node:crypto";
import tls from "node:tls";
import { UserError } from "@prosody-foundry/kit";
import { type Client, client, xml } from "@xmpp/client";
import { type Finding, bad, good } from "./check-result.ts";
import { countStanzas } from "./count-stanzas.ts";
import type { ServerAddress } from "./run-verify-stream.ts";

export interface Account {
  user: string;
  password: string;
}

/** A client that is logged in, and how. */
export interface LoggedIn {
  entity: Client;
  mechanism: string;
  secure: boolean;
}

/** Trusts an authority in this process beside all others. The answer takes the trust back. */
export function trustAuthority(pem: string): () => void {
  const normal = new X509Certificate(pem).toString();
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), normal]);
  return () => tls.setDefaultCACertificates(tls.getCACertificates("default").filter((known) => known !== normal));
}

/**
 * Logs in with STARTTLS and the best mechanism both sides know. The server's certificate must be for the domain and
 * from an authority this process trusts.
 */
export async function logIn(server: ServerAddress, account: Account): Promise<LoggedIn> {
  let mechanism = "none";
  const entity = client({
    service: `xmpp://${server.host ?? "127.0.0.1"}:${server.port}`,
    domain: server.domain,
    username: account.user,
    resource: "verify",
    credentials: async (authenticate, mechanisms) => {
      mechanism = mechanisms[0] ?? "none";
      await authenticate({ username: account.user, password: account.password }, mechanism);
    },
  });
  countStanzas(entity);
  entity.reconnect.stop();
  // By itself it gives up on each step after two seconds.
  entity.timeout = server.patience;
  // Without a listener an error would end the process; `start` rejects with the same one.
  entity.on("error", () => undefined);
  try {
    await inTime(entity.start(), server.patience, `log in as ${account.user}`);
  } catch (error) {
    await logOut(entity);
    throw error;
  }
  return { entity, mechanism, secure: entity.isSecure() };
}

/** A connection that is broken already says so, and is gone all the same. */
export async function logOut(entity: Client): Promise<void> {
  await entity.stop().catch(() => undefined);
}

/** Whether the login was encrypted and sent no password, and a client that does not know the authority refused. */
export function judgeLogin({ secure, mechanism }: LoggedIn, stranger: string): Finding {
  if (!secure) return bad("the client is logged in without TLS");
  if (!mechanism.startsWith("SCRAM-")) return bad(`the client was logged in with ${mechanism}`);
  return good(`logged in with ${mechanism}; a client that does not trust the certificate refused it (${stranger})`);
}

/** The reason a client that does not trust the server's certificate gives for refusing it. */
export async function refuseStranger(server: ServerAddress, account: Account): Promise<string> {
  const entered = await logIn(server, account).catch((error: unknown) => error);
  if (entered instanceof Error) return "code" in entered ? String(entered.code) : entered.message;
  throw new UserError("VERIFY_TLS_OFF", "A client took a certificate nobody vouches for", {
    hint: "Unset NODE_TLS_REJECT_UNAUTHORIZED: with it, nothing here proves that TLS works.",
  });
}

/** Whether a message from one client arrives at the other, within `patience` milliseconds. */
export async function sendMessage(from: Client, to: Client, patience: number): Promise<Finding> {
  const text = randomUUID();
  const arrived = new Promise<void>((resolve) => {
    to.on("stanza", (stanza: { getChildText(name: string): string | null }) => {
      if (stanza.getChildText("body") === text) resolve();
    });
  });
  await to.send(xml("presence"));
  const address = to.jid?.bare().toString() ?? "";
  await from.send(xml("message", { to: address, type: "chat" }, xml("body", {}, text)));
  await inTime(arrived, patience, "receive a message");
  return good(`a message arrived at ${address}`);
}

async function inTime<T>(work: Promise<T>, patience: number, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new UserError("VERIFY_NO_ANSWER", `The client did not ${what} in time`)),
    patience,
  );
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
