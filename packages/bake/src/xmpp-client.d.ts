// What we use of @xmpp/client 0.14, which has no types of its own. The tests add what only they use.
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";

  export interface Element {
    name: string;
  }

  export interface Jid {
    toString(): string;
    bare(): Jid;
  }

  export interface Credentials {
    username: string;
    password: string;
  }

  export interface Authenticate {
    (credentials: Credentials, mechanism: string): Promise<void>;
  }

  export interface ClientOptions {
    service: string;
    domain: string;
    username?: string;
    resource?: string;
    /** Chooses the mechanism, best of ours first, and logs in with it. */
    credentials: (authenticate: Authenticate, mechanisms: string[]) => Promise<void>;
  }

  export interface Reconnect {
    stop(): void;
  }

  export interface Client extends EventEmitter {
    jid: Jid | null;
    /** Milliseconds for each step of a login. */
    timeout: number;
    streamManagement: EventEmitter & { enabled: boolean; id: string; inbound: number; requestAckDebounce: number };
    reconnect: Reconnect;
    isSecure(): boolean;
    start(): Promise<Jid>;
    stop(): Promise<unknown>;
    send(element: Element): Promise<void>;
  }

  export function client(options: ClientOptions): Client;
  export function xml(name: string, attrs?: Record<string, string>, ...children: (Element | string)[]): Element;
}
