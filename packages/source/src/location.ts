import path from "node:path";
import { sha256, UserError } from "@prosody-foundry/kit";
import type { SourceContext, SourceSpec } from "./source.ts";

/** Where a source is really read. */
export interface Location {
  /** URL, or absolute path. */
  address: string;
  /** web: http(s); remote: another protocol the source's program speaks; path: this machine. */
  reach: "web" | "remote" | "path";
}

/**
 * The address of a source, or of the mirror that stands for it. Relative paths start from the repository.
 * @throws UserError SOURCE_INVALID for an address or a folder that no source can have
 */
export function locateSource(spec: SourceSpec, context: Pick<SourceContext, "mirrors" | "root">): Location {
  checkFolder(spec);
  const address = mirrorOf(spec.url, context.mirrors) ?? spec.url;
  if (address === "" || address.startsWith("-")) throw invalid(spec, `${JSON.stringify(address)} is no address`);
  if (/^https?:\/\//u.test(address)) return { address, reach: "web" };
  if (/^(?:ssh|git):\/\//u.test(address) || isScpLike(address)) return { address, reach: "remote" };
  if (/^[a-z0-9+.-]+::?\/\//iu.test(address) || address.includes("::")) {
    throw invalid(spec, `${address} is neither http(s), ssh, git nor a path`);
  }
  return { address: path.resolve(context.root, address), reach: "path" };
}

/** A name for this address in the cache. */
export function nameLocation(location: Location): string {
  return sha256(location.address.replace(/\/+$/u, "")).slice(0, 16);
}

function mirrorOf(url: string, mirrors: Readonly<Record<string, string>>): string | undefined {
  const plain = url.replace(/\/+$/u, "");
  return mirrors[url] ?? mirrors[plain] ?? mirrors[`${plain}/`];
}

// git@host:path, but not C:\path
function isScpLike(address: string): boolean {
  return /^[\w.-]+@[\w.-]+:[^/\\]/u.test(address);
}

function checkFolder(spec: SourceSpec): void {
  if (spec.folder === "") return;
  const steps = spec.folder.split("/");
  const sound = steps.every((step) => /^[\w][\w .-]*$/u.test(step));
  if (!sound) throw invalid(spec, `${JSON.stringify(spec.folder)} is no folder inside the tree`);
}

function invalid(spec: SourceSpec, why: string): UserError {
  return new UserError("SOURCE_INVALID", `The source ${spec.name} cannot be: ${why}`, {
    hint: "See the recipe to add a source in CONTRIBUTING.md.",
  });
}
