/** JSON as a type, for arguments of tools and payloads of questions. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** The value as text for a person: indented, whole, never shortened. */
export function showJson(value: JsonValue | undefined): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2)
}
