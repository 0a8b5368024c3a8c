/** The cases of people, invitations, sessions, everybody's tokens and the audit trail. */
import type { ApiCase, ApiCall, World } from "./api-cases.ts"

const nobody = { cookie: "" }
const code = "f".repeat(64)
const person = { username: "grace", password: "a long password" }

const makeUser = async ({ edge }: World) => (await edge.addUser("grace", "operator")).id
const onUser = async (world: World): Promise<ApiCall> => ({ params: { userId: await makeUser(world) } })
const meOf = async ({ edge, admin }: World) => {
  const { user } = Object(await (await edge.fetch("/api/auth/me", { cookie: admin })).json())
  return String(user.id)
}
/** Someone whose password is known. @returns their session */
export const invite = async ({ edge, admin }: World): Promise<{ id: string; link: string; code: string }> => {
  const made = await edge.fetch("/api/users/invitations", { body: { role: "operator" }, cookie: admin })
  const { id, link } = Object(await made.json())
  return { id: String(id), link: String(link), code: String(link).split("code=")[1] ?? "" }
}
const settle = async (world: World): Promise<string> => {
  const { code: own } = await invite(world)
  const accepted = await world.edge.fetch("/api/auth/invitation/accept", { body: { code: own, ...person } })
  return String(Object(await accepted.json()).token)
}
const sessionOf = async ({ edge }: World, cookie: string) => {
  const { data } = Object(await (await edge.fetch("/api/auth/sessions", { cookie })).json())
  return String(data[0].id)
}
const lastAdmin = async (world: World) => ({ params: { userId: await meOf(world) } })

export const peopleCases: Readonly<Record<string, ApiCase>> = {
  "get /api/users": { succeeds: () => ({ query: { limit: "5" } }) },
  "get /api/users/{userId}": { succeeds: onUser },
  "put /api/users/{userId}": {
    succeeds: async (world) => ({ ...(await onUser(world)), body: { role: "viewer", disabled: true } }),
    fails: { 409: async (world) => ({ ...(await lastAdmin(world)), body: { role: "viewer" } }) },
  },
  "delete /api/users/{userId}": { succeeds: onUser, fails: { 409: lastAdmin } },
  "get /api/users/{userId}/sessions": { succeeds: onUser },
  "delete /api/users/{userId}/sessions/{sessionId}": {
    async succeeds(world) {
      const { id, session } = await world.edge.addUser("grace", "operator")
      return { params: { userId: id, sessionId: await sessionOf(world, session) } }
    },
  },
  "get /api/users/invitations": {
    async succeeds(world) {
      await invite(world)
      return {}
    },
  },
  "post /api/users/invitations": { succeeds: () => ({ body: { role: "viewer" } }) },
  "delete /api/users/invitations/{invitationId}": {
    succeeds: async (world) => ({ params: { invitationId: (await invite(world)).id } }),
  },
  "post /api/auth/invitation": {
    succeeds: async (world) => ({ ...nobody, body: { code: (await invite(world)).code } }),
    fails: { 404: () => ({ ...nobody, body: { code } }) },
  },
  "post /api/auth/invitation/accept": {
    succeeds: async (world) => ({ ...nobody, body: { code: (await invite(world)).code, ...person } }),
    fails: {
      404: () => ({ ...nobody, body: { code, ...person } }),
      409: async (world) => {
        await makeUser(world)
        return { ...nobody, body: { code: (await invite(world)).code, ...person } }
      },
    },
  },
  "put /api/auth/password": {
    async succeeds(world) {
      const cookie = await settle(world)
      return { cookie, body: { oldPassword: person.password, newPassword: "another password" } }
    },
    unreachable: { 409: "it takes a rival within one request" },
  },
  "get /api/auth/sessions": { succeeds: () => ({}) },
  "delete /api/auth/sessions/{sessionId}": {
    succeeds: async (world) => ({ params: { sessionId: await sessionOf(world, world.admin) } }),
  },
  "get /api/tokens": {
    async succeeds(world) {
      await world.edge.fetch("/api/v1/me/tokens", { body: {}, cookie: world.admin })
      return { query: { limit: "5" } }
    },
  },
  "delete /api/tokens/{tokenId}": {
    async succeeds(world) {
      const made = await world.edge.fetch("/api/v1/me/tokens", { body: {}, cookie: world.admin })
      return { params: { tokenId: String(Object(await made.json()).tokenId) } }
    },
  },
  "get /api/audit": {
    async succeeds(world) {
      await invite(world)
      await world.edge.settle()
      return { query: { limit: "5", action: "invitation_created", from: "2020-01-01T00:00:00Z" } }
    },
  },
  "get /api/audit/verify": { succeeds: () => ({}) },
}
