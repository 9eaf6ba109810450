/** Where to go next, and what went wrong underneath. */
export interface UserErrorOptions {
  hint?: string;
  cause?: unknown;
}

/**
 * Something a user can mend: a code (UPPER_SNAKE, unique), a sentence that says what and where, a hint what to do.
 * Anything else that is thrown is a bug and keeps its stack.
 */
export class UserError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: UserErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "UserError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** True for a UserError with one of these codes; with no code named, for any UserError. */
export function isUserError(error: unknown, ...codes: readonly string[]): error is UserError {
  return error instanceof UserError && (codes.length === 0 || codes.includes(error.code));
}
