/** A status from a bootc of the future: fields that nobody knows at every level, and values that no list has. */

const NEW_VALUES: Readonly<Record<string, string>> = {
  store: "futureStore",
  bootloader: "zipl",
  bootType: "Addon",
  type: "futureHost",
};

export function addSurprises(value: object): object {
  const members = Object.entries(value).map(([key, member]) => [key, surprise(key, member)] as const);
  return { ...Object.fromEntries(members), aFieldOfTheFuture: { depth: [1, null, "x"] } };
}

function surprise(key: string, member: unknown): unknown {
  if (Array.isArray(member)) return member.map((item) => surprise(key, item));
  if (typeof member === "string") return NEW_VALUES[key] ?? member;
  return member !== null && typeof member === "object" ? addSurprises(member) : member;
}
