/** The host of an address, without a URL parser: addresses that parsers could read in two ways have none. */

/** Neither user name nor backslash, blank, control or escaped character before the path: all parsers agree on the host. */
const plain = /^https?:\/\/((?:[a-z0-9_-]+\.)*[a-z0-9_-]+)\.?(?::\d{1,5})?(?=[/?#]|$)/i

/** In lower case, without port and last dot; undefined for anything but a plain http or https address. */
export function hostOf(address: string): string | undefined {
  // Parsers drop tabs and line breaks, wherever they stand (WHATWG URL 4.4).
  if (/[\s\p{Cc}\\]/u.test(address)) return undefined
  return plain.exec(address)?.[1]?.toLowerCase()
}
