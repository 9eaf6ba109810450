import type { Exec } from "@prosody-foundry/kit";

const cosignFlags = ["--allow-http-registry=true", "--allow-insecure-registry=true"];
/** Commands of cosign that reach for a registry. */
const reaching = ["sign", "attest", "verify", "verify-attestation"];

/** Arguments by which crane or cosign takes plain HTTP, and a certificate that nobody vouches for. */
export function insecureArgs(program: "cosign" | "crane", args: readonly string[]): string[] {
  const [command = "", ...rest] = args;
  if (program === "crane") return [command, "--insecure", ...rest];
  return reaching.includes(command) ? [command, ...cosignFlags, ...rest] : [...args];
}

/** Runs the two programs so, and all others as they are. */
export function insecureExec(exec: Exec, tools: { cosign: string; crane: string }): Exec {
  return (command, args, options) => {
    if (command === tools.crane) return exec(command, insecureArgs("crane", args), options);
    if (command === tools.cosign) return exec(command, insecureArgs("cosign", args), options);
    return exec(command, args, options);
  };
}
