import net from "node:net";
import tls from "node:tls";
import { UserError } from "@prosody-foundry/kit";
import { endOf, plainLogin, registration, startTls, streamHeader } from "./check-stream.ts";

/** Where the server listens, and what its certificate must be for. */
export interface ServerAddress {
  /** 127.0.0.1 unless given. */
  host?: string;
  port: number;
  domain: string;
  /** PEM of the one authority that is trusted. */
  authority: string;
  /** Milliseconds for one answer. */
  patience: number;
}

/** Tries a login with a password on an unencrypted stream: what the server offered, and what it answered. */
export async function tryPlainLogin(
  server: ServerAddress,
  account: { user: string; password: string },
): Promise<{ features: string; answer: string }> {
  const socket = net.connect(server.port, server.host ?? "127.0.0.1");
  try {
    const features = await ask(socket, server, [streamHeader(server.domain), endOf.features]);
    const answer = await ask(socket, server, [plainLogin(account.user, account.password), endOf.login]);
    return { features, answer };
  } finally {
    socket.destroy();
  }
}

/** Tries to make an account over TLS without having one: the server's answer. */
export async function tryRegistration(server: ServerAddress): Promise<string> {
  const socket = net.connect(server.port, server.host ?? "127.0.0.1");
  try {
    await ask(socket, server, [streamHeader(server.domain), endOf.features]);
    await ask(socket, server, [startTls, endOf.proceed]);
    const secure = tls.connect({ socket, servername: server.domain, ca: server.authority });
    await ask(secure, server, [streamHeader(server.domain), endOf.features]);
    return await ask(secure, server, [registration("stranger", "let-me-in"), endOf.iq]);
  } finally {
    socket.destroy();
  }
}

/** Sends and collects until the pattern is there or the other side hangs up. */
async function ask(socket: net.Socket, server: ServerAddress, [text, end]: [string, RegExp]): Promise<string> {
  const answer = await new Promise<string>((resolve, reject) => {
    let received = "";
    const timer = setTimeout(() => reject(noAnswer(text)), server.patience);
    const onData = (data: Buffer): void => {
      received += data.toString("utf8");
      if (end.test(received)) finish();
    };
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      socket.off("data", onData).off("end", finish).off("error", finish);
      if (error === undefined) resolve(received);
      else reject(error);
    };
    socket.on("data", onData).on("end", finish).on("error", finish);
    socket.write(text);
  });
  return answer;
}

function noAnswer(text: string): UserError {
  return new UserError("VERIFY_NO_ANSWER", `The server did not answer in time to ${text.slice(0, 80)}`);
}
