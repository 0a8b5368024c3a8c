/** Sets a new gateway up, for tests that are about something else. */

/** @returns a function that posts JSON as the administrator's browser would; it throws on an answer that is no success */
export async function setUpGateway(
  url: string,
  code: string,
): Promise<(path: string, body: object) => Promise<Response>> {
  const send = async (path: string, body: object, cookie = "") => {
    const headers = { "content-type": "application/json", origin: url, cookie }
    const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response
  }
  const admitted = await send("/api/auth/setup", { username: "admin", password: "a long password", code })
  const cookie = admitted.headers.get("set-cookie")?.split(";")[0] ?? ""
  await admitted.body?.cancel()
  return (path, body) => send(path, body, cookie)
}
