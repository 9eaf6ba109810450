import { localBuilder } from "@prosody-foundry/bake";

/**
 * SLSA's builder.id: the one that was named; in a GitHub workflow the address of the run; else that of a local machine.
 */
export function builderIdOf(env: Readonly<Record<string, string | undefined>>, named?: string): string {
  if (named !== undefined) return named;
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env;
  const { GITHUB_RUN_ID: run } = env;
  if (!server || !repository || !run) return localBuilder;
  // Without the attempt: one platform of a target may have been built in another than the rest.
  return `${server}/${repository}/actions/runs/${run}`;
}

/** A git remote's address as one for everybody: https in place of ssh, no credentials, no query, no `.git`; null for a local one. */
export function publicAddress(remote: string): string | null {
  // Either may carry a token.
  const [address = ""] = remote.split(/[?#]/u);
  const scp = /^(?:[^@/\s]+@)?(?<host>[\w.-]+):(?!\/)(?<path>\S+)$/u.exec(address)?.groups;
  const words = scp === undefined ? address : `ssh://${scp["host"]}/${scp["path"]}`;
  const parts = /^(?:https?|ssh|git):\/\/(?:[^@/\s]*@)?(?<host>[\w.:-]+)\/(?<path>\S+?)\/*$/u.exec(words)?.groups;
  if (parts === undefined) return null;
  return `https://${parts["host"]}/${parts["path"]?.replace(/\.git$/u, "")}`;
}
