/** The code of the error that `action` ends with, or what it returned. */
export function codeOf(action: () => unknown): unknown {
  try {
    return { returned: action() };
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code;
    throw error;
  }
}
