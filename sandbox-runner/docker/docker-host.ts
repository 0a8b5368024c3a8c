/** What DOCKER_HOST may say. */

/** Where an engine listens: `unix:///path` or `tcp://host:port`. Undefined for what is neither. */
export function parseDockerHost(value: string): { socketPath: string } | { host: string; port: number } | undefined {
  if (/^unix:\/\/\/./.test(value)) return { socketPath: value.slice("unix://".length) }
  if (!/^tcp:\/\/[^/?#]+\/?$/.test(value) || !URL.canParse(value)) return undefined
  const { hostname, port } = new URL(value)
  if (hostname === "") return undefined
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 2_375 : Number(port) }
}
