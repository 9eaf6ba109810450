/** What a program learns from the exit code; listed in every command's help. */
export const exitCodes = {
  done: 0,
  /** Refused with a code, a sentence and a hint. */
  refused: 1,
  /** A command, argument or flag that does not exist. */
  usage: 2,
  /** The command ran, and what it looked at is not in order (a check failed, a pin is outdated or wrong). */
  findings: 3,
  /** A fault of ours, with a stack. */
  bug: 70,
  /** Ctrl-C or kill during a check, after tidying up: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
