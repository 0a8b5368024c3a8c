import { afterEach, beforeEach, expect, test } from "vitest"
import { type Edge, openEdge, outcome } from "../testing/edge.ts"

let edge: Edge
beforeEach(async () => {
  edge = await openEdge()
})
afterEach(() => edge.close())

test("the documentation is a page for anyone, under the page's own policy", async () => {
  const response = await edge.fetch("/api/docs")
  expect(response.status).toBe(200)
  expect(response.headers.get("content-type")).toContain("text/html")
  const policy = response.headers.get("content-security-policy") ?? ""
  expect(policy).toContain("script-src 'self'; style-src 'self';")
  expect(policy).not.toContain("unsafe")
})

test("nothing else of the API's addresses is a page", async () => {
  expect(await outcome(edge.fetch("/api/docs/more"))).toBe("404 route_not_found")
  expect(await outcome(edge.fetch("/api/docs", { method: "POST" }))).toBe("405 method_not_allowed")
})
